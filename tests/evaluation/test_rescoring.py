"""Scoring runs that exist already: no model is asked for its answer again."""

from typing import Any

import pytest

from accounts.authors import Author
from accounts.models import User
from common.errors import Conflict, DomainError
from datasets.answers import links_of, read_answers
from datasets.models import DatasetRun
from datasets.runs import run_named
from evaluation import evaluators, rescorer, rescoring, strikes
from evaluation.definitions import Code, Judge, Output
from evaluation.experiment_draft import EvaluatorChoice
from evaluation.mapping import Mapped
from evaluation.models.experiments import Rescoring
from tests.conftest import Api, Keys
from tests.evaluation.plans import capitals, exact
from tests.evaluation.scripted import Scripted

pytestmark = pytest.mark.django_db
NOBODY = Author()
TIME = "2026-01-31T12:00:00Z"


@pytest.fixture
def old_run(project: Keys, api: Api, monkeypatch: Any) -> DatasetRun:
    """Four answers of an SDK, one of them wrong; the trace of a fifth has not arrived."""
    monkeypatch.setattr("evaluation.rescoring.enqueue_rescoring", lambda _id: True)
    dataset, items = capitals(project, 5)
    batch = []
    for number, item in enumerate(items):
        output = "nowhere" if number == 0 else (item.expected_output or "").strip('"')
        if number < 4:
            body = {"id": f"t{number}", "input": {"country": "?"}, "output": output}
            batch.append(
                {"id": f"e{number}", "type": "trace-create", "timestamp": "2026-01-01T00:00:00Z", "body": body}
            )
        link = {"runName": "old", "datasetItemId": item.item_id, "traceId": f"t{number}"}
        assert api.post("dataset-run-items", link).status_code == 200
    assert api.post("ingestion", {"batch": batch}).status_code == 207
    return run_named(dataset, "old")


def scores(run: DatasetRun) -> dict[str, list[float | None]]:
    """The values by the names of the scores, in the order of the answers."""
    found: dict[str, list[float | None]] = {}
    answers = read_answers(run.project_id, sorted(links_of([run])[run.pk], key=lambda link: link.trace_id))
    for key in {key for answer in answers for key in answer.scores}:
        found[key.name] = [answer.value(key) for answer in answers]
    return found


def rescored(run: DatasetRun, *chosen: EvaluatorChoice, **more: Any) -> Rescoring:
    row = rescoring.rescore(run.project_id, [run.run_id], chosen, NOBODY, **more)
    assert not rescorer.run(row.pk)
    return rescoring.own(run.project_id, row.pk)


def test_new_metrics_score_the_answers_of_an_sdk_once(project: Keys, old_run: DatasetRun) -> None:
    metric = EvaluatorChoice(evaluator_id=exact(project).pk)

    row = rescored(old_run, metric)
    rescored(old_run, metric)

    assert (row.status, row.total, row.done, row.failed) == ("DONE", 5, 4, 1)
    assert scores(old_run) == {"exact": [0, 1, 1, 1, None]}
    answers = read_answers(project.id, links_of([old_run])[old_run.pk])
    assert sum(len(given) for answer in answers for given in answer.scores.values()) == 4


def test_judges_pay_only_for_what_is_missing_and_failures_are_told(
    project: Keys,
    old_run: DatasetRun,
    model: Scripted,
) -> None:
    model.answer = lambda _body: '{"reasoning": "so", "score": 3}'
    definition = Judge(
        messages=[("user", "{{answer}}?")],
        output=Output(data_type="NUMERIC", min_value=0, max_value=5),
        mapping=[Mapped("answer", "output")],
        provider="scripted",
        model="gpt-4o-mini",
    )
    judge = evaluators.create(project.id, evaluators.Draft(name="grade", definition=definition), NOBODY)
    broken = Code(source_code="def evaluate(ctx):\n    raise ValueError('no')", language="PYTHON")
    program = evaluators.create(project.id, evaluators.Draft(name="program", definition=broken), NOBODY)

    row = rescored(old_run, EvaluatorChoice(evaluator_id=judge.pk), EvaluatorChoice(evaluator_id=program.pk))

    assert (row.status, row.done, row.failed, len(model.asked)) == ("DONE", 4, 6, 4) and row.cost > 0
    assert {failure["evaluator"] for failure in row.failures} == {"program", ""}
    assert all("ValueError: no" in failure["message"] for failure in row.failures if failure["evaluator"])
    assert scores(old_run) == {"grade": [3, 3, 3, 3, None]}
    again = rescored(old_run, EvaluatorChoice(evaluator_id=judge.pk), only_missing=True)
    assert (again.done, len(model.asked)) == (4, 4)


