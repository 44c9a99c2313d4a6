"""What befalls experiments at work: evaluators that only fail, things deleted under them, unknown prices, a cap."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.acting import Actor
from accounts.models import User
from accounts.projects import delete_project
from accounts.purging import purge
from accounts.roles import Role
from common import crypto
from common.errors import NotFound
from datasets.definitions import delete_dataset
from datasets.models import DatasetRun, DatasetRunItem
from datasets.runs import delete_run
from evaluation import desk, evaluators, steering, strikes
from evaluation.counting import recount
from evaluation.definitions import Code, Judge, Output
from evaluation.manifest import manifest
from evaluation.mapping import Mapped
from evaluation.models import Evaluator
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.progress import progress
from evaluation.runner import run
from llm.models import LlmConnection
from prompts.models import Prompt
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, NOBODY, capitals, connect, draft, exact, planned, prompt, started, states
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes, TraceChange
from tracing.store import store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("not_enqueued")]
BROKEN = "def evaluate(ctx):\n    raise ValueError('not today')"


def program(keys: Keys, source: str = BROKEN) -> Evaluator:
    code = Code(source_code=source, language="PYTHON")
    return evaluators.create(keys.id, evaluators.Draft(name="program", definition=code), NOBODY)


def judge(keys: Keys, provider: str = "house", model: str = MODEL) -> Evaluator:
    definition = Judge(
        messages=[("user", "Is {{answer}} a capital?")],
        output=Output(data_type="NUMERIC", min_value=0, max_value=5),
        mapping=[Mapped("answer", "output")],
        provider=provider,
        model=model,
    )
    return evaluators.create(keys.id, evaluators.Draft(name="grade", definition=definition), NOBODY)


def passing(keys: Keys, endpoint: Endpoint) -> None:
    """A connection named `gone`, as it will be."""
    LlmConnection.objects.create(
        project_id=keys.id, provider="gone", base_url=endpoint.url, sealed_secret=crypto.seal("sk-1")
    )


def prices(**dollars: float) -> dict[str, Any]:
    """So many dollars for each token of an answer, by the model's name (`-` for `_`)."""
    models = {name.replace("_", "-"): {"input": 0, "output": each * 1_000_000} for name, each in dollars.items()}
    return {"currency": "USD", "per_dollar": 1, "models": models}


def test_an_evaluator_that_only_fails_is_asked_no_more_and_the_answers_still_come(
    project: Keys,
    api: Api,
    endpoint: Endpoint,
    page_client: Callable[[User], Client],
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strikes, "OTHERS", 5)
    passing(project, endpoint)
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 20)
    prompt(api)
    chosen = [exact(project), program(project), judge(project, "gone")]
    experiment = planned(project, draft(dataset, connection, chosen=chosen, concurrency=10))
    LlmConnection.objects.filter(provider="gone").delete()
    run(started(project, experiment).pk)

    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 20})
    metric, code, judged = experiment.evaluators.all()
    assert not metric.halted and "not today" in code.halted and "gone" in judged.halted
    faults = [job.scoring["1"] for job in Job.objects.filter(experiment=experiment)]
    asked = sum("was not asked" not in fault for fault in faults)
    assert all("not today" in fault for fault in faults) and 5 <= asked < 5 + 4
    assert {job.scoring["0"] for job in Job.objects.filter(experiment=experiment)} == {""}
    page = page_client(bob).get(f"/project/{project.id}/experiments/{experiment.pk}").content.decode()
    assert "program is not asked any more" in page and "Score again" in page

    passing(project, endpoint)
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 20
    assert not any(experiment.evaluators.values_list("halted", flat=True))
    run(experiment.pk)
    jobs = list(Job.objects.filter(experiment=experiment))
    assert {job.scoring["2"] for job in jobs} == {""} and all("not today" in job.scoring["1"] for job in jobs)


def test_what_judged_an_experiment_is_told_after_it_was_deleted(
    project: Keys, api: Api, endpoint: Endpoint, page_client: Callable[[User], Client], bob: User
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 2)
    prompt(api)
    metric, code, judged = exact(project), program(project), judge(project)
    experiment = planned(project, draft(dataset, connection, chosen=[metric, code, judged]))
    run(started(project, experiment).pk)
    told = manifest(experiment)["evaluators"]
    assert [one["name"] for one in told] == ["exact", "program", "grade"]
    assert told[0]["definition"]["kind"] == "exact" and told[1]["definition"]["source_code"] == BROKEN
    assert told[2]["mapping"] == [{"variable": "answer", "source": "output", "json_path": None}]

    for one in (metric, code, judged):
        evaluators.remove(project.id, one.pk, NOBODY)

    after = manifest(experiment)["evaluators"]
    assert [one.pop("id") for one in after] == [None] * 3
    assert after == [{name: value for name, value in one.items() if name != "id"} for one in told]
    page = page_client(bob).get(f"/project/{project.id}/experiments/{experiment.pk}", {"list": "failed"})
    assert b"grade v1" in page.content and b"program: " in page.content
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 2  # nobody is left who could score them
    assert not run(experiment.pk) and states(experiment) == {"DONE": 2}


