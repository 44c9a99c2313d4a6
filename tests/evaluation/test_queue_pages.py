"""Queues on their pages: defining and filling them, deciding where people differ, known answers, export, judges."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from datasets.answers import Answer, ScoreKey
from datasets.models import DatasetRunItem
from evaluation import arrivals, evaluators, queues, rules
from evaluation.definitions import Code
from evaluation.filling import Named, sample
from evaluation.judge_trust import trust
from evaluation.models import AnnotationQueue, QueueItem
from evaluation.rules import Assigned
from evaluation.slots import claim
from evaluation.turns import finish
from tests.conftest import Api, Keys
from tests.evaluation.test_desks import NOBODY, make, said, scores_of
from tests.evaluation.test_desks import config as config
from tests.evaluation.test_rules_at_work import send
from tests.tracing.pages.conftest import Visitor, bobs, visit
from tracing.ingestion.pipeline import store_changes
from tracing.models.configured import ScoreConfig
from tracing.records import Changes, Score, ScoreChange, TraceChange

__all__ = ["bobs", "config", "make", "visit"]
pytestmark = pytest.mark.django_db


def judge_all(project: Keys, queue: AnnotationQueue, person: User, config: ScoreConfig, values: str) -> None:
    """A person judges item after item: one digit each."""
    for value in values:
        turn = claim(queue, person)
        assert turn is not None
        finish(project.id, queue, turn, said(config, value), 4)


# --- Defining -------------------------------------------------------------------------------------------------


def test_a_queue_is_made_changed_and_deleted_by_form(
    project: Keys, api: Api, bobs: Visitor, bob: User, anna: User, vera: User
) -> None:
    tone, right = (
        api.post("score-configs", {"name": name, "dataType": "TEXT"}).json()["id"] for name in ("tone", "right")
    )
    form = bobs.get("annotation/-/new")
    assert "Anna" in form and "Bob" in form and "Vera" not in form, "viewers give no scores"
    sent = {"name": "Queue", "description": "Read well", "score_configs": [tone], "people": [str(anna.pk)]}
    sent |= {"annotators": "2", "overlap": "25", "blind": "on"}
    answer = bobs.post("annotation/-/new", **sent)
    queue = AnnotationQueue.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/project/{project.id}/annotation/{queue.pk}")
    assert (queue.annotators, queue.overlap, queue.blind, list(queue.members.all())) == (2, 0.25, True, [anna])
    shown = api.get(f"annotation-queues/{queue.pk}").json()
    assert (shown["name"], shown["description"], shown["scoreConfigIds"]) == ("Queue", "Read well", [tone])

    sent |= {"name": "Other", "score_configs": [right, tone], "people": [str(bob.pk)], "annotators": "1"}
    del sent["blind"]
    assert bobs.post(f"annotation/{queue.pk}/edit", **sent).status_code == 302
    queue.refresh_from_db()
    assert (queue.name, queue.blind, list(queue.members.all())) == ("Other", False, [bob])
    assert api.get(f"annotation-queues/{queue.pk}").json()["scoreConfigIds"] == [tone, right], "the order stays"
    for wrong, words in (
        ({"name": ""}, "required"),
        ({"annotators": "0"}, "greater than or equal to 1"),
        ({"overlap": "nan"}, "Enter a number"),
        ({"score_configs": []}, "required"),
        ({"people": ["nobody"]}, "not one of the available choices"),
        ({"name": "a\nb\x07"}, "one line"),
    ):
        answer = bobs.post(f"annotation/{queue.pk}/edit", **{**sent, **wrong})
        assert (answer.status_code, words in answer.content.decode()) == (422, True), wrong
    assert bobs.post(f"annotation/{queue.pk}/edit", do="delete").status_code == 302
    actions = AuditEntry.objects.filter(subject_type="annotation_queue", user=bob).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "create", "assign", "update", "assign", "unassign", "delete",
    ]  # fmt: skip


# --- Filling --------------------------------------------------------------------------------------------------


def test_queues_are_filled_from_lists_by_choice_by_filter_and_by_sample(
    project: Keys, bobs: Visitor, make: Callable[..., AnnotationQueue], api: Api
) -> None:
    queue = make(5, [])
    more = [
        TraceChange(id=f"x{i}", name="odd" if i % 2 else "even", seen_at=queue.created_at, session_id="talk")
        for i in range(8)
    ]
    store_changes(project.id, Changes(traces=more))

    def fill(**sent: Any) -> str:
        answer = bobs.post("annotation/-/fill", queue=queue.pk, do="add", **sent)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    def ids() -> list[str]:
        return list(queue.items.order_by("place").values_list("object_id", flat=True))[5:]

    opened = bobs.post("annotation/-/fill", kind="traces", id=["x0", "x1"]).content.decode()
    assert "2 things to judge" in opened and queue.name in opened
    assert "2 items were put" in fill(kind="traces", id=["x0", "x1"])
    told = fill(kind="traces", id=["x1", "x2"])
    assert "1 item was put" in told and "1 stood there already" in told
    odd = [{"type": "string", "column": "name", "operator": "=", "value": "odd"}]
    fill(kind="traces", all="1", filter=json.dumps(odd))
    assert ids() == ["x0", "x1", "x2", "x3", "x5", "x7"]
    fill(kind="sessions", id=["talk"])
    assert queue.items.get(object_id="talk").object_type == "SESSION"
    taken = []
    for _again in range(2):
        QueueItem.objects.filter(queue=queue, place__gte=5).delete()
        fill(kind="traces", all="1", filter=json.dumps(odd), take="2", seed="7")
        taken.append(ids())
    assert len(taken[0]) == 2 and taken[0] == taken[1], "the same seed takes the same"
    api.post("v2/datasets", {"name": "d"})
    for i in range(3):
        api.post("dataset-items", {"datasetName": "d", "id": f"i{i}", "expectedOutput": "the expected answer"})
        link = {"runName": "r", "datasetItemId": f"i{i}", "traceId": f"x{i}"}
        run = api.post("dataset-run-items", link).json()["datasetRunId"]
    QueueItem.objects.filter(queue=queue, place__gte=5).delete()
    fill(kind="runs", run=run)
    assert sorted(ids()) == ["x0", "x1", "x2"]
    assert "the expected answer" in bobs.get(f"annotation/{queue.pk}/items/{queue.items.get(object_id='x0').pk}")
    assert "annotation/-/fill" in bobs.get(f"datasets/{api.get('v2/datasets/d').json()['id']}/runs/{run}")
    for sent, status in (
        ({"kind": "traces"}, 404),
        ({"kind": "people", "id": "x0"}, 404),
        ({"kind": "runs", "run": "nowhere"}, 422),
        ({"kind": "traces", "id": "a" * 801}, 422),
        ({"kind": "traces", "all": "1", "filter": "{"}, 422),
    ):
        assert bobs.post("annotation/-/fill", queue=queue.pk, do="add", **sent).status_code == status, sent
    assert bobs.post("annotation/-/fill", queue="elsewhere", do="add", kind="traces", id="x0").status_code == 422


def test_a_sample_mixes_and_is_the_same_for_a_seed() -> None:
    things = [Named("TRACE", str(i)) for i in range(50)]
    assert sample(things, 10, 3) == sample(things, 10, 3) != sample(things, 10, 4)
    assert sorted(sample(things, None, 3)) == sorted(things) and sample(things, None, 3) != things
    assert len(sample(things, 80, 3)) == 50


# --- Blind ----------------------------------------------------------------------------------------------------


def test_a_blind_desk_tells_neither_run_nor_model_nor_where_to_find_them(
    project: Keys, bob: User, bobs: Visitor, make: Callable[..., AnnotationQueue], api: Api
) -> None:
    queue = make(0, [bob], blind=True)
    secret = TraceChange(
        id="SECRET-id", name="SECRET-name", seen_at=queue.created_at, input='"the question"', tags=("SECRET-tag",),
        metadata={"model": '"SECRET-model"'},
    )  # fmt: skip
    store_changes(project.id, Changes(traces=[secret]))
    api.post("v2/datasets", {"name": "d"})
    api.post("dataset-items", {"datasetName": "d", "id": "i"})
    api.post("dataset-run-items", {"runName": "SECRET-run", "datasetItemId": "i", "traceId": "SECRET-id"})
    api.post(f"annotation-queues/{queue.pk}/items", {"objectId": "SECRET-id", "objectType": "TRACE"})
    desk = bobs.get(f"annotation/{queue.pk}/desk")
    assert "the question" in desk and "SECRET" not in desk
    assert "SECRET" not in bobs.get(f"annotation/{queue.pk}/items/{queue.items.get().pk}")
    queues.change(project.id, queue.pk, {"blind": False}, NOBODY)
    desk = bobs.get(f"annotation/{queue.pk}/desk")
    for word in ("SECRET-name", "SECRET-run", "SECRET-model"):
        assert word in desk, word


# --- Differences, decisions, known answers ----------------------------------------------------------------------


def test_a_third_person_decides_and_the_single_scores_stay(
    project: Keys, alice: User, anna: User, bob: User, bobs: Visitor, visit, make: Callable[..., AnnotationQueue],
    config: ScoreConfig,
) -> None:  # fmt: skip
    queue = make(2, [alice, anna], annotators=2)
    judge_all(project, queue, alice, config, "11")
    judge_all(project, queue, anna, config, "01")
    first = queue.items.order_by("place").first()
    page = bobs.get(f"annotation/{queue.pk}?show=different")
    assert "question 0" in page and "question 1" not in page and "correct: No" in page
    path = f"annotation/{queue.pk}/items/{first.pk}"
    decision = {"do": "adjudicate", f"value.{config.pk}": "0", f"comment.{config.pk}": "it names a river"}
    assert visit(alice).post(path, **decision).status_code == 403, "she has judged it herself"
    assert visit(anna).post(path, **decision).status_code == 403, "annotators do not decide"
    assert bobs.post(path, **{**decision, f"value.{config.pk}": "7"}).status_code == 422
    for value in ("1", "0"):
        assert bobs.post(path, **{**decision, f"value.{config.pk}": value}).status_code == 302
    [final] = [score for score in scores_of(project) if score.author_user_id == str(bob.pk)]
    assert (final.value, final.source, final.comment, final.queue_id) == (0, "ANNOTATION", "it names a river", queue.pk)
    told = json.loads(final.metadata)
    assert told["adjudicated"] is True and sorted(told["single"].values()) == [0, 1]
    assert len(scores_of(project)) == 5, "four single ones, one decision"
    assert "decided" in bobs.get(f"annotation/{queue.pk}")
    exported = f"{bobs.root}/annotation/{queue.pk}/export"
    text = bobs.client.get(exported).getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["adjudicated"], row["value"]) for row in rows if row["item_id"] == first.pk] == [
        ("False", "1.0"), ("False", "0.0"), ("True", "0.0"),
    ]  # fmt: skip
    assert {row["annotator"] for row in rows} == {alice.email, anna.email, bob.email}
    lines = bobs.client.get(f"{exported}?format=jsonl").getvalue().decode().splitlines()
    assert len(lines) == 5 and json.loads(lines[0])["score"] == "correct"
    bobs.post(path, do="withdraw")
    assert len(scores_of(project)) == 4


def test_known_answers_tell_how_right_each_person_is(
    project: Keys, alice: User, anna: User, bobs: Visitor, make: Callable[..., AnnotationQueue], config: ScoreConfig
) -> None:
    queue = make(4, [alice, anna], annotators=2)
    for item in queue.items.order_by("place")[:2]:
        answer = bobs.post(f"annotation/{queue.pk}/items/{item.pk}", do="gold", **{f"value.{config.pk}": "1"})
        assert answer.status_code == 302
    judge_all(project, queue, alice, config, "1111")
    judge_all(project, queue, anna, config, "0111")
    page = bobs.get(f"annotation/{queue.pk}")
    assert "2/2" in page and "1/2" in page
    item = queue.items.order_by("place").first()
    bobs.post(f"annotation/{queue.pk}/items/{item.pk}", do="ungold")
    assert QueueItem.objects.get(pk=item.pk).gold is None


def test_an_overseer_who_works_there_too_is_not_swayed(
    project: Keys, anna: User, bob: User, bobs: Visitor, make: Callable[..., AnnotationQueue], config: ScoreConfig
) -> None:
    queue = make(1, [anna, bob], annotators=2)
    judge_all(project, queue, anna, config, "0")
    item = f"annotation/{queue.pk}/items/{queue.items.get().pk}"
    assert "correct: No" not in bobs.get(f"annotation/{queue.pk}")
    assert "stays hidden" in bobs.get(item)
    judge_all(project, queue, bob, config, "1")
    assert "correct: No" in bobs.get(f"annotation/{queue.pk}") and "stays hidden" not in bobs.get(item)


def test_agreement_is_told_of_categories_that_the_config_has_no_more(
    project: Keys, alice: User, anna: User, bobs: Visitor, make: Callable[..., AnnotationQueue], config: ScoreConfig
) -> None:
    ScoreConfig.objects.filter(pk=config.pk).update(
        data_type="CATEGORICAL", categories=[{"label": one, "value": at} for at, one in enumerate("abc")]
    )
    queue = make(3, [alice, anna], annotators=2)
    judge_all(project, queue, alice, config, "abc")
    judge_all(project, queue, anna, config, "abb")
    ScoreConfig.objects.filter(pk=config.pk).update(categories=[{"label": "b", "value": 0}])
    assert "66.7" in bobs.get(f"annotation/{queue.pk}/agreement")


def test_pages_cost_the_same_however_many_items(
    alice: User, anna: User, bobs: Visitor, project: Keys, make: Callable[..., AnnotationQueue], config: ScoreConfig,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    queue = make(30, [alice, anna], annotators=2)
    judge_all(project, queue, alice, config, "10" * 10)
    judge_all(project, queue, anna, config, "1" * 10)
    for path, most in (("annotation", 12), (f"annotation/{queue.pk}", 25), (f"annotation/{queue.pk}/agreement", 12)):
        with django_assert_max_num_queries(most):
            bobs.get(path)


# --- Judges against people ----------------------------------------------------------------------------------------


def score(trace: str, value: float, *, name: str = "quality", author: str | None = None, **fields: Any) -> ScoreChange:
    source = "ANNOTATION" if author else "EVAL"
    return ScoreChange(
        id=f"{trace}-{name}-{author}", name=name, data_type=fields.pop("data_type", "NUMERIC"), value=value,
        string_value=None, source=source, timestamp=timezone.now(), trace_id=trace, author_user_id=author, **fields,
    )  # fmt: skip


def test_a_judge_is_held_against_people(project: Keys, bobs: Visitor, config: ScoreConfig) -> None:
    """People: 4 things; the judge is one step too mild on three of them. A decision counts before single scores."""
    given = [score(f"t{i}", value, author="ann") for i, value in enumerate((1, 2, 3, 4))]
    given += [score("t3", 2, author="ben"), score("t3", 5, author="third", metadata='{"adjudicated":true}')]
    given += [score(f"t{i}", value) for i, value in enumerate((2, 3, 4, 5))] + [score("t9", 1)]
    store_changes(project.id, Changes(scores=given))
    found = trust(project.id, "quality")
    assert found is not None and (found.n, found.undecided) == (4, 0)
    assert found.shift.mean == pytest.approx(0.75)
    assert found.agreement.value == pytest.approx(0.25)
    assert found.classes == ("1", "2", "3", "4", "5")
    assert sum(map(sum, found.matrix)) == 4 and found.matrix[4][4] == 1
    assert {pair.place.trace_id for pair in found.worst} == {"t0", "t1", "t2"}
    mark = bobs.get("judge-trust?score=quality", HTTP_HX_REQUEST="true")
    assert "25 %" in mark and "n=4" in mark and "<html" not in mark
    short = bobs.get("judge-trust?score=quality&short=1", HTTP_HX_REQUEST="true")
    assert "25 %</a>" in short, "the share alone"
    page = bobs.get("judge-trust?score=quality")
    assert "+0.750" in page and "Where they differ most" in page
    for nothing in ("judge-trust", "judge-trust?score=correct", "judge-trust?score=%00&human=%00"):
        assert "No thing has been scored by both" in bobs.get(nothing)
    assert "not held against people" in bobs.get("judge-trust?score=other", HTTP_HX_REQUEST="true")


def test_yes_and_no_are_compared_by_majority_and_within_a_dataset(project: Keys, api: Api, bobs: Visitor) -> None:
    kind = {"name": "right", "data_type": "BOOLEAN"}
    people = {"t0": "110", "t1": "10", "t2": "0"}
    given = [score(t, float(v), author=str(i), **kind) for t, said_of in people.items() for i, v in enumerate(said_of)]
    given += [score(t, 1, **kind) for t in people]
    store_changes(project.id, Changes(scores=given))
    found = trust(project.id, "right")
    assert (found.n, found.undecided, found.boolean) == (2, 1, True), "on t1 people are split"
    assert found.matrix == ((0, 1), (0, 1))
    dataset = api.post("v2/datasets", {"name": "d"}).json()["id"]
    api.post("dataset-items", {"datasetName": "d", "id": "i"})
    api.post("dataset-run-items", {"runName": "r", "datasetItemId": "i", "traceId": "t0"})
    assert trust(project.id, "right", dataset_id=dataset).n == 1
    assert trust(project.id, "right", dataset_id="elsewhere") is None
    assert "Yes" in bobs.get("judge-trust?score=right")


# --- Rules and decisions beyond the queue -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_a_rule_takes_comes_into_the_queue_it_feeds(
    project: Keys, api: Api, bobs: Visitor, bob: User, make: Callable[..., AnnotationQueue], config: ScoreConfig
) -> None:
    queue = make(0, [bob])
    code = Code(source_code="def evaluate(ctx): return 1", language="PYTHON")
    judged_by = evaluators.create(project.id, evaluators.Draft(name="length", definition=code), NOBODY)
    named = {"type": "stringOptions", "column": "name", "operator": "any of", "value": ["answer"]}
    draft = rules.Draft(
        name="watch", enabled=True, delay_seconds=0, filter=[named], evaluators=[Assigned(evaluator_id=judged_by.pk)]
    )
    rule = rules.create(project.id, draft, NOBODY)
    sent = {"name": queue.name, "score_configs": [config.pk], "people": [str(bob.pk)], "annotators": "1"}
    assert bobs.post(f"annotation/{queue.pk}/edit", **sent, overlap="100", fed_by=rule.pk).status_code == 302
    assert "watch" in bobs.get(f"annotation/{queue.pk}")
    send(api, "o1", "o2")
    send(api, "o3", name="other")
    for _again in range(2):
        arrivals.attend()
        send(api, "o1")
    assert sorted(queue.items.values_list("object_type", "object_id")) == [("OBSERVATION", "o1"), ("OBSERVATION", "o2")]
    queues.change(project.id, queue.pk, {"fed_share": 0.5}, NOBODY)
    send(api, *(f"x{i}" for i in range(40)))
    arrivals.attend()
    assert 10 <= queue.items.count() - 2 <= 30, "half of them, more or less"
    rules.remove(project.id, rule.pk, NOBODY)
    queue.refresh_from_db()
    assert queue.fed_by is None and queue.items.exists()


def test_a_decision_counts_before_what_single_people_said() -> None:
    key = ScoreKey("right", "ANNOTATION", "NUMERIC")
    now = timezone.now()
    blank = {"project_id": "p", "name": "right", "data_type": "NUMERIC", "string_value": None, "source": "ANNOTATION"}
    times = {"timestamp": now, "created_at": now, "updated_at": now, "environment": "default"}
    single = [Score(id=str(n), value=n, **blank, **times) for n in (1, 2)]
    final = Score(id="f", value=5, metadata='{"adjudicated":true}', **blank, **times)
    link = DatasetRunItem(item_id="i", trace_id="t")
    assert Answer(link=link, scores={key: single}).value(key) == 1.5
    assert Answer(link=link, scores={key: [*single, final]}).value(key) == 5
