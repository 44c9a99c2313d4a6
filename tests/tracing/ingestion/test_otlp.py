"""`POST /otel/v1/traces`: both encodings through the whole stack."""

import gzip
import json
from io import BytesIO
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.conftest import Api, Keys
from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import (
    CHILD_ID,
    JSON,
    PROTOBUF,
    SPAN_ID,
    TRACE_ID,
    child,
    export,
    json_export,
    json_span,
    span,
)

pytestmark = pytest.mark.django_db

EVERY_KIND = {
    "text": "Рим",
    "yes": True,
    "whole": -7,
    "half": 0.5,
    "list": ["a", 1],
    "map": {"k": ["v"]},
    "raw": b"\x01",
}


def test_spans_can_be_read_at_once(doors: Doors) -> None:
    answer = doors.export(
        export(span({"langfuse.observation.input": "q"}), child({"langfuse.observation.output": "a"}))
    )
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, PROTOBUF, b"")
    trace = doors.trace(TRACE_ID)
    assert (trace["name"], trace["input"], trace["latency"]) == ("work", "q", 1.0)
    steps = {step["id"]: step for step in trace["observations"]}
    assert steps[CHILD_ID]["parentObservationId"] == SPAN_ID
    assert steps[CHILD_ID]["output"] == "a"


def test_json_means_the_same(doors: Doors) -> None:
    attributes = [
        {"key": "langfuse.observation.input", "value": {"stringValue": "q"}},
        {"key": "langfuse.trace.tags", "value": {"arrayValue": {"values": [{"stringValue": "география"}]}}},
        {"key": "langfuse.trace.public", "value": {"boolValue": True}},
        {"key": "langfuse.observation.metadata.n", "value": {"intValue": "12"}},
    ]
    body = json_export(json_span(attributes=attributes, status={"code": 2, "message": "boom"}))
    answer = doors.export(body, f"{JSON}; charset=utf-8")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, JSON, b"{}")
    trace = doors.trace(TRACE_ID)
    assert (trace["input"], trace["tags"], trace["public"]) == ("q", ["география"], True)
    (step,) = trace["observations"]
    assert (step["level"], step["statusMessage"], step["metadata"]["n"]) == ("ERROR", "boom", 12)


def test_every_kind_of_value_arrives(doors: Doors) -> None:
    doors.export(export(span(EVERY_KIND), scope="other"))
    kept = doors.observation(SPAN_ID)["metadata"]["attributes"]
    assert kept == {**EVERY_KIND, "raw": "AQ=="}


def test_every_kind_of_value_arrives_in_json(doors: Doors) -> None:
    values = {
        "text": {"stringValue": ""},
        "whole": {"intValue": 7},
        "whole_float": {"intValue": 7.0},
        "text_number": {"intValue": "-9007199254740993"},
        "huge": {"intValue": "1" * 40},
        "half": {"doubleValue": 0.5},
        "odd": {"doubleValue": "NaN"},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {}}}]}},
        "raw": {"bytesValue": "AQ=="},
        "none": {},
    }
    attributes = [{"key": f"langfuse.observation.metadata.{key}", "value": value} for key, value in values.items()]
    assert doors.export(json_export(json_span(attributes=attributes)), JSON).status_code == 200
    kept = doors.observation(SPAN_ID)["metadata"]
    assert {key: kept[key] for key in values} == {
        "text": "",
        "whole": 7,
        "whole_float": 7,
        "text_number": -9007199254740993,
        "huge": int("1" * 40),
        "half": 0.5,
        "odd": None,
        "map": {"k": []},
        "raw": "AQ==",
        "none": None,
    }


def test_gzip_is_unpacked(doors: Doors) -> None:
    body = gzip.compress(export(span()))
    assert doors.export(body, HTTP_CONTENT_ENCODING="gzip", HTTP_X_LANGFUSE_INGESTION_VERSION="4").status_code == 200
    assert doors.trace(TRACE_ID)


def test_a_body_in_chunks_is_read_to_its_end(doors: Doors) -> None:
    body = gzip.compress(export(span()))
    headers = {"HTTP_CONTENT_ENCODING": "gzip", "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": PROTOBUF}
    assert doors.export(b"", **headers, **{"wsgi.input": BytesIO(body)}).status_code == 200
    assert doors.trace(TRACE_ID)


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_nothing_is_fine(doors: Doors, content_type: str) -> None:
    assert doors.export(b"", CONTENT_TYPE=content_type).status_code == 200
    assert doors.export(b"{}" if content_type == JSON else b"\n\x00", content_type).status_code == 200