@contextmanager
def at_work(experiment: Experiment, endpoint: Endpoint, caplog: Any) -> Iterator[None]:
    """A runner in a thread, that has asked something; afterwards it has ended by itself and complained of nothing."""

    def work() -> None:
        try:
            left.append(run(experiment.pk))
        finally:
            database.close()

    left: list[bool] = []
    runner = threading.Thread(target=work)
    with caplog.at_level(logging.WARNING, "promptlab.experiments"):
        runner.start()
        until = time.monotonic() + 20
        while Job.objects.filter(experiment=experiment, state="DONE").count() < 4 and time.monotonic() < until:
            time.sleep(0.01)
        yield
        runner.join(20)
    assert left == [False] and not caplog.records, caplog.text
    assert not run(experiment.pk) and not desk.abandoned()


@pytest.fixture
def long_one(project: Keys, api: Api, endpoint: Endpoint) -> Experiment:
    """An experiment of some twenty seconds, begun."""
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 60)
    prompt(api)
    return started(
        project, planned(project, draft(dataset, connection, (f"{MODEL}+latency=100",), concurrency=4, repetitions=10))
    )


def test_a_project_deleted_under_an_experiment_gets_nothing_more(
    project: Keys, api: Api, endpoint: Endpoint, long_one: Experiment, caplog: Any
) -> None:
    with at_work(long_one, endpoint, caplog):
        assert _written(project.id)
        delete_project(project.project, Actor(Role.OWNER))
        purge(project.id)
    store().refresh()
    assert rows_of(project.id) == {}, "nothing was written behind the purge"
    with pytest.raises(NotFound):
        store_changes(project.id, Changes(traces=[TraceChange(id="late", seen_at=timezone.now())]))


def test_a_dataset_deleted_under_an_experiment_takes_it_along(
    project: Keys, api: Api, endpoint: Endpoint, long_one: Experiment, caplog: Any
) -> None:
    with at_work(long_one, endpoint, caplog):
        delete_dataset(long_one.dataset)
        written = _written(project.id)
    assert _written(project.id) == written, "traces stay, and none came afterwards"
    assert not Experiment.objects.exists() and not DatasetRun.objects.exists() and not DatasetRunItem.objects.exists()


def test_a_connection_deleted_under_an_experiment_pauses_it_and_a_deleted_prompt_does_not_matter(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 6)
    prompt(api)
    experiment = started(project, planned(project, draft(dataset, connection)))
    Prompt.objects.all().delete()
    LlmConnection.objects.all().delete()
    assert not run(experiment.pk)
    experiment.refresh_from_db()
    assert experiment.status == "PAUSED" and "LLM connection" in experiment.reason

    connect(project, endpoint.url)
    assert not run(started(project, experiment).pk)
    assert states(experiment) == {"DONE": 6}


def test_the_cap_holds_all_cells_and_their_judges_within_the_calls_in_flight(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url, prices=prices(gpt_4o_mini=1.0, gpt_4o=2.0))
    dataset, _items = capitals(project, 40)
    prompt(api)
    prompt(api, "other", "{{country}}?")
    wanted = draft(
        dataset, connection, (MODEL, "gpt-4o"), ("capital", "other"), [judge(project)], cost_cap=200, concurrency=4
    )
    experiment = planned(project, wanted)

    assert not run(started(project, experiment).pk)

    experiment.refresh_from_db()
    costs = [cost for cost in Job.objects.values_list("cost", flat=True) if cost]
    assert experiment.status == "CAPPED" and 0 < len(costs) < 160
    # Of the four that were at work, each had one call in flight: its answer's, or its judge's.
    assert 200 <= experiment.spent < 200 + 4 * max(costs) and experiment.spent == pytest.approx(sum(costs))
    assert {cell.answered > 0 for cell in Cell.objects.filter(experiment=experiment)} == {True}


