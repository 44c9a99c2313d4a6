"""Rules and evaluators at work: through real ingestion, the worker's code and a real endpoint."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.acting import Actor
from accounts.authors import Author
from accounts.projects import delete_project
from accounts.purging import purge
from accounts.roles import Role
from common.errors import Conflict
from evaluation import active_rules, applying, arrivals, evaluators, executing, past_executions, pausing, rules, tasks
from evaluation.definitions import Code, Judge, Metric, Output
from evaluation.mapping import Mapped
from evaluation.models import Application, Arrival, Evaluator, Execution
from evaluation.rule_matching import newest
from evaluation.rules import Assigned
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, connect
from tests.evaluation.scripted import Scripted
from tracing.filters import Filter
from tracing.models import ScoreRow, TraceRow

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = Author()
TIME = "2026-02-01T12:00:00.000Z"
State = Execution.State
JUDGE = Judge(
    messages=[("user", "Is {{answer}} a capital?")],
    output=Output(data_type="NUMERIC", min_value=0, max_value=1),
    mapping=[Mapped("answer", "output")],
    provider="house",
    model=MODEL,
)


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: Any) -> None:
    """What the broker would bring is called here by hand."""
    monkeypatch.setattr("evaluation.applying.enqueue_application", lambda _id: True)
    monkeypatch.setattr(tasks, "enqueue_executions", lambda _id: True)


def evaluator(keys: Keys, definition: Any = JUDGE, name: str = "right") -> Evaluator:
    return evaluators.create(keys.id, evaluators.Draft(name=name, definition=definition), NOBODY)


def rule(keys: Keys, *used: Evaluator, **fields: Any) -> Any:
    fields = {"name": "watch", "enabled": True, "delay_seconds": 0} | fields
    draft = rules.Draft(evaluators=[Assigned(evaluator_id=one.pk) for one in used], **fields)
    return rules.create(keys.id, draft, NOBODY)


def send(api: Api, *ids: str, **fields: Any) -> None:
    """Generations, each in a trace of its own."""
    batch = []
    for one in ids:
        body = {
            "id": one,
            "traceId": f"trace-{one}",
            "name": "answer",
            "input": "Capital of France?",
            "output": "Paris",
        }
        body |= {"startTime": TIME, "endTime": TIME, "metadata": {"expected": "Paris"}} | fields
        batch.append({"id": f"event-{one}", "type": "generation-create", "timestamp": TIME, "body": body})
    answer = api.post("ingestion", {"batch": batch})
    assert answer.status_code == 207 and not answer.json()["errors"], answer.content


def work(keys: Keys) -> dict[str, int]:
    """What the worker does in a round; executions by state."""
    tasks.attend()
    executing.execute(keys.id)
    return states()


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Execution.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def scores(api: Api, trace: str) -> list[dict[str, Any]]:
    answer = api.get(f"traces/{trace}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["scores"])


def test_a_rule_scores_new_observations_by_judge_metric_and_code_and_never_its_own_judges(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connect(project, endpoint.url)
    metric = Metric(kind="exact", settings={"expected_source": "metadata", "expected_path": "$.expected"})
    code = Code(source_code="def evaluate(ctx):\n    return {'value': True, 'comment': 'fine'}", language="PYTHON")
    made = [evaluator(project), evaluator(project, metric, "exact"), evaluator(project, code, "program")]
    watched = {"type": "stringOptions", "column": "name", "operator": "any of", "value": ["answer"]}
    rule(project, *made, filter=[watched])
    send(api, "one")
    send(api, "other", name="something else")
    assert work(project) == {"DONE": 3}
    found = {one["name"]: one for one in scores(api, "trace-one")}
    assert {name: one["observationId"] for name, one in found.items()} == dict.fromkeys(
        ["right", "exact", "program"], "one"
    )
    assert (found["exact"]["value"], found["program"]["comment"], found["right"]["source"]) == (1, "fine", "EVAL")
    judged = Execution.objects.get(evaluator=made[0])
    assert judged.cost and judged.version == 1 and judged.scores[0]["id"] == found["right"]["id"]
    assert api.get(f"traces/{judged.judge_trace_id}").json()["environment"] == "langfuse-llm-as-a-judge"
    send(api, "one")  # told again
    assert work(project) == {"DONE": 3}
    assert not Arrival.objects.exists()
    assert len(endpoint.requests) == 1


def test_nothing_is_noted_for_a_project_without_active_rules(project: Keys, api: Api) -> None:
    send(api, "one")
    watch = rule(project, evaluator(project, Metric(kind="length")), delay_seconds=60)
    send(api, "two")
    assert Arrival.objects.get().observation_ids == ["two"]
    rules.change(project.id, watch.pk, {"enabled": False}, NOBODY)
    send(api, "three")
    assert Arrival.objects.count() == 1
    assert tasks.attend() is None and states() == {}  # it rests for a minute
    Arrival.objects.update(due_at=timezone.now())
    assert work(project) == {}  # and its rule is off


def test_sampling_takes_about_its_share_and_always_the_same(project: Keys) -> None:
    watch = rule(project, evaluator(project, Metric(kind="length")), sampling=0.25)
    taken = [n for n in range(2000) if arrivals.is_sampled(watch, f"observation-{n}")]
    assert taken == [n for n in range(2000) if arrivals.is_sampled(watch, f"observation-{n}")]
    assert 420 < len(taken) < 580
    other = rule(project, name="other", sampling=0.25, enabled=False)
    assert taken != [n for n in range(2000) if arrivals.is_sampled(other, f"observation-{n}")]


def test_what_the_store_does_not_know_is_decided_all_the_same(project: Keys, api: Api) -> None:
    """Tools that were called, keys of metadata, answers to a dataset's items; what has not ended comes later."""
    length = evaluator(project, Metric(kind="length", settings={}))
    by = {
        "tools": {"type": "arrayOptions", "column": "calledToolNames", "operator": "any of", "value": ["search"]},
        "many": {"type": "number", "column": "toolCalls", "operator": ">=", "value": 1},
        "key": {"type": "stringObject", "column": "metadata", "operator": "is set", "key": "ticket", "value": ""},
        "items": {"type": "boolean", "column": "isExperimentItemRootSpan", "operator": "=", "value": True},
    }
    made = {name: rule(project, length, name=name, filter=[condition]) for name, condition in by.items()}
    call = {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    send(api, "calling", output={"role": "assistant", "content": None, "tool_calls": [call]})
    send(api, "ticket", metadata={"ticket": 7})
    send(api, "answer")
    dataset = api.post("v2/datasets", {"name": "d"}).json()
    item = api.post("dataset-items", {"datasetName": "d", "input": "?", "expectedOutput": "Paris"}).json()
    linked = {"runName": "r", "datasetItemId": item["id"], "traceId": "trace-answer"}
    assert api.post("dataset-run-items", linked).status_code == 200 and dataset
    send(api, "running", metadata={"ticket": 8}, endTime=None, output=None)
    tasks.attend()
    found = {(row.rule_id, row.trace_id, row.observation_id) for row in Execution.objects.all()}
    assert found == {
        (made["tools"].pk, "trace-calling", "calling"),
        (made["many"].pk, "trace-calling", "calling"),
        (made["key"].pk, "trace-ticket", "ticket"),
        (made["items"].pk, "trace-answer", ""),
    }
    send(api, "running", metadata={"ticket": 8})
    tasks.attend()
    assert Execution.objects.filter(rule=made["key"]).count() == 2
    with CaptureQueriesContext(connection) as asked:
        rows, _looked = newest(rules.own(project.id, made["items"].pk), 100)
    assert [row.id for row in rows] == ["answer"]
    assert sum("dataset_run_item" in one["sql"] or "datasetrunitem" in one["sql"] for one in asked) == 1


def test_a_busy_provider_is_tried_again_later_and_a_refused_key_pauses_the_evaluator(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connect(project, endpoint.url, custom_models=[MODEL])
    judge = evaluator(project, Judge(**{**_fields(JUDGE), "model": f"{MODEL}+fault=500"}))
    watch = rule(project, judge)
    send(api, "one")
    assert work(project) == {"PENDING": 1}
    row = Execution.objects.get()
    assert row.attempts == 1 and "500" in row.error and row.due_at > timezone.now() + timedelta(seconds=20)
    assert Evaluator.objects.get(pk=judge.pk).failures == 0
    for _attempt in range(4):
        Execution.objects.update(due_at=timezone.now())
        work(project)
    assert states() == {"FAILED": 1}

    changes = {"definition": Judge(**{**_fields(JUDGE), "model": f"{MODEL}+fault=401"})}
    evaluators.change(project.id, judge.pk, changes, NOBODY)
    send(api, "two")
    assert work(project) == {"FAILED": 2}
    told = api.get(f"v2/evaluators/{judge.pk}").json()
    assert (told["status"], told["pausedReason"]) == ("paused", "provider_refuses_key")
    assert rules.why_paused(rules.own(project.id, watch.pk), rules.latest_of([watch])) is not None
    assert active_rules.of(project.id) == ()
    send(api, "three")
    assert not Arrival.objects.exists()

    evaluators.change(project.id, judge.pk, {"definition": JUDGE}, NOBODY)
    pausing.resume(project.id, judge.pk, NOBODY)
    assert past_executions.retry(project.id, Execution.objects.all(), NOBODY) == 2
    assert work(project) == {"DONE": 2}


def test_an_evaluator_that_fails_ten_times_in_a_row_pauses_itself_and_one_success_in_between_keeps_it(
    project: Keys, api: Api
) -> None:
    source = "def evaluate(ctx):\n    return 1 if ctx.observation.output == 'fine' else 1 / 0"
    program = evaluator(project, Code(source_code=source, language="PYTHON"))
    rule(project, program)
    send(api, *(f"bad-{n}" for n in range(9)))
    work(project)
    send(api, "good", output="fine")
    work(project)
    assert Evaluator.objects.get(pk=program.pk).failures == 0
    send(api, *(f"worse-{n}" for n in range(10)))
    assert work(project) == {"DONE": 1, "FAILED": 19}
    paused = Evaluator.objects.get(pk=program.pk)
    assert paused.paused_reason == "repeated_failures" and "division by zero" in (paused.paused_message or "")
    with pytest.raises(Conflict):
        applying.apply_evaluator(project.id, program.pk, applying.Chosen("traces", ["trace-good"]), NOBODY)


def test_killed_in_the_middle_each_is_done_once(project: Keys, api: Api) -> None:
    rule(project, evaluator(project, Metric(kind="length")))
    send(api, *(f"o{n}" for n in range(5)))
    tasks.attend()
    # A worker had claimed two and died before it wrote; another wrote the third.
    two = Execution.objects.order_by("pk").values_list("pk", flat=True)[:2]
    dead = Execution.objects.filter(pk__in=list(two))
    dead.update(state=State.RUNNING, runner="dead", lease_until=timezone.now() + timedelta(seconds=30), attempts=1)
    assert executing.due_projects() == []  # somebody is at it, as far as one can see
    executing.execute(project.id)
    assert states() == {"DONE": 3, "RUNNING": 2}
    Execution.objects.filter(state=State.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert executing.due_projects() == [project.id]
    runners = [threading.Thread(target=executing.execute, args=(project.id,)) for _n in range(2)]
    for one in runners:
        one.start()
    for one in runners:
        one.join()
    assert states() == {"DONE": 5}
    assert [len(scores(api, f"trace-o{n}")) for n in range(5)] == [1] * 5
    # One that is interrupted every time is given up.
    dead.update(state=State.RUNNING, lease_until=timezone.now() - timedelta(seconds=1), attempts=F("attempts") + 9)
    executing.execute(project.id)
    assert states() == {"DONE": 3, "FAILED": 2}


def test_an_application_is_done_when_two_workers_settle_its_last_two_at_once(project: Keys, api: Api) -> None:
    send(api, "one", "two")
    length = evaluator(project, Metric(kind="length"))
    given = applying.apply_evaluator(project.id, length.pk, applying.Chosen("observations", ["one", "two"]), NOBODY)
    tasks.find_task(given.pk)
    first, second = Execution.objects.values_list("pk", flat=True)
    other_is_done = threading.Event()

    def settle(pk: int) -> None:
        with transaction.atomic():
            Execution.objects.filter(pk=pk).update(state=State.DONE)
            executing.end_if_over(given.pk)

    def beside() -> None:
        settle(second)
        other_is_done.set()
        connection.close()

    with transaction.atomic():
        settle(first)
        other = threading.Thread(target=beside)
        other.start()
        assert not other_is_done.wait(0.2), "it has to wait for what is written here"
    other.join()
    assert Application.objects.get().state == Application.State.DONE


def test_a_judge_whose_score_may_not_be_stored_was_paid_all_the_same(
    project: Keys,
    api: Api,
    model: Scripted,
) -> None:
    model.answer = lambda _body: '{"reasoning": "beyond all measure", "score": 1e200}'
    unbounded = {"output": Output(data_type="NUMERIC"), "provider": "scripted", "model": "gpt-4o-mini"}
    rule(project, evaluator(project, Judge(**{**_fields(JUDGE), **unbounded})))
    send(api, "one")
    assert work(project) == {"FAILED": 1}
    row = Execution.objects.get()
    assert "value must lie between" in row.error and row.cost
    assert api.get(f"traces/{row.judge_trace_id}").json()["totalCost"] == row.cost


def test_an_evaluator_is_applied_to_chosen_traces_and_to_all_that_match(project: Keys, api: Api) -> None:
    length = evaluator(project, Metric(kind="length"))
    send(api, *(f"o{n}" for n in range(4)))
    batch = [
        {"id": f"t{n}", "type": "trace-create", "timestamp": TIME, "body": {"id": f"trace-o{n}", "output": "x" * n}}
        for n in range(4)
    ]
    api.post("ingestion", {"batch": batch})
    chosen = applying.Chosen("traces", ["trace-o1", "trace-o2", "gone"])
    one = applying.apply_evaluator(project.id, length.pk, chosen, NOBODY)
    tasks.find_task(one.pk)
    executing.execute(project.id)
    one.refresh_from_db()
    assert (one.state, one.found) == (Application.State.DONE, 2)
    assert [score["value"] for score in scores(api, "trace-o2")] == [2]
    matching = applying.Chosen("observations", None, (Filter("stringOptions", "name", "any of", ("answer",)),))
    other = applying.apply_evaluator(project.id, length.pk, matching, NOBODY)
    tasks.find_task(other.pk)
    executing.execute(project.id)
    other.refresh_from_db()
    [progress] = applying.progress_of([other])
    assert (other.state, progress.done, progress.total) == (Application.State.DONE, 4, 4)

    watch = rule(project, length)
    third = applying.apply_rule(project.id, watch.pk, NOBODY, None)
    tasks.find_task(third.pk)
    executing.execute(project.id)
    assert Execution.objects.filter(rule=watch, application=third, state=State.DONE).count() == 4


def _fields(judge: Judge) -> dict[str, Any]:
    names = ("messages", "output", "mapping", "provider", "model")
    return {name: getattr(judge, name) for name in names}


def test_a_project_deleted_under_its_rules_gets_no_score_and_no_call_more(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connect(project, endpoint.url, concurrency=2)
    rule(project, evaluator(project, replace(JUDGE, model=f"{MODEL}+latency=200")))
    send(api, *(f"g{number}" for number in range(20)))
    arrivals.attend()
    worker = threading.Thread(target=_executed, args=(project.id,))
    worker.start()
    while not endpoint.requests:
        time.sleep(0.01)
    delete_project(project.project, Actor(Role.OWNER))
    purge(project.id)
    worker.join(20)

    assert len(endpoint.requests) < 20 and executing.due_projects() == []
    assert not TraceRow.objects.exists() and not ScoreRow.objects.exists() and not Execution.objects.exists()


def _executed(project_id: str) -> None:
    try:
        assert not executing.execute(project_id)
    finally:
        connection.close()