def test_a_replayed_export_changes_nothing(doors: Doors) -> None:
    body = export(span({"user.id": "u", "langfuse.trace.tags": ["a"]}), child({"langfuse.trace.name": "n"}))
    doors.export(body)
    first = doors.everything()
    doors.export(body)
    assert doors.everything() == first


def test_spans_of_a_trace_may_come_in_any_order_and_batch(doors: Doors) -> None:
    doors.export(export(child({"langfuse.trace.name": "named", "user.id": "u"})))
    doors.export(export(span({"langfuse.observation.output": "a", "session.id": "s"}, name="root")))
    trace = doors.trace(TRACE_ID)
    assert (trace["name"], trace["userId"], trace["sessionId"], trace["output"]) == ("named", "u", "s", "a")


def test_a_remote_parent_does_not_hide_the_root(doors: Doors) -> None:
    doors.export(export(child({"langfuse.internal.as_root": True, "langfuse.observation.input": "q"}, name="app")))
    trace = doors.trace(TRACE_ID)
    assert (trace["name"], trace["input"]) == ("app", "q")


def test_base64_ids_are_told_by_their_length(doors: Doors) -> None:
    body = json_export(json_span(traceId="CvdlGRbNQ92ESOshHIAxnA==", spanId="t61rcWkgMzE=", parentSpanId=""))
    assert doors.export(body, JSON).status_code == 200
    assert doors.trace(TRACE_ID)["observations"][0]["id"] == SPAN_ID


def test_what_the_specification_leaves_to_newer_versions_is_ignored(doors: Doors) -> None:
    event = {"name": None, "timeUnixNano": "1", "unknown": [1], "attributes": None}
    body = json_span(kind="SPAN_KIND_CLIENT", traceState="a=b", flags=1, links=[{}], unknown={"a": 1}, events=[event])
    assert doors.export(json_export(body), JSON).status_code == 200
    assert doors.observation(SPAN_ID)["name"] == "work"


@pytest.mark.parametrize(
    ("code", "level"), [(2, "ERROR"), ("STATUS_CODE_ERROR", "ERROR"), (1, "DEFAULT"), (0, "DEFAULT")]
)
def test_the_status_is_a_number_or_a_name(doors: Doors, code: Any, level: str) -> None:
    doors.export(json_export(json_span(status={"code": code})), JSON)
    assert doors.observation(SPAN_ID)["level"] == level


@pytest.mark.parametrize("nanoseconds", [1_780_315_200_000_000_000, "1780315200000000000", {"low": 0, "high": 0}])
def test_times_are_numbers_texts_or_halves(doors: Doors, nanoseconds: Any) -> None:
    if isinstance(nanoseconds, dict):
        nanoseconds = {"low": 1_780_315_200_000_000_000 & 0xFFFFFFFF, "high": 1_780_315_200_000_000_000 >> 32}
    doors.export(json_export(json_span(startTimeUnixNano=nanoseconds)), JSON)
    assert doors.observation(SPAN_ID)["startTime"] == "2026-06-01T12:00:00.000Z"


@pytest.mark.parametrize("body", [{"resource_spans": [{}]}, {"scopeSpans": [{"spans": [json_span()]}]}])
def test_spans_under_other_names_are_not_lost_in_silence(doors: Doors, body: Any) -> None:
    answer = doors.export(json.dumps(body).encode(), JSON)
    assert answer.status_code == 400 and "resourceSpans" in answer.json()["message"]


def test_upper_case_ids_become_lower_case(doors: Doors) -> None:
    doors.export(json_export(json_span(traceId=TRACE_ID.upper(), spanId=SPAN_ID.upper())), JSON)
    assert doors.trace(TRACE_ID)["observations"][0]["id"] == SPAN_ID


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"traceId": "xyz"}, "traceId"),
        ({"traceId": None}, "traceId"),
        ({"traceId": "0" * 32}, "traceId"),
        ({"spanId": ""}, "spanId"),
        ({"spanId": "0" * 16}, "spanId"),
        ({"parentSpanId": "short"}, "parentSpanId"),
        ({"name": 7}, "name"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": [{"value": {}}]}, "key"),
        ({"events": "none"}, "events"),
        ({"startTimeUnixNano": []}, "startTimeUnixNano"),
    ],
)
def test_a_broken_span_is_named_and_its_neighbours_are_stored(doors: Doors, fault: dict[str, Any], field: str) -> None:
    answer = doors.export(json_export(json_span(**fault), json_span(spanId=CHILD_ID)), JSON)
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert (
        partial["errorMessage"].startswith("resourceSpans[0].scopeSpans[0].spans[0].")
        and field in partial["errorMessage"]
    )
    assert [step["id"] for step in doors.trace(TRACE_ID)["observations"]] == [CHILD_ID]