def test_an_evaluator_that_only_fails_is_asked_no_more_and_a_deleted_one_never(
    project: Keys, old_run: DatasetRun, alice: User, page_client: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(strikes, "OTHERS", 2)
    monkeypatch.setattr(rescorer, "AT_ONCE", 1)
    broken = Code(source_code="def evaluate(ctx):\n    raise ValueError('no')", language="PYTHON")
    program = evaluators.create(project.id, evaluators.Draft(name="program", definition=broken), NOBODY)
    metric, gone = exact(project), exact(project, "gone")
    row = rescoring.rescore(
        project.id, [old_run.run_id], [EvaluatorChoice(evaluator_id=one.pk) for one in (program, metric, gone)], NOBODY
    )
    evaluators.remove(project.id, gone.pk, NOBODY)
    assert not rescorer.run(row.pk)

    row = rescoring.own(project.id, row.pk)
    assert (row.status, row.total, row.done, row.failed) == ("DONE", 15, 4, 11)
    assert scores(old_run) == {"exact": [0, 1, 1, 1, None]}
    assert sum("was not asked" in failure["message"] for failure in row.failures) == 2
    assert ["ValueError: no" in one["halted"] for one in row.evaluators] == [True, False, False]
    assert row.evaluators[2]["halted"] == "It was deleted."
    page = page_client(alice).get(f"/project/{project.id}/experiments/-/scored/{row.pk}").content.decode()
    assert "program is not asked any more" in page and "Score again" in page
    alone = rescored(old_run, EvaluatorChoice(evaluator_id=program.pk))
    assert (alone.status, alone.done) == ("CANCELLED", 0)


def test_one_that_was_killed_goes_on_where_it_was(project: Keys, old_run: DatasetRun, monkeypatch: Any) -> None:
    monkeypatch.setattr(rescorer, "BATCH", 2)
    row = rescoring.rescore(project.id, [old_run.run_id], [EvaluatorChoice(evaluator_id=exact(project).pk)], NOBODY)
    assert rescorer.run(row.pk, seconds=0), "there is more to do"
    Rescoring.objects.filter(pk=row.pk).update(runner="dead", done=0)
    assert rescorer.abandoned() == [row.pk]

    assert not rescorer.run(row.pk)
    assert rescoring.own(project.id, row.pk).status == "DONE" and len(scores(old_run)["exact"]) == 5
    with pytest.raises(Conflict):
        rescoring.cancel(project.id, row.pk)


def test_only_ones_own_runs_are_scored(other_project: Keys, project: Keys, old_run: DatasetRun) -> None:
    theirs = [EvaluatorChoice(evaluator_id=exact(other_project).pk)]
    mine = [EvaluatorChoice(evaluator_id=exact(project).pk)]
    for owner, runs, chosen in (
        (other_project, [old_run.run_id], theirs),
        (project, [old_run.run_id], theirs),
        (project, ["none"], mine),
        (project, [], mine),
        (project, [old_run.run_id], []),
    ):
        with pytest.raises(DomainError):
            rescoring.rescore(owner.id, runs, chosen, NOBODY)


def test_runs_are_scored_from_the_browser(
    project: Keys, old_run: DatasetRun, alice: User, vera: User, page_client: Any
) -> None:
    metric = exact(project)
    root, hers = f"/project/{project.id}/experiments/-", page_client(alice)
    form = hers.get(f"{root}/score", {"runs": old_run.run_id})
    assert form.status_code == 200 and b"exact" in form.content and b"old" in form.content
    refused = hers.post(f"{root}/score", {"runs": old_run.run_id})
    assert refused.status_code == 200 and b"Choose an evaluator." in refused.content
    assert hers.get(f"{root}/score", {"runs": "none\0"}).status_code == 404
    started = hers.post(f"{root}/score", {"runs": old_run.run_id, "evaluators": metric.pk})
    row = Rescoring.objects.get()
    assert started.headers["Location"].endswith(f"/scored/{row.pk}")
    rescorer.run(row.pk)
    told = hers.get(f"{root}/scored/{row.pk}").content.decode()
    assert "5 / 5" in told and "There is no answer to score." in told
    assert page_client(vera).get(f"{root}/score", {"runs": old_run.run_id}).status_code == 403
