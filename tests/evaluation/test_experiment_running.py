"""Experiments at work, with the code of the worker, a real database and a real endpoint."""

import json
from typing import Any

import pytest

from accounts.models import User
from datasets.answers import links_of, read_answers, with_bodies
from datasets.items import ItemChange, put_items
from datasets.models import DatasetRun
from datasets.origins import origins_of, with_metadata
from evaluation import evaluators, steering
from evaluation.definitions import Code, Judge, Output
from evaluation.estimating import estimate
from evaluation.extraction import Extraction
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.progress import progress
from evaluation.runner import run
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, NOBODY, capitals, connect, draft, exact, planned, prompt, started, states
from tests.evaluation.scripted import Scripted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("not_enqueued")]


def test_an_experiment_fills_its_runs_as_the_sdks_would(
    project: Keys, api: Api, endpoint: Endpoint, alice: User
) -> None:
    connection = connect(project, endpoint.url)
    dataset, items = capitals(project)
    prompt(api)
    prompt(api, "spoken", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{country}}?"}])
    chosen = [exact(project), exact(project, "close", "levenshtein")]
    experiment = planned(
        project,
        draft(dataset, connection, (MODEL, "gpt-4o-mini-wrong"), ("capital", "spoken"), chosen, repetitions=2),
        alice,
    )

    assert not run(started(project, experiment).pk)

    experiment.refresh_from_db()
    figures = progress(experiment)
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 80})
    assert (figures.total, figures.answered, figures.scored, figures.unscored, figures.percent) == (80, 80, 80, 0, 100)
    assert experiment.spent == pytest.approx(figures.cost) and figures.cost > 0
    runs = list(DatasetRun.objects.filter(project_id=project.id))
    assert len(runs) == 4
    for row in runs:
        links = links_of([row])[row.pk]
        answers = read_answers(project.id, links)
        assert len(answers) == 20 and {answer.item_id for answer in answers} == {item.item_id for item in items}
        assert all(answer.arrived and answer.latency is not None and len(answer.scores) == 2 for answer in answers)
        origins = with_metadata(row, origins_of(project.id, {row.pk: links})[row.pk])
        cell = Cell.objects.get(run_id=row.run_id)
        assert origins.models == (cell.model.model,) and origins.prompts == ((cell.prompt.name, 1),)
        assert origins.authors == (str(alice),) and json.loads(row.metadata or "")["experiment_id"] == experiment.pk
    right = next(cell for cell in Cell.objects.filter(experiment=experiment) if cell.model.model == MODEL)
    [row] = [row for row in runs if row.run_id == right.run_id]
    answers = read_answers(project.id, links_of([row])[row.pk])
    assert {answer.value(key) for answer in answers for key in answer.scores if key.name == "exact"} == {1.0}
    assert sum(answer.cost or 0 for answer in answers) == pytest.approx(right.cost) and right.cost > 0


def test_faults_fail_alone_with_their_reason_and_pass_where_repeating_helps(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url, answer_seconds=1)
    dataset, _items = capitals(project, 1)
    prompt(api)
    faults = {
        "429+retry-after=0": "rate_limited",
        "500": "server",
        "hang": "timeout",
        "cut": "connection",
        "json": "invalid_answer",
        "empty": "invalid_answer",
        "401": "auth",
        "404": "not_found",
        "400": "bad_request",
        "500*2": "",
        "429*1+retry-after=0": "",
    }
    models = [f"{MODEL}+fault={fault}" for fault in faults]
    experiment = planned(project, draft(dataset, connection, models, use_cache=False))

    run(started(project, experiment).pk)

    jobs = Job.objects.filter(experiment=experiment).select_related("cell__model")
    assert {job.cell.model.model: job.error_kind for job in jobs} == dict(zip(models, faults.values(), strict=True))
    assert all(job.error.endswith(".") for job in jobs if job.error_kind)
    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 2, "FAILED": 9})
    assert progress(experiment).failed == 9
    [answer] = read_answers(
        project.id,
        links_of(list(DatasetRun.objects.filter(name__contains="fault=500")))[
            DatasetRun.objects.get(name__endswith="fault=500").pk
        ],
    )
    assert answer.failed and answer.arrived


def test_what_was_answered_before_is_not_paid_twice(project: Keys, api: Api, endpoint: Endpoint) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 6)
    put_items(dataset, [ItemChange(id="twin", input={"country": "Italy"}, expected_output="Rome")])
    prompt(api)
    first = planned(project, draft(dataset, connection, repetitions=2, parameters={"seed": 7}))
    run(started(project, first).pk)
    assert len(endpoint.requests) == 12  # the twin asks what another item asks

    assert [body["seed"] for body in sorted((one.body for one in endpoint.requests), key=_seed)] == [7] * 6 + [8] * 6

    second = draft(dataset, connection, repetitions=3, parameters={"seed": 7})
    told = estimate(project.id, second)
    assert (told.calls, told.cached, told.cached_exactly) == (21, 14, True)
    again = planned(project, second)
    run(started(project, again).pk)

    assert len(endpoint.requests) == 18
    figures = progress(again)
    assert (figures.answered, figures.cached) == (21, 15)
    assert figures.cost == pytest.approx(progress(first).cost / 2) and figures.latency
    fresh = planned(project, draft(dataset, connection, parameters={"seed": 7}, use_cache=False))
    run(started(project, fresh).pk)
    assert len(endpoint.requests) == 25 and progress(fresh).cached == 0
    assert Cell.objects.values_list("run_name", flat=True).distinct().count() == 3