@pytest.mark.parametrize(("levels", "status"), [(110, 200), (150, 200), (5000, 400)])
def test_a_value_nested_too_deeply_is_refused(doors: Doors, levels: int, status: int) -> None:
    opening, closing = '{"kvlistValue": {"values": [{"key": "k", "value": ', "}]}}"
    value = opening * levels + '{"stringValue": "x"}' + closing * levels
    sent = json_export(json_span(attributes=[{"key": "input", "value": "DEEP"}]), json_span(spanId=CHILD_ID))
    answer = doors.export(sent.replace(b'"DEEP"', value.encode()), JSON)
    assert answer.status_code == status, answer.content
    assert "nested" in answer.content.decode()
    assert status == 400 or doors.observation(CHILD_ID)


def test_protobuf_is_answered_in_protobuf(doors: Doors) -> None:
    broken = span(trace_id="00" * 16)
    answer = doors.export(export(broken, span(id="aa" * 4), child()))
    assert answer.status_code == 200
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 2
    assert "traceId" in partial.error_message and "spanId: must have 8 bytes, not 4" in partial.error_message
    assert [step["id"] for step in doors.trace(TRACE_ID)["observations"]] == [CHILD_ID]


def test_an_export_without_a_sound_span_is_refused(doors: Doors) -> None:
    answer = doors.export(export(span(trace_id="00" * 16)))
    assert answer.status_code == 400 and "traceId" in answer.json()["message"]


def test_truncated_protobuf_is_refused(doors: Doors) -> None:
    body = export(span({"langfuse.observation.input": "x" * 1000}))
    answer = doors.export(body[:-300])
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "error"}


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        b'{"resourceSpans": 7}',
        b'{"resourceSpans": [{"scopeSpans": {}}]}',
        b'{"resourceSpans": [{"resource": {"attributes": "x"}}]}',
        b'{"a": ' * 5000,
        b"[" * 100_000,
    ],
)
def test_what_is_no_export_is_refused(doors: Doors, body: bytes) -> None:
    answer = doors.export(body, JSON)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"message", "error"}


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/grpc"])
def test_another_content_type_is_refused(doors: Doors, content_type: str) -> None:
    answer = doors.export(export(span()), content_type)
    assert answer.status_code == 400 and "content type" in answer.json()["message"]


@pytest.mark.parametrize(
    ("version", "status"),
    [("0", 200), ("4", 200), ("5", 400), ("four", 400), ("NaN", 400), ("-1", 400), ("9" * 5000, 400)],
)
def test_versions_beyond_ours_are_refused(doors: Doors, version: str, status: int) -> None:
    assert doors.export(export(span()), HTTP_X_LANGFUSE_INGESTION_VERSION=version).status_code == status


def test_a_gzip_bomb_is_noticed_while_it_is_small(doors: Doors, settings: Any) -> None:
    settings.API_INFLATED_LIMIT = 1_000_000
    answer = doors.export(gzip.compress(b"\0" * 30_000_000), HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 413


def test_nul_and_surrogates_do_no_harm(doors: Doors) -> None:
    attributes = {"langfuse.observation.input": "a\0b", "user.id": "u\0", "langfuse.observation.metadata.k\0": "v\0"}
    assert doors.export(export(span(attributes, name="n\0"))).status_code == 200
    trace = doors.trace(TRACE_ID)
    assert (trace["name"], trace["userId"], trace["input"]) == ("n\ufffd", "u\ufffd", "a\0b")
    assert trace["metadata"]["k\ufffd"] == "v\0"
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [json_span(spanId=CHILD_ID, name="a\ud800")]}]}]})
    assert doors.export(body.encode(), JSON).status_code == 200
    assert doors.observation(CHILD_ID)["name"] == "a\ufffd"


def test_text_that_holds_deep_json_stays_text(doors: Doors) -> None:
    deep = "[" * 200 + "]" * 200
    doors.export(export(span({"langfuse.observation.input": deep})))
    assert doors.observation(SPAN_ID)["input"] == deep


def test_the_public_key_alone_is_not_enough(doors: Doors, project: Keys) -> None:
    answer = doors.export(export(span()), HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    assert answer.status_code == 403


def test_nobody_without_keys_gets_in(nobody_api: Api) -> None:
    assert Doors(nobody_api).export(export(span())).status_code == 401


def test_metrics_are_accepted_and_not_kept(doors: Doors) -> None:
    path = "/api/public/otel/v1/metrics"
    assert doors.api.client.generic("POST", path, data=b"\x00", content_type=PROTOBUF).status_code == 200
