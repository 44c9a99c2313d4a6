"""A judge: what it is asked, how its answer is had and read, both orders of a pair, and its call as a trace."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts.authors import Author
from evaluation import evaluators
from evaluation.definitions import Judge, Output
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of, inputs_of
from evaluation.scoring.evaluating import evaluate
from evaluation.scoring.judging import ENVIRONMENT
from evaluation.scoring.reading import Unreadable, read_verdict
from tests.conftest import Api, Keys
from tests.evaluation.scripted import Body, Refusal, Scripted
from tracing.recorder import record
from tracing.records import ScoreChange
from tracing.scores import resolve

pytestmark = pytest.mark.django_db

GRADE = Output(data_type="NUMERIC", min_value=0, max_value=5, instructions="5 is best", reasoning="Say why")
MAPPING = (
    Mapped("question", "input", "$.question"),
    Mapped("answer", "output"),
    Mapped("reference", "expected_output"),
)
SUBJECT = Subject(
    trace_id="t1",
    observation_id="o1",
    input={"question": "Столица Италии?"},
    output={"role": "assistant", "content": "Рим {{reference}}"},
    expected_output="Рим",
)
Run = Callable[..., Any]


def version(project: Keys, output: Output = GRADE, **fields: Any) -> EvaluatorVersion:
    messages = fields.pop("messages", [("system", "You judge."), ("user", "{{question}} {{answer}} {{reference}}")])
    definition = Judge(messages=messages, output=output, mapping=fields.pop("mapping", MAPPING), **fields)
    made = evaluators.create(project.project.pk, evaluators.Draft(name="Right", definition=definition), Author())
    return evaluators.latest([made.pk])[made.pk]


def scored(project: Keys, found: list[Outcome], evaluator_id: str = "e") -> list[ScoreChange]:
    checked = resolve(project.id, inputs_of(project.id, evaluator_id, "Right", 1, SUBJECT, found))
    return [score for score in checked if isinstance(score, ScoreChange)]


def said(reasoning: str, score: Any) -> str:
    return json.dumps({"reasoning": reasoning, "score": score})


def test_a_judge_is_asked_by_a_schema_and_its_call_is_a_trace_that_the_score_names(
    project: Keys, model: Scripted, with_clients: Run, api: Api
) -> None:
    model.answer = lambda _body: said("Верно.", 4.5)
    judge = version(project)
    (outcome,) = with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert (outcome.data_type, outcome.value, outcome.reasoning) == ("NUMERIC", 4.5, "Верно.")
    (body,) = model.asked
    assert body["messages"][0] == {"role": "system", "content": "You judge."}
    assert body["messages"][1]["content"].startswith("Столица Италии? Рим {{reference}} Рим\n\nAnswer with one JSON")
    assert body["response_format"]["json_schema"]["schema"]["properties"]["score"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 5,
        "description": "5 is best",
    }
    assert body["temperature"] == 0
    record(project.id, calls_of([outcome]), scored(project, [outcome], judge.evaluator_id))
    (score,) = api.get("v2/scores?name=Right").json()["data"]
    assert (score["value"], score["traceId"], score["observationId"]) == (4.5, "t1", "o1")
    trace = api.get(f"traces/{score['metadata']['judge_trace_id']}").json()
    assert (trace["name"], trace["environment"]) == ("Right", ENVIRONMENT)
    assert trace["metadata"]["judged_trace_id"] == "t1"
    assert trace["output"] == {"score": 4.5, "reasoning": "Верно."}
    assert trace["totalCost"] > 0


@pytest.mark.parametrize(
    ("refused", "words", "modes"),
    [
        ((), said("Right.", 4), ["json_schema"]),
        (("json_schema",), said("Right.", 4), ["json_schema", "json_object"]),
        (("json_schema", "json_object"), "Right.\n\n**Score:** 4", ["json_schema", "json_object", ""]),
        (("temperature",), said("Right.", 4), ["json_schema", "json_schema"]),
    ],
)
def test_an_answer_is_had_by_schema_or_json_mode_or_out_of_text_and_what_is_refused_is_not_asked_for_again(
    project: Keys, model: Scripted, with_clients: Run, refused: tuple[str, ...], words: str, modes: list[str]
) -> None:
    def mode(body: Body) -> str:
        return str(body.get("response_format", {}).get("type", ""))

    def stubborn(body: Body) -> str:
        if mode(body) in refused:
            raise Refusal(f"response_format {mode(body)} is not supported")
        if "temperature" in body and "temperature" in refused:
            raise Refusal("Unsupported value: 'temperature' does not support 0 with this model.")
        return words

    model.answer = stubborn
    judge = version(project)
    (outcome,) = with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert (outcome.value, outcome.reasoning.startswith("Right.")) == (4, True)
    assert [mode(body) for body in model.asked] == modes
    model.asked.clear()
    with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert [mode(body) for body in model.asked] == modes[-1:]
    assert ("temperature" in model.asked[0]) is ("temperature" not in refused)


def test_an_answer_that_cannot_be_read_is_asked_for_once_more(
    project: Keys, model: Scripted, with_clients: Run
) -> None:
    answers = iter([said("Good", 7), said("Good", 5), "no idea", "still none"])
    model.answer = lambda _body: next(answers)
    judge = version(project)
    (outcome,) = with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert outcome.value == 5
    assert model.asked[1]["messages"][-1]["content"].startswith("This answer cannot be read: 7 is not within 0 to 5.")
    calls = calls_of([outcome])
    assert (len(calls), len({call.trace_id for call in calls})) == (2, 1)
    with pytest.raises(ScoringFailed, match="cannot be read: 'still none' is not a number") as failed:
        with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert (failed.value.retryable, len(calls_of([failed.value]))) == (False, 2)


def test_a_judge_that_cannot_be_asked_says_whether_to_try_again(
    project: Keys, model: Scripted, with_clients: Run
) -> None:
    def refuse(_body: Body) -> str:
        raise Refusal("This model's maximum context length is 8192 tokens.")

    model.answer = refuse
    judge = version(project)
    with pytest.raises(ScoringFailed, match="maximum context length") as refused:
        with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert (refused.value.retryable, refused.value.call is not None) == (False, True)
    model.server.shutdown()
    model.server.server_close()
    with pytest.raises(ScoringFailed, match="could not be asked") as unreachable:
        with_clients(lambda clients: evaluate(judge, SUBJECT, MAPPING, clients))
    assert unreachable.value.retryable


def test_without_anything_to_judge_no_model_is_called(project: Keys, model: Scripted, with_clients: Run) -> None:
    judge = version(project)
    for subject, mapping, told in (
        (Subject(trace_id="t", input={"question": "?"}, output="Рим"), MAPPING, "expected_output is empty"),
        (SUBJECT, MAPPING[:2], "not mapped: reference"),
    ):
        with pytest.raises(ScoringFailed, match=told):
            with_clients(lambda clients, s=subject, m=mapping: evaluate(judge, s, m, clients))
    assert model.asked == []


PAIR = Output(data_type="CATEGORICAL", categories=("A", "B", "tie"), multiple=False)
PAIR_MESSAGES = [("user", "{{question}}\nFirst: {{answer_a}}\nSecond: {{answer_b}}")]
PAIR_MAPPING = (
    Mapped("question", "input", "$.question"),
    Mapped("answer_a", "output"),
    Mapped("answer_b", "expected_output"),
)


@pytest.mark.parametrize(
    ("verdict", "preferred", "agree"),
    [
        (lambda text: "A" if "First: Рим" in text else "B", "A", True),
        (lambda _text: "A", "tie", False),
        (lambda _text: "tie", "tie", True),
    ],
)
def test_a_pair_is_judged_in_both_orders(
    project: Keys, model: Scripted, with_clients: Run, verdict: Any, preferred: str, agree: bool
) -> None:
    model.answer = lambda body: said("Because.", verdict(body["messages"][-1]["content"]))
    judge = version(project, PAIR, messages=PAIR_MESSAGES, mapping=PAIR_MAPPING)
    subject = Subject(trace_id="t1", input={"question": "?"}, output="Рим", expected_output="Милан")
    (outcome,) = with_clients(lambda clients: evaluate(judge, subject, PAIR_MAPPING, clients))
    assert (outcome.value, outcome.metadata["orders_agree"]) == (preferred, agree)
    assert ("orders disagree" in outcome.reasoning) is not agree
    assert len(calls_of([outcome])) == len(model.asked) == 2


def test_every_kind_of_outcome_becomes_a_score_and_scoring_anew_replaces_it(project: Keys, api: Api) -> None:
    told = [("NUMERIC", 0.5), ("BOOLEAN", 1.0), ("CATEGORICAL", "Good"), ("CATEGORICAL", "Fine"), ("TEXT", "words")]
    found = [Outcome(data_type=kind, value=value, name=f"{kind}s", reasoning="\0 why \ud800") for kind, value in told]
    for _ in range(2):
        record(project.id, [], scored(project, found))
    stored = api.get("v3/scores?traceId=t1").json()["data"]
    kept = sorted((one["dataType"], str(one["value"])) for one in stored)
    assert kept == [
        ("BOOLEAN", "True"),
        ("CATEGORICAL", "Fine"),
        ("CATEGORICAL", "Good"),
        ("NUMERIC", "0.5"),
        ("TEXT", "words"),
    ]


LABELS = Output(data_type="CATEGORICAL", categories=("Good", "Bad"), multiple=False)
SEVERAL = Output(data_type="CATEGORICAL", categories=("Good", "Bad"), multiple=True)
TRUTH = Output(data_type="BOOLEAN")


@pytest.mark.parametrize(
    ("text", "output", "values"),
    [
        ('{"score": 3, "reasoning": "x"}', GRADE, (3.0,)),
        ('Thinking {"a": 1}\n```json\n{"Score": "4,5"}\n```', GRADE, (4.5,)),
        ('<think>score: 1</think> {"reasoning": "says {x}", "score": 2}', GRADE, (2.0,)),
        ("Оценка: 3\nПередумал. Оценка — 4.", GRADE, (4.0,)),
        ("4", GRADE, (4.0,)),
        ('{"score": "Да"}', TRUTH, (1.0,)),
        ("Verdict: no, it is wrong", TRUTH, (0.0,)),
        ('{"score": false}', TRUTH, (0.0,)),
        ('{"score": "good."}', LABELS, ("Good",)),
        ('{"score": ["Bad", "Good", "Bad"]}', SEVERAL, ("Bad", "Good")),
        ('{"score": []}', SEVERAL, ()),
        ("score: bad, good", SEVERAL, ("Bad", "Good")),
    ],
)
def test_a_verdict_is_read_however_it_is_written(text: str, output: Output, values: tuple[Any, ...]) -> None:
    assert read_verdict(text, output).values == values


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("", GRADE),
        ("{" * 5_000, GRADE),
        ("[" * 100_000, GRADE),
        ('{"score": 6}', GRADE),
        ('{"score": NaN}', GRADE),
        ('{"score": 1e400}', GRADE),
        ('{"score": true}', GRADE),
        ('{"score": "4 of 5"}', GRADE),
        ('{"score": null}', TRUTH),
        ('{"score": "maybe"}', TRUTH),
        ('{"score": "Fine"}', LABELS),
        ('{"score": ["Good", "Bad"]}', LABELS),
        ('{"score": {"Good": 1}}', SEVERAL),
    ],
)
def test_what_is_no_verdict_is_not_taken_for_one(text: str, output: Output) -> None:
    with pytest.raises(Unreadable):
        read_verdict(text, output)


@pytest.mark.parametrize(
    "text",
    [
        "```json" + "\n" * 150_000,
        "<think>" * 30_000,
        json.dumps({"reasoning": "score: 1. " * 100_000, "score": 4}),
        "score: 1. " * 100_000 + '{"score": 4}',
    ],
    ids=["line breaks", "thoughts", "long JSON", "long text"],
)
def test_a_judge_that_does_not_stop_holds_nobody_up_and_is_read_at_the_end(text: str) -> None:
    began = time.process_time()
    if "score" in text:
        assert read_verdict(text, GRADE).values == (4.0,)
    else:
        with pytest.raises(Unreadable):
            read_verdict(text, GRADE)
    assert time.process_time() - began < 2
