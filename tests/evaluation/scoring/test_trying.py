"""Trying an evaluator on what is stored: answers of runs, observations, traces."""

import json
from typing import Any

import pytest

from common.errors import Invalid
from datasets.models import Dataset
from evaluation import trying
from evaluation.definitions import Code, Judge, Metric, Output
from evaluation.mapping import Mapped, usual_source
from evaluation.models import Evaluator
from evaluation.scoring.judging import ENVIRONMENT
from tests.conftest import Api, Keys
from tests.evaluation.scripted import Scripted

pytestmark = pytest.mark.django_db

JUDGE = Judge(
    messages=[("user", "{{question}} {{answer}} {{reference}}")],
    output=Output(data_type="BOOLEAN"),
    mapping=[Mapped("question", "input"), Mapped("answer", "output"), Mapped("reference", "expected_output")],
)


@pytest.fixture
def answered(api: Api, project: Keys) -> Dataset:
    """A dataset of two items: one answered by a whole trace, one by an observation."""
    api.post("v2/datasets", {"name": "Capitals"})
    events: list[dict[str, Any]] = []
    for place, (country, capital) in enumerate((("Италия", "Рим"), ("Испания", "Мадрид"))):
        start, end = "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z"
        call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}
        trace = {"id": f"t{place}", "name": "capital", "input": country, "output": capital, "environment": "prod"}
        step = {"id": f"o{place}", "traceId": f"t{place}", "startTime": start, "endTime": end, "input": country}
        step |= {"output": {"role": "assistant", "content": capital, "tool_calls": [call]}}
        for kind, body in (("trace-create", trace), ("generation-create", step)):
            events.append({"id": f"{kind}{place}", "type": kind, "timestamp": start, "body": body})
    assert api.post("ingestion", {"batch": events}).status_code == 207
    for place, expected in enumerate(("Рим", "Барселона")):
        item = {"datasetName": "Capitals", "id": f"i{place}", "input": f"Q{place}", "expectedOutput": expected}
        api.post("dataset-items", item | {"metadata": {"level": place}})
        link = {"runName": "r", "datasetItemId": f"i{place}", "traceId": f"t{place}"}
        api.post("dataset-run-items", link | ({"observationId": "o1"} if place else {}))
    return Dataset.objects.get(project_id=project.project.pk, name="Capitals")


def test_a_metric_and_a_program_are_tried_on_the_answers_of_a_dataset(answered: Dataset) -> None:
    subjects = trying.subjects_of_dataset(answered)
    told = {one.trace_id: (one.observation_id, one.expected_output, one.item_metadata) for one in subjects}
    assert told == {"t0": (None, "Рим", {"level": 0}), "t1": ("o1", "Барселона", {"level": 1})}
    exact = trying.try_out(answered.project_id, Metric(kind="exact"), subjects)
    assert {one.subject.trace_id: one.outcomes[0].value for one in exact} == {"t0": 1, "t1": 0}
    source = "def evaluate(output, tool_calls):\n    print(output)\n    return tool_calls[0]['name']"
    program = Code(source_code=source, language="PYTHON")
    by_trace = {one.subject.trace_id: one for one in trying.try_out(answered.project_id, program, subjects)}
    assert "IndexError" in by_trace["t0"].error and by_trace["t0"].printed == "Рим\n"
    assert by_trace["t1"].outcomes[0].value == "look"
    assert not Evaluator.objects.exists()
    with pytest.raises(Invalid, match="at most 20"):
        trying.try_out(answered.project_id, Metric(kind="exact"), subjects * 11)
    with pytest.raises(Invalid, match="kind must be one of"):
        trying.try_out(answered.project_id, Metric(kind="guess"), subjects)


def test_a_judge_is_tried_and_what_was_paid_is_a_trace(api: Api, answered: Dataset, model: Scripted) -> None:
    model.answer = lambda _body: json.dumps({"reasoning": "ok", "score": True})
    subjects = trying.subjects_of_dataset(answered)
    tried = trying.try_out(answered.project_id, JUDGE, subjects, name="Right")
    assert [one.outcomes[0].value for one in tried] == [1, 1]
    assert all(one.cost > 0 and one.seconds > 0 and not one.error for one in tried)
    sent = {body["messages"][0]["content"] for body in model.asked}
    assert sent == {one.filled.messages[0]["content"] for one in tried}
    traces = api.get(f"traces?environment={ENVIRONMENT}").json()["data"]
    assert [(one["name"], one["metadata"]["trial"]) for one in traces] == [("Right", True)] * 2
    assert api.get("v2/scores").json()["data"] == []


def test_variables_with_usual_names_need_no_mapping_by_hand() -> None:
    names = ("Question", "ответ", "reference", "item_metadata", "mood")
    usual = ["input", "output", "expected_output", "experiment_item_metadata", "output"]
    assert [usual_source(name) for name in names] == usual


def test_a_mapping_is_shown_filled_without_any_call(answered: Dataset, model: Scripted) -> None:
    (subject,) = trying.newest_subjects(answered.project_id, limit=1)
    mapping = [Mapped("question", "input"), Mapped("answer", "output", "$.tool_calls[0].id"), Mapped("x", "input")]
    filled = trying.fill(JUDGE, subject, mapping)
    assert filled.values == {"question": subject.input, "answer": "c1"}
    assert filled.faults == {"reference": "It is not mapped."}
    assert filled.messages[0]["content"].startswith(f"{subject.input} c1 {{{{reference}}}}")
    nowhere = trying.fill(JUDGE, subject, [Mapped("answer", "output", "$.absent")])
    assert nowhere.faults["answer"] == "There is nothing at output $.absent."
    assert model.asked == []
    traces = trying.newest_subjects(answered.project_id, "trace")
    assert {one.trace_id: one.expected_output for one in traces} == {"t0": "Рим", "t1": "Барселона"}
