"""`POST /ingestion`: what each type of event stores, and how several about one thing come together."""

import pytest

from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import at, event

pytestmark = pytest.mark.django_db


def test_a_trace_and_its_steps_can_be_read_at_once(doors: Doors) -> None:
    doors.accept(
        event("trace-create", {"id": "t", "name": "answer", "userId": "даниил", "sessionId": "s", "tags": ["b", "a"]}),
        event("span-create", {"id": "o1", "traceId": "t", "name": "look up", "input": {"страна": "Италия"}}),
        event("generation-create", {"id": "o2", "traceId": "t", "parentObservationId": "o1", "output": "Рим"}),
        event("event-create", {"id": "o3", "traceId": "t", "name": "cache missed", "level": "DEBUG"}),
    )
    trace = doors.trace("t")
    assert (trace["name"], trace["userId"], trace["sessionId"], trace["tags"]) == ("answer", "даниил", "s", ["a", "b"])
    steps = {step["id"]: step for step in trace["observations"]}
    assert {id: step["type"] for id, step in steps.items()} == {"o1": "SPAN", "o2": "GENERATION", "o3": "EVENT"}
    assert steps["o1"]["input"] == {"страна": "Италия"}
    assert (steps["o2"]["output"], steps["o2"]["parentObservationId"]) == ("Рим", "o1")
    assert steps["o3"]["level"] == "DEBUG"


@pytest.mark.parametrize(
    "kind",
    ["agent", "tool", "chain", "retriever", "evaluator", "embedding", "guardrail", "generation", "span", "event"],
)
def test_every_type_has_its_event(doors: Doors, kind: str) -> None:
    doors.accept(event(f"{kind}-create", {"id": "o", "traceId": "t"}))
    assert doors.observation("o")["type"] == kind.upper()


def test_the_legacy_observation_event_names_its_type_itself(doors: Doors) -> None:
    doors.accept(event("observation-create", {"id": "o", "traceId": "t", "type": "GENERATION"}))
    doors.accept(event("observation-update", {"id": "o", "traceId": "t", "type": "GENERATION", "output": "x"}))
    assert (doors.observation("o")["type"], doors.observation("o")["output"]) == ("GENERATION", "x")


def test_an_update_of_a_span_leaves_the_type_alone(doors: Doors) -> None:
    doors.accept(event("agent-create", {"id": "o", "traceId": "t"}))
    doors.accept(event("span-update", {"id": "o", "traceId": "t", "output": 1}))
    assert (doors.observation("o")["type"], doors.observation("o")["output"]) == ("AGENT", 1)


def test_updates_count_after_creates_whatever_their_order(doors: Doors) -> None:
    doors.accept(
        event("span-update", {"id": "o", "traceId": "t", "name": "updated"}, timestamp=at(1)),
        event("span-create", {"id": "o", "traceId": "t", "name": "created"}, timestamp=at(2)),
    )
    assert doors.observation("o")["name"] == "updated"


def test_events_of_one_kind_count_in_the_order_of_their_times(doors: Doors) -> None:
    doors.accept(
        event("trace-create", {"id": "t", "name": "later"}, timestamp=at(2)),
        event("trace-create", {"id": "t", "name": "earlier"}, timestamp=at(1)),
    )
    assert doors.trace("t")["name"] == "later"


def test_an_update_may_come_before_its_create_in_another_batch(doors: Doors) -> None:
    update = {"id": "o", "traceId": "t", "endTime": at(3), "output": "done", "level": "ERROR"}
    doors.accept(event("span-update", update, timestamp=at(3)))
    doors.accept(event("span-create", {"id": "o", "traceId": "t", "name": "work", "startTime": at(1)}, timestamp=at(1)))
    step = doors.observation("o")
    assert (step["name"], step["output"], step["level"]) == ("work", "done", "ERROR")
    assert (step["startTime"], step["endTime"], step["latency"]) == (at(1), at(3), 2.0)


def test_missing_and_null_fields_keep_what_is_there(doors: Doors) -> None:
    first = {"id": "t", "name": "n", "input": {"a": 1}, "metadata": {"k": "v"}, "version": "1", "tags": ["x"]}
    doors.accept(event("trace-create", first))
    second = {"id": "t", "name": None, "input": None, "metadata": {"l": 2}, "version": None, "tags": ["y"]}
    doors.accept(event("trace-create", second))
    trace = doors.trace("t")
    assert (trace["name"], trace["input"], trace["version"], trace["tags"]) == ("n", {"a": 1}, "1", ["x", "y"])
    assert trace["metadata"] == {"k": "v", "l": 2}


def test_a_trace_can_be_published_and_withdrawn(doors: Doors) -> None:
    doors.accept(event("trace-create", {"id": "t", "public": True}))
    doors.accept(event("trace-create", {"id": "t"}))
    assert doors.trace("t")["public"] is True
    doors.accept(event("trace-create", {"id": "t", "public": False}))
    assert doors.trace("t")["public"] is False


def test_a_missing_time_is_the_time_of_the_event(doors: Doors) -> None:
    doors.accept(
        event("trace-create", {"id": "t"}, timestamp=at(7)),
        event("span-create", {"id": "o", "traceId": "t"}, timestamp=at(8)),
    )
    assert doors.trace("t")["timestamp"] == at(7)
    assert doors.observation("o")["startTime"] == at(8)