def test_scores_that_failed_are_given_again_without_asking_the_model(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 4)
    prompt(api)
    code = Code(source_code="def evaluate(ctx):\n    raise ValueError('not today')", language="PYTHON")
    program = evaluators.create(project.id, evaluators.Draft(name="program", definition=code), NOBODY)
    experiment = planned(project, draft(dataset, connection, chosen=[exact(project), program]))

    run(started(project, experiment).pk)

    figures = progress(experiment)
    assert (figures.answered, figures.scored, figures.unscored) == (4, 4, 4)
    job = Job.objects.filter(experiment=experiment).first()
    assert job is not None and job.scoring["0"] == "" and "not today" in job.scoring["1"]
    good = "def evaluate(ctx):\n    return {'scores': [{'name': 'fine', 'value': 1}]}"
    EvaluatorVersion.objects.filter(evaluator=program).update(source_code=good)  # never in life: versions stay
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 4
    run(experiment.pk)

    figures = progress(experiment)
    assert (figures.answered, figures.scored, figures.unscored, figures.percent) == (4, 4, 0, 100), states(experiment)
    assert len(endpoint.requests) == 4


def _seed(body: dict[str, Any]) -> int:
    return int(body["seed"])


def test_judges_are_paid_from_the_same_purse_and_only_once(
    project: Keys,
    api: Api,
    endpoint: Endpoint,
    model: Scripted,
) -> None:
    def said(body: dict[str, Any]) -> str:
        judging = "Grade" in body["messages"][0]["content"]
        return '{"reasoning": "so", "score": 4}' if judging else "I think.\nAnswer: Rome"

    model.answer = said
    dataset, _items = capitals(project, 3)
    prompt(api)
    definition = Judge(
        messages=[("user", "Grade {{answer}}.")],
        output=Output(data_type="NUMERIC", min_value=0, max_value=5),
        mapping=[Mapped("answer", "output")],
        provider="scripted",
        model=MODEL,
    )
    judge = evaluators.create(project.id, evaluators.Draft(name="grade", definition=definition), NOBODY)
    connection = LlmConnection.objects.get(project_id=project.id)
    marker = Extraction("after", "Answer:")
    experiment = planned(project, draft(dataset, connection, chosen=[judge], extraction=marker))
    run(started(project, experiment).pk)

    figures = progress(experiment)
    assert (figures.answered, figures.scored, len(model.asked)) == (3, 3, 6)
    judged = [body for body in model.asked if "Grade" in body["messages"][0]["content"]]
    assert all("Grade Rome." in body["messages"][0]["content"] for body in judged)
    experiment.refresh_from_db()
    [(price, *_others)] = [sorted(Job.objects.values_list("cost", flat=True))]
    assert experiment.spent == pytest.approx(3 * price) and price > 0
    # A worker that was killed after the answers, before the judge.
    Job.objects.filter(experiment=experiment).update(state="SCORING", scoring={})
    Experiment.objects.filter(pk=experiment.pk).update(status="RUNNING")
    run(experiment.pk)
    assert len(model.asked) == 9 and states(experiment) == {"DONE": 3}
    # And one whose judge was deleted before it came to it.
    Job.objects.filter(experiment=experiment).update(state="SCORING", scoring={})
    Experiment.objects.filter(pk=experiment.pk).update(status="RUNNING")
    evaluators.remove(project.id, judge.pk, NOBODY)
    assert not run(experiment.pk) and len(model.asked) == 9 and states(experiment) == {"DONE": 3}


def test_an_answer_without_its_marker_is_wrong_and_says_so(project: Keys, api: Api, endpoint: Endpoint) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 1)
    prompt(api)
    marker = Extraction("after", "Answer:")
    experiment = planned(project, draft(dataset, connection, chosen=[exact(project)], extraction=marker))
    run(started(project, experiment).pk)

    job = Job.objects.get(experiment=experiment)
    assert (job.state, job.flawed) == ("DONE", False) and "Answer:" in job.note
    [answer] = with_bodies(project.id, read_answers(project.id, links_of(list(DatasetRun.objects.all())).popitem()[1]))
    assert answer.output == '"Rome"' and "Answer:" in (answer.metadata or "")
    assert [answer.value(key) for key in answer.scores] == [0]