def test_a_price_that_nobody_knows_is_counted_and_never_shown_as_nothing(
    project: Keys, api: Api, endpoint: Endpoint, page_client: Callable[[User], Client], bob: User
) -> None:
    unknown = f"{MODEL}-nobody-prices"
    connection = connect(project, endpoint.url, prices=prices(known=1.0))
    dataset, _items = capitals(project, 3)
    prompt(api)
    experiment = planned(project, draft(dataset, connection, (unknown,), chosen=[exact(project, "cost", "cost")]))
    run(started(project, experiment).pk)

    figures = progress(experiment)
    assert (figures.answered, figures.cost, figures.unpriced) == (3, 0, 3)
    assert all("cost is not known" in job.scoring["0"] for job in Job.objects.all())
    root = f"/project/{project.id}/experiments"
    for path in (f"{root}/{experiment.pk}", f"{root}/started"):
        page = page_client(bob).get(path).content.decode()
        assert "price unknown for 3 calls" in page and "$0<" not in page and "$0 " not in page, path
    Cell.objects.update(unpriced=0)
    recount(experiment)
    assert progress(experiment).unpriced == 3


def rows_of(project_id: str) -> dict[str, int]:
    """How many rows each table with a `project_id` has of the project; what audits keep is not the project's."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'project_id'"
            " AND table_schema = 'public' AND table_name NOT LIKE '%audit%'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert {"tracing_trace", "tracing_pack", "tracing_rollup_mark", "evaluation_experiment"} <= set(tables)
        counts = {}
        for name in tables:
            cursor.execute(f"SELECT count(*) FROM {name} WHERE project_id = %s", (project_id,))
            counts[name] = int(cursor.fetchone()[0])
    return {name: count for name, count in counts.items() if count}


def _written(project_id: str) -> int:
    """How many traces and observations there are of the project, whoever may see it."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM tracing_trace WHERE project_id = %s)"
            " + (SELECT count(*) FROM tracing_observation WHERE project_id = %s)",
            (project_id, project_id),
        )
        return int(cursor.fetchone()[0])


def test_a_replaced_key_is_used_from_then_on_and_a_deleted_connection_is_not_used_any_more(
    project: Keys, api: Api, endpoint: Endpoint, long_one: Experiment
) -> None:
    runner = threading.Thread(target=_worked, args=(long_one,))
    runner.start()
    _until(lambda: len(endpoint.requests) > 8)
    LlmConnection.objects.update(sealed_secret=crypto.seal("sk-2"))
    _until(lambda: "Bearer sk-2" in _keys(endpoint))
    asked = len(endpoint.requests)
    _until(lambda: len(endpoint.requests) > asked + 8)
    assert set(_keys(endpoint)[asked + 4 :]) == {"Bearer sk-2"}, "but for those that were being asked"

    LlmConnection.objects.all().delete()
    runner.join(10)
    long_one.refresh_from_db()
    assert long_one.status == "PAUSED" and "no LLM connection named house" in long_one.reason
    assert set(states(long_one)) == {"DONE", "PENDING"}, "nothing failed of it"


def _worked(experiment: Experiment) -> None:
    try:
        run(experiment.pk)
    finally:
        database.close()


def _until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    assert what()


def _keys(endpoint: Endpoint) -> list[str]:
    return [one.headers["authorization"] for one in list(endpoint.requests)]


def test_a_run_that_is_deleted_under_its_experiment_does_not_come_back(
    project: Keys, api: Api, endpoint: Endpoint, page_client: Callable[[User], Client], bob: User
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 30)
    prompt(api)
    models = (f"{MODEL}+latency=50", "gpt-4o+latency=50")
    experiment = started(project, planned(project, draft(dataset, connection, models, concurrency=4)))
    runner = threading.Thread(target=_worked, args=(experiment,))
    runner.start()
    _until(lambda: Job.objects.filter(cell__position=1, state="DONE").count() > 3)
    gone = DatasetRun.objects.get(run_id=Cell.objects.get(position=1).run_id)
    delete_run(gone)
    runner.join(20)

    experiment.refresh_from_db()
    kept, lost = [one.progress for one in progress(experiment).cells]
    assert (experiment.status, kept.answered) == ("DONE", 30) and 3 < lost.answered < 30 == lost.finished
    assert not DatasetRun.objects.filter(run_id=gone.run_id).exists()
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 0
    page = page_client(bob).get(f"/project/{project.id}/experiments/{experiment.pk}").content.decode()
    assert "Its run was deleted." in page and gone.run_id not in page and "60 of 60 finished" in page
