"""Short ways to say what a client sends."""

import itertools
import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracing.ingestion.sources import Source, Span

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE_ID, SPAN_ID, CHILD_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
NOON = "2026-06-01T12:00:00.000Z"
NOON_NS = 1_780_315_200_000_000_000
SECOND_NS = 1_000_000_000

_numbers = itertools.count(1)


def at(seconds: float) -> str:
    """A moment so many seconds after noon, as clients write it."""
    minutes, rest = divmod(seconds, 60)
    return f"2026-06-01T12:{int(minutes):02d}:{rest:06.3f}Z"


def event(kind: str, body: Any, *, id: str = "", timestamp: str = NOON) -> dict[str, Any]:
    return {"id": id or f"event-{next(_numbers)}", "type": kind, "timestamp": timestamp, "body": body}


def batch(*events: Any) -> dict[str, Any]:
    return {"batch": list(events), "metadata": {"sdk_name": "python", "sdk_version": "2.60.10"}}


def span(attributes: dict[str, Any] | None = None, **fields: Any) -> Span:
    """A root span of one second."""
    defaults = {
        "trace_id": TRACE_ID,
        "id": SPAN_ID,
        "parent_id": None,
        "name": "work",
        "start": NOON_NS,
        "end": NOON_NS + SECOND_NS,
    }
    return Span(**{**defaults, "attributes": attributes or {}, **fields})


def child(attributes: dict[str, Any] | None = None, **fields: Any) -> Span:
    return span(attributes, **{"id": CHILD_ID, "parent_id": SPAN_ID, "name": "step", **fields})


def source(*spans: Span, scope: str = "langfuse-sdk", version: str = "4.18.0", resource: Any = None) -> Source:
    return Source(resource or {}, scope, version, {}, spans)


def export(*spans: Span, scope: str = "langfuse-sdk", resource: dict[str, Any] | None = None) -> bytes:
    """The protobuf body that carries these spans."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    _attributes(resource_spans.resource, resource or {})
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = scope
    for given in spans:
        wire = scope_spans.spans.add()
        wire.trace_id, wire.span_id = bytes.fromhex(given.trace_id), bytes.fromhex(given.id)
        wire.parent_span_id = bytes.fromhex(given.parent_id or "")
        wire.name = given.name
        wire.start_time_unix_nano, wire.end_time_unix_nano = given.start, given.end
        wire.status.code, wire.status.message = given.status_code, given.status_message
        _attributes(wire, given.attributes)
        for happened in given.events:
            made = wire.events.add()
            made.name, made.time_unix_nano = happened.name, happened.time
            _attributes(made, happened.attributes)
    return request.SerializeToString()


def _attributes(owner: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        _fill(owner.attributes.add(key=key).value, value)


def _fill(any_value: Any, value: Any) -> None:
    if isinstance(value, bool):
        any_value.bool_value = value
    elif isinstance(value, str):
        any_value.string_value = value
    elif isinstance(value, int):
        any_value.int_value = value
    elif isinstance(value, float):
        any_value.double_value = value
    elif isinstance(value, bytes):
        any_value.bytes_value = value
    elif isinstance(value, list):
        any_value.array_value.SetInParent()
        for item in value:
            _fill(any_value.array_value.values.add(), item)
    elif isinstance(value, dict):
        any_value.kvlist_value.SetInParent()
        for key, item in value.items():
            _fill(any_value.kvlist_value.values.add(key=key).value, item)


def json_span(**fields: Any) -> dict[str, Any]:
    """A span as OTLP writes it in JSON."""
    defaults = {
        "traceId": TRACE_ID,
        "spanId": SPAN_ID,
        "name": "work",
        "startTimeUnixNano": str(NOON_NS),
        "endTimeUnixNano": str(NOON_NS + SECOND_NS),
        "attributes": [],
    }
    return {**defaults, **fields}


def json_export(*spans: Any) -> bytes:
    scope_spans = [{"scope": {"name": "langfuse-sdk"}, "spans": list(spans)}]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": scope_spans}]}).encode()