def test_an_end_before_the_start_is_the_start(doors: Doors) -> None:
    doors.accept(event("span-create", {"id": "o", "traceId": "t", "startTime": at(5), "endTime": at(2)}))
    assert doors.observation("o")["endTime"] == at(5)


def test_an_observation_without_a_trace_makes_its_own_with_its_name(doors: Doors) -> None:
    doors.accept(event("generation-create", {"id": "o", "name": "alone", "input": "q", "output": "a"}))
    trace = doors.trace("o")
    assert (trace["name"], trace["input"], trace["output"]) == ("alone", "q", "a")
    assert [step["id"] for step in trace["observations"]] == ["o"]


def test_bodies_without_an_id_get_one_from_their_event(doors: Doors) -> None:
    events = [
        event("trace-create", {"name": "nameless"}),
        event("span-create", {"traceId": "t", "name": "step"}),
        event("score-create", {"traceId": "t", "name": "right", "value": 1}),
    ]
    doors.accept(*events)
    first = doors.everything()
    doors.accept(*events)
    assert doors.everything() == first
    assert doors.api.get("traces", name="nameless").json()["meta"]["totalItems"] == 1
    assert len(doors.trace("t")["observations"]) == len(doors.trace("t")["scores"]) == 1


def test_a_replayed_batch_changes_nothing(doors: Doors) -> None:
    events = [
        event("trace-create", {"id": "t", "name": "n", "tags": ["a"], "metadata": {"x": 1}}),
        event("generation-create", {"id": "g", "traceId": "t", "model": "gpt-4o-mini", "input": "q"}),
        event("generation-update", {"id": "g", "traceId": "t", "endTime": at(2), "output": "a"}, timestamp=at(2)),
        event("score-create", {"traceId": "t", "name": "right", "value": 1, "comment": "x"}),
    ]
    doors.accept(*events)
    first = doors.everything()
    for _ in range(2):
        doors.accept(*events)
    assert doors.everything() == first


def test_values_are_kept_as_they_were_sent(doors: Doors) -> None:
    body = b"""{"batch": [{"id": "e", "type": "trace-create", "timestamp": "2026-06-01T12:00:00Z", "body": {"id": "t",
        "input": {"b": 1, "a": 12345678901234567890123, "price": 1.10}, "output": "2", "metadata": {"n": "0"}}}]}"""
    assert doors.api.post("ingestion", body).status_code == 207
    text = doors.api.get("traces/t").content.decode()
    assert '{"b": 1, "a": 12345678901234567890123, "price": 1.10}' in text
    assert (doors.trace("t")["output"], doors.trace("t")["metadata"]) == (2, {"n": 0})


def test_metadata_need_not_be_an_object(doors: Doors) -> None:
    doors.accept(event("trace-create", {"id": "t", "metadata": "test"}))
    doors.accept(event("span-create", {"id": "o", "traceId": "t", "metadata": ["a", 1]}))
    assert doors.trace("t")["metadata"] == {"metadata": "test"}
    assert doors.observation("o")["metadata"] == {"metadata": ["a", 1]}


def test_model_parameters_are_kept(doors: Doors) -> None:
    parameters = {"temperature": "0.9", "max_tokens": 100, "stop": ["a", "b"]}
    doors.accept(event("generation-create", {"id": "g", "traceId": "t", "modelParameters": parameters}))
    assert doors.observation("g")["modelParameters"] == parameters


def test_a_session_appears_when_a_trace_names_it(doors: Doors) -> None:
    doors.accept(event("trace-create", {"id": "t", "sessionId": "урок"}))
    assert [trace["id"] for trace in doors.api.get("sessions/урок").json()["traces"]] == ["t"]


def test_the_time_of_a_score_event_is_the_time_of_the_score(doors: Doors) -> None:
    doors.accept(event("score-create", {"id": "s", "traceId": "t", "name": "right", "value": 1}, timestamp=at(9)))
    assert doors.api.get("scores/s").json()["timestamp"] == at(9)


def test_sdk_logs_are_welcome(doors: Doors) -> None:
    doors.accept(event("sdk-log", {"log": {"level": "warning"}}))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Production", "production"),
        ("langfuse-staging", "staging"),
        ("bad name!", "default"),
        ("", "default"),
        ("x" * 60, "x" * 40),
    ],
)
def test_environments_are_made_to_fit(doors: Doors, sent: str, kept: str) -> None:
    doors.accept(event("trace-create", {"id": "t", "environment": sent}))
    assert doors.trace("t")["environment"] == kept


def test_js3_has_its_invalid_environments_refused(doors: Doors) -> None:
    events = [
        event("trace-create", {"id": id, "environment": name}) for id, name in (("bad", "not OK"), ("good", "ok"))
    ]
    answer = doors.api.post("ingestion", {"batch": events, "metadata": {"sdk_name": "langfuse-js"}}).json()
    assert [error["id"] for error in answer["errors"]] == [events[0]["id"]]
    assert "body.environment" in answer["errors"][0]["message"]
    assert doors.api.get("traces/bad").status_code == 404
    assert doors.trace("good")["environment"] == "ok"
