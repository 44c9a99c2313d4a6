"""`POST /traces`, `POST, PATCH /spans` and `/generations`, `POST /events`: one thing at a time."""

import json
from typing import Any

import pytest

from tests.conftest import Api, Keys
from tracing.models import RejectedEvent

pytestmark = pytest.mark.django_db

START, END = "2026-06-01T12:00:00.000Z", "2026-06-01T12:00:02.000Z"


def write(api: Api, path: str, body: Any, method: str = "POST") -> Any:
    return api.client.generic(method, f"/api/public/{path}", data=_json(body), content_type="application/json")


def _json(body: Any) -> Any:
    return body if isinstance(body, bytes) else json.dumps(body)


def written(api: Api, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
    answer = write(api, path, body, method)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_trace_is_answered_as_it_is_stored(api: Api) -> None:
    body = {"id": "t", "name": "lesson", "userId": "u", "tags": ["a"], "input": {"q": 1}, "metadata": {"class": "7B"}}
    trace = written(api, "traces", body)
    assert (trace["id"], trace["name"], trace["userId"], trace["tags"]) == ("t", "lesson", "u", ["a"])
    assert (trace["input"], trace["metadata"]) == ({"q": 1}, {"class": "7B"})
    assert api.get("traces/t").json()["name"] == "lesson"


def test_an_id_is_made_where_none_was_sent(api: Api) -> None:
    trace = written(api, "traces", {"name": "lesson", "id": None})
    assert len(trace["id"]) == 32
    assert api.get(f"traces/{trace['id']}").status_code == 200


@pytest.mark.parametrize(("path", "kind"), [("spans", "SPAN"), ("generations", "GENERATION"), ("events", "EVENT")])
def test_an_observation_has_the_type_of_its_address(api: Api, path: str, kind: str) -> None:
    made = written(api, path, {"traceId": "t", "name": "step", "startTime": START, "type": "AGENT"})
    assert (made["type"], made["traceId"], made["name"], made["startTime"]) == (kind, "t", "step", START)


def test_a_generation_is_priced(api: Api) -> None:
    body = {"traceId": "t", "model": "gpt-4o-mini", "usage": {"promptTokens": 1000, "completionTokens": 10}}
    made = written(api, "generations", body)
    assert made["usageDetails"] == {"input": 1000, "output": 10, "total": 1010}
    assert made["calculatedTotalCost"] > 0


@pytest.mark.parametrize(("path", "name"), [("spans", "id"), ("spans", "spanId"), ("generations", "generationId")])
def test_a_change_adds_to_what_is_there(api: Api, path: str, name: str) -> None:
    written(api, path, {"id": "o", "traceId": "t", "name": "step", "startTime": START, "input": "q"})
    changed = written(api, path, {name: "o", "endTime": END, "output": "a"}, "PATCH")
    assert (changed["name"], changed["input"], changed["output"], changed["latency"]) == ("step", "q", "a", 2.0)


def test_a_change_must_say_of_what(api: Api) -> None:
    answer = write(api, "spans", {"endTime": END}, "PATCH")
    assert answer.status_code == 400 and b"id: is required" in answer.content


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"startTime": "noon"}, "startTime"),
        ({"level": "LOUD"}, "level"),
        ({"id": 7}, "id"),
        ({"id": "x" * 801}, "id"),
        ({"id": "a\0b"}, "id"),
        ({"usage": 3}, "usage"),
        ({"promptName": "p"}, "promptVersion"),
        ([], "body"),
        (b"{", "JSON"),
        (b"", "JSON"),
        (b'{"a":' * 3000, "body"),
    ],
)
def test_bad_input_is_refused_with_the_name_of_the_field(api: Api, body: Any, field: str) -> None:
    answer = write(api, "generations", body)
    assert answer.status_code == 400, answer.content
    assert field in answer.content.decode()


def test_what_is_refused_is_written_down_as_an_event(api: Api, project: Keys) -> None:
    write(api, "spans", {"name": "step", "level": "LOUD"})
    (kept,) = RejectedEvent.objects.all()
    assert b'"type":"span-create"' in bytes(kept.body) and "level" in kept.reason


def test_broken_characters_are_mended(api: Api) -> None:
    assert written(api, "traces", b'{"id": "t", "name": "a\\ud800"}')["name"] == "a\ufffd"


def test_nobody_writes_without_keys(nobody_api: Api) -> None:
    for path in ("traces", "spans", "generations", "events"):
        assert write(nobody_api, path, {"name": "x"}).status_code == 401


def test_another_project_is_not_touched(api: Api, other_api: Api) -> None:
    written(api, "traces", {"id": "t", "name": "ours"})
    written(other_api, "traces", {"id": "t", "name": "theirs"})
    assert api.get("traces/t").json()["name"] == "ours"
