"""`POST /ingestion`: what is refused is named, and its neighbours are stored."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Api, Keys
from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import NOON, at, batch, event
from tracing.api import bodies

pytestmark = pytest.mark.django_db
Refusals = Callable[[Any], dict[str, str]]


def test_the_envelope_alone_decides_over_the_whole(doors: Doors) -> None:
    for body in (b"", b"nonsense", b'{"batch": [', b"[]", b'{"batch": {}}', b"{}", b'{"batch": null}', b"\xff\xfe"):
        answer = doors.api.post("ingestion", body)
        assert answer.status_code == 400, body
        assert set(answer.json()) == {"message", "error"}


def test_an_empty_batch_is_fine(doors: Doors) -> None:
    answer = doors.api.post("ingestion", {"batch": []})
    assert (answer.status_code, answer.json()) == (207, {"successes": [], "errors": []})


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("trace-create", {"id": 7}, "body.id"),
    ("trace-create", {"id": "x" * 801}, "body.id"),
    ("trace-create", {"id": "я" * 1100}, "body.id"),
    ("trace-create", {"id": "😀" * 700}, "body.id"),
    ("trace-create", {"id": "a\rb"}, "body.id"),
    ("trace-create", {"id": "a\0b"}, "body.id"),
    ("trace-create", {"id": "x", "sessionId": "s" * 801}, "body.sessionId"),
    ("trace-create", {"id": "x", "userId": "u\0"}, "body.userId"),
    ("trace-create", {"id": "x", "name": ["list"]}, "body.name"),
    ("trace-create", {"id": "x", "tags": "a"}, "body.tags"),
    ("trace-create", {"id": "x", "tags": ["a", 1]}, "body.tags[1]"),
    ("trace-create", {"id": "x", "public": "yes"}, "body.public"),
    ("trace-create", {"id": "x", "timestamp": "yesterday"}, "body.timestamp"),
    ("trace-create", {"id": "x", "timestamp": "0001-01-01T00:00:00+05:00"}, "body.timestamp"),
    ("trace-create", [], "body"),
    ("trace-create", None, "body"),
    ("span-create", {"id": "x", "traceId": {"a": 1}}, "body.traceId"),
    ("span-create", {"id": "x", "startTime": 1700000000}, "body.startTime"),
    ("span-create", {"id": "x", "endTime": "9999-12-31T23:59:59Z"}, "body.endTime"),
    ("span-create", {"id": "x", "level": "LOUD"}, "body.level"),
    ("span-create", {"id": "x", "input": json.loads("[" * 200 + "]" * 200)}, "input"),
    ("span-create", {"id": "x", "metadata": {"a": json.loads('{"a":' * 150 + "1" + "}" * 150)}}, "metadata"),
    ("generation-create", {"id": "x", "usage": "many"}, "body.usage"),
    ("generation-create", {"id": "x", "usageDetails": [1]}, "body.usageDetails"),
    ("generation-create", {"id": "x", "costDetails": 0.1}, "body.costDetails"),
    ("generation-create", {"id": "x", "model": 4}, "body.model"),
    ("generation-create", {"id": "x", "modelParameters": "hot"}, "body.modelParameters"),
    ("generation-create", {"id": "x", "promptName": "p"}, "body.promptVersion"),
    ("generation-create", {"id": "x", "promptVersion": 1}, "body.promptVersion"),
    ("generation-create", {"id": "x", "promptName": "p", "promptVersion": "1"}, "body.promptVersion"),
    ("generation-create", {"id": "x", "promptName": "p", "promptVersion": 2**40}, "body.promptVersion"),
    ("observation-create", {"id": "x", "type": "DREAM"}, "body.type"),
    ("score-create", {"traceId": "t", "name": "right", "value": True}, "body.value"),
    ("score-create", {"traceId": "t", "name": "right"}, "body.value"),
    ("score-create", {"name": "right", "value": 1}, "body.traceId"),
    ("score-create", {"traceId": "t", "name": "right", "value": -1, "dataType": "BOOLEAN"}, "body.value"),
    ("score-create", {"traceId": "t" * 801, "name": "right", "value": 1}, "body.traceId"),
    ("trace-delete", {"id": "x"}, "type"),
    ("dataset-run-item-create", {"id": "x"}, "type"),
]


@pytest.mark.parametrize(("kind", "body", "field"), BROKEN)
def test_a_broken_event_is_named_and_its_neighbours_are_stored(
    doors: Doors, refusals: Refusals, kind: str, body: Any, field: str
) -> None:
    good = [event("trace-create", {"id": "before"}), event("trace-create", {"id": "after"})]
    broken = event(kind, body)
    answer = doors.ingest(good[0], broken, good[1])
    assert list(refusals(answer)) == [broken["id"]]
    assert refusals(answer)[broken["id"]].startswith(f"{field}: ")
    assert answer.json()["errors"][0]["status"] == 400
    assert [made["id"] for made in answer.json()["successes"]] == [given["id"] for given in good]
    assert doors.trace("before") and doors.trace("after")
    assert doors.api.get("traces").json()["meta"]["totalItems"] == 2


def test_an_unknown_type_is_told_the_known_ones(doors: Doors, refusals: Refusals) -> None:
    (message,) = refusals(doors.ingest(event("trace-delete", {}))).values()
    assert all(
        kind in message for kind in ("trace-create", "generation-update", "agent-create", "score-create", "sdk-log")
    )


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"type": "trace-create", "timestamp": NOON, "body": {}}, "id"),
        ({"id": "", "type": "trace-create", "timestamp": NOON, "body": {}}, "id"),
        ({"id": 7, "type": "trace-create", "timestamp": NOON, "body": {}}, "id"),
        ({"id": "e" * 801, "type": "trace-create", "timestamp": NOON, "body": {}}, "id"),
        ({"id": "e", "timestamp": NOON, "body": {}}, "type"),
        ({"id": "e", "type": "trace-create", "body": {}}, "timestamp"),
        ({"id": "e", "type": "trace-create", "timestamp": "noon", "body": {}}, "timestamp"),
        ({"id": "e", "type": "trace-create", "timestamp": NOON}, "body"),
        ("text", "event"),
        (None, "event"),
        ([], "event"),
    ],
)
def test_a_broken_wrapper_is_refused_by_itself(doors: Doors, raw: Any, field: str) -> None:
    answer = doors.ingest(raw, event("trace-create", {"id": "good"})).json()
    assert [error["message"].partition(":")[0] for error in answer["errors"]] == [field]
    assert len(answer["successes"]) == 1 and doors.trace("good")


def test_an_id_of_800_characters_is_kept(doors: Doors) -> None:
    doors.accept(event("trace-create", {"id": "x" * 800}))
    assert doors.trace("x" * 800)["id"] == "x" * 800


def test_nul_in_texts_is_replaced_and_in_values_kept(doors: Doors) -> None:
    body = {"id": "t", "name": "a\0b", "tags": ["c\0"], "input": "d\0e", "metadata": {"k\0": "v\0"}, "version": "\0"}
    doors.accept(event("trace-create", body))
    trace = doors.trace("t")
    assert (trace["name"], trace["tags"], trace["input"]) == ("a\ufffdb", ["c\ufffd"], "d\0e")
    assert trace["metadata"] == {"k\ufffd": "v\0"}


def test_lone_surrogates_become_replacement_characters(doors: Doors) -> None:
    raw = json.dumps(batch(event("trace-create", {"id": "t", "name": "a\ud800", "input": {"k": "b\udc00c"}}))).encode()
    assert doors.api.post("ingestion", raw).json()["errors"] == []
    assert (doors.trace("t")["name"], doors.trace("t")["input"]) == ("a\ufffd", {"k": "b\ufffdc"})


def test_broken_utf8_and_nan_are_mended(doors: Doors) -> None:
    raw = json.dumps(batch(event("trace-create", {"id": "t", "name": "a?", "input": {"x": "NAN?"}}))).encode()
    raw = raw.replace(b"a?", b"a\xff").replace(b'"NAN?"', b"NaN")
    assert doors.api.post("ingestion", raw).json()["errors"] == []
    assert (doors.trace("t")["name"], doors.trace("t")["input"]) == ("a\ufffd", {"x": None})


def test_ten_megabytes_are_stored(doors: Doors) -> None:
    doors.accept(event("span-create", {"id": "o", "traceId": "t", "input": "я" * 5_000_000}))
    assert doors.observation("o")["input"] == "я" * 5_000_000


def test_more_than_the_limit_is_refused(doors: Doors, settings: Any) -> None:
    answer = doors.api.post("ingestion", b" " * (settings.API_BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert "20 MB" in answer.json()["message"]


def test_a_gzipped_batch_is_unpacked(doors: Doors) -> None:
    body = gzip.compress(json.dumps(batch(event("trace-create", {"id": "t"}))).encode())
    assert doors.api.post("ingestion", body, HTTP_CONTENT_ENCODING="gzip").status_code == 207
    assert doors.trace("t")


def test_a_gzip_bomb_is_noticed_while_it_is_small(doors: Doors, settings: Any) -> None:
    settings.API_INFLATED_LIMIT = 2_000_000
    bomb = gzip.compress(b"[" * 50_000_000)
    answer = doors.api.post("ingestion", bomb, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 413 and "unpacked" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(b'{"batch": []}')[:-9], gzip.compress(b"")],
    ids=["no gzip", "truncated", "nothing inside"],
)
def test_broken_gzip_is_refused(doors: Doors, body: bytes) -> None:
    answer = doors.api.post("ingestion", body, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 400


def test_an_unknown_encoding_is_refused(doors: Doors) -> None:
    answer = doors.api.post("ingestion", b"x", HTTP_CONTENT_ENCODING="br")
    assert answer.status_code == 400 and "br" in answer.json()["message"]


def test_a_thousand_levels_are_refused_without_harm(doors: Doors) -> None:
    body = b'{"batch": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}"
    answer = doors.api.post("ingestion", body)
    assert answer.status_code == 400 and "deeply" in answer.json()["message"]


def test_nobody_without_keys_gets_in(nobody_api: Api) -> None:
    assert nobody_api.post("ingestion", batch()).status_code == 401


def test_the_public_key_alone_may_only_write_scores(doors: Doors, project: Keys) -> None:
    events = [
        event("score-create", {"id": "s", "traceId": "t", "name": "right", "value": 1}),
        event("trace-create", {"id": "t"}),
        event("sdk-log", {"log": "x"}),
    ]
    answer = doors.ingest(*events, HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    assert answer.status_code == 207
    assert [made["id"] for made in answer.json()["successes"]] == [events[0]["id"], events[2]["id"]]
    (error,) = answer.json()["errors"]
    assert (error["id"], error["status"], error["message"]) == (events[1]["id"], 401, "Access Scope Denied")
    assert doors.api.get("traces/t").status_code == 404
    assert doors.api.get("scores/s").status_code == 200


def test_projects_never_see_each_other(doors: Doors, other_api: Api) -> None:
    doors.accept(event("trace-create", {"id": "t", "name": "mine"}), event("span-create", {"id": "o", "traceId": "t"}))
    assert other_api.get("traces/t").status_code == other_api.get("observations/o").status_code == 404
    Doors(other_api).accept(event("trace-create", {"id": "t", "name": "theirs"}))
    assert (doors.trace("t")["name"], other_api.get("traces/t").json()["name"]) == ("mine", "theirs")


def test_answers_stand_in_the_order_sent(doors: Doors) -> None:
    events = [event("trace-create", {"id": f"t{number}"}, timestamp=at(50 - number)) for number in range(20)]
    events[3]["body"]["id"] = events[11]["body"]["id"] = 5
    answer = doors.ingest(*events).json()
    assert [made["id"] for made in answer["successes"]] == [e["id"] for n, e in enumerate(events) if n not in (3, 11)]
    assert [error["id"] for error in answer["errors"]] == [events[3]["id"], events[11]["id"]]


def test_browsers_may_ask_before_they_send(nobody_api: Api) -> None:
    answer = nobody_api.client.options(
        "/api/public/ingestion",
        HTTP_ORIGIN="https://app.example.org",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,content-type,x-langfuse-sdk-name",
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_large_batches_take_turns(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGE", 100)
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.01)
    doors.accept(event("trace-create", {"id": "t", "input": "x" * 200}))
    with bodies._turns, bodies._turns:
        answer = doors.ingest(event("trace-create", {"id": "t", "input": "x" * 200}))
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert doors.api.post("ingestion", {"batch": []}).status_code == 207
    doors.accept(event("trace-create", {"id": "t", "input": "x" * 200}))


def test_numbers_that_no_mean_could_hold_are_refused(doors: Doors) -> None:
    answer = doors.ingest(event("score-create", {"traceId": "t", "name": "n", "value": 1e300})).json()
    assert "value" in str(answer["errors"][0])
    doors.accept(*(event("score-create", {"traceId": "t", "name": "n", "value": 1e100}) for _ in range(3)))
    query = {"view": "scores-numeric", "metrics": [{"measure": "value", "aggregation": "avg"}], "dimensions": []}
    query |= {"fromTimestamp": "2000-01-01T00:00:00Z", "toTimestamp": "2100-01-01T00:00:00Z"}
    assert doors.api.get("v2/metrics", query=json.dumps(query)).status_code == 200
