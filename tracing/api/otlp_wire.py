"""The encodings of OTLP traces: protobuf and JSON, to and from `tracing.ingestion.sources`.

A span whose ids are missing or malformed is refused by itself and named in the answer; the others are read.
https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import orjson
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from common.errors import Invalid
from tracing.ingestion import jsontext
from tracing.ingestion.sources import Source, Span, SpanEvent

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8
# A level of a value takes up to four of JSON: value, list, its items, and what a key stands for.
MAX_JSON_DEPTH = 4 * jsontext.MAX_DEPTH
# More reasons would not be read by anybody.
REASONS_KEPT = 5

Value = TypeVar("Value")


@dataclass
class Export:
    """A decoded request: what is sound in it, and why the rest is not."""

    sources: list[Source] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)

    def collect(self, spans: Iterable[Any], read: Callable[[Any], Span], place: str) -> list[Span]:
        """Read the spans that can be read; note the others."""
        sound = []
        for position, raw in enumerate(spans):
            try:
                sound.append(read(raw))
            except Invalid as refusal:
                self.refused += 1
                if len(self.reasons) < REASONS_KEPT:
                    self.reasons.append(f"{place}.spans[{position}].{refusal.message}")
        self.accepted += len(sound)
        return sound

    @property
    def message(self) -> str:
        more = self.refused - len(self.reasons)
        return " ".join(self.reasons) + (f" And {more} more." if more > 0 else "")


# --- Protobuf -----------------------------------------------------------------------------------------


def decode_protobuf(body: bytes) -> Export:
    """Raises Invalid for a message that cannot be parsed."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise Invalid(f"The body is no valid OTLP protobuf message: {error}.") from error
    export = Export()
    for i, resource_spans in enumerate(request.resource_spans):
        resource = _attributes(resource_spans.resource.attributes)
        for j, scope_spans in enumerate(resource_spans.scope_spans):
            scope = scope_spans.scope
            spans = export.collect(scope_spans.spans, _protobuf_span, f"resourceSpans[{i}].scopeSpans[{j}]")
            export.sources.append(Source(resource, scope.name, scope.version, _attributes(scope.attributes), spans))
    return export


def _protobuf_span(span: Any) -> Span:
    trace_id, span_id, parent = span.trace_id, span.span_id, span.parent_span_id
    if len(trace_id) != TRACE_ID_BYTES or len(span_id) != SPAN_ID_BYTES or len(parent) not in (0, SPAN_ID_BYTES):
        raise _malformed(trace_id.hex(), span_id.hex())
    status = span.status
    return Span(
        _valid(trace_id.hex(), "traceId"),
        _valid(span_id.hex(), "spanId"),
        parent.hex() if any(parent) else None,
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [SpanEvent(event.name, _attributes(event.attributes), event.time_unix_nano) for event in span.events],
        status.code,
        status.message,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    # Most values are texts: asking for one first is twice as fast as asking which kind it is.
    return {pair.key: pair.value.string_value or _any_value(pair.value) for pair in pairs}


def _any_value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [_any_value(item) for item in held.values]
    if kind == "kvlist_value":
        return {pair.key: _any_value(pair.value) for pair in held.values}
    return held


# --- JSON -----------------------------------------------------------------------------------------------


class _Wire(msgspec.Struct, rename="camel"):
    """OTLP's JSON is protobuf's, except that ids are hex and enums are numbers; we take names and base64 as well."""


class _AnyValue(_Wire):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | float | str | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: _ArrayValue | None = None
    kvlist_value: _KeyValueList | None = None


class _ArrayValue(_Wire):
    values: list[_AnyValue] | None = None


class _KeyValue(_Wire):
    key: str
    value: _AnyValue | None = None


class _KeyValueList(_Wire):
    values: list[_KeyValue] | None = None


class _Words(_Wire):
    """A 64-bit number in two halves, as older exporters write it."""

    low: int
    high: int


Time = int | str | float | _Words | None


class _Event(_Wire):
    name: str | None = None
    time_unix_nano: Time = None
    attributes: list[_KeyValue] | None = None


class _Status(_Wire):
    code: int | str | None = None
    message: str | None = None


class _Span(_Wire):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    start_time_unix_nano: Time = None
    end_time_unix_nano: Time = None
    attributes: list[_KeyValue] | None = None
    events: list[_Event] | None = None
    status: _Status | None = None


class _Scope(_Wire):
    name: str | None = None
    version: str | None = None
    attributes: list[_KeyValue] | None = None


class _ScopeSpans(_Wire):
    scope: _Scope | None = None
    spans: list[msgspec.Raw] | None = None


class _Resource(_Wire):
    attributes: list[_KeyValue] | None = None


class _ResourceSpans(_Wire):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(_Wire):
    resource_spans: list[_ResourceSpans] | None = None


_REQUEST = msgspec.json.Decoder(_Request)
_SPAN = msgspec.json.Decoder(_Span)


def decode_json(body: bytes) -> Export:
    """Raises Invalid for a body that is no JSON or not of OTLP's shape."""
    request = _decode(_REQUEST, body)
    if request.resource_spans is None and (b'"resource_spans"' in body or b'"spans"' in body):
        # Unknown keys are ignored, and so these spans would be lost in silence.
        raise Invalid('Names of fields are written in lowerCamelCase, and spans stand below "resourceSpans".')
    export = Export()
    for i, resource_spans in enumerate(request.resource_spans or ()):
        resource = _plain((resource_spans.resource or _Resource()).attributes)
        for j, scope_spans in enumerate(resource_spans.scope_spans or ()):
            scope = scope_spans.scope or _Scope()
            spans = export.collect(scope_spans.spans or (), _json_span, f"resourceSpans[{i}].scopeSpans[{j}]")
            export.sources.append(
                Source(resource, scope.name or "", scope.version or "", _plain(scope.attributes), spans)
            )
    return export


def _decode(decoder: msgspec.json.Decoder[Value], body: bytes | msgspec.Raw) -> Value:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(f"The body is not an OTLP export: {error}.") from error
    except RecursionError as error:
        raise Invalid("The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if (mended := jsontext.mend(bytes(memoryview(body)))) is None:
            raise Invalid(f"The body is not valid JSON: {error}.") from error
        return _decode(decoder, mended)


def _json_span(raw: msgspec.Raw) -> Span:
    if jsontext.deeper_than(bytes(memoryview(raw)), MAX_JSON_DEPTH):
        raise Invalid(f"attributes: a value is nested deeper than {jsontext.MAX_DEPTH} levels.")
    try:
        span = _decode(_SPAN, raw)
    except Invalid as refusal:
        raise Invalid(refusal.message.removeprefix("The body ")) from refusal
    status = span.status or _Status()
    return Span(
        _valid(_hex(span.trace_id, TRACE_ID_BYTES, "traceId"), "traceId"),
        _valid(_hex(span.span_id, SPAN_ID_BYTES, "spanId"), "spanId"),
        _parent(span.parent_span_id),
        span.name or "",
        _nanoseconds(span.start_time_unix_nano),
        _nanoseconds(span.end_time_unix_nano),
        _plain(span.attributes),
        [
            SpanEvent(event.name or "", _plain(event.attributes), _nanoseconds(event.time_unix_nano))
            for event in span.events or ()
        ],
        2 if status.code in (2, "2", "STATUS_CODE_ERROR") else 0,
        status.message or "",
    )


def _hex(sent: str | None, size: int, name: str) -> str:
    """An id in hex; base64, as protobuf's own JSON writes bytes, is told apart by its length."""
    try:
        if sent and len(sent) == size * 2:
            return bytes.fromhex(sent).hex()
        if sent and (raw := b64decode(sent, validate=True)) and len(raw) == size:
            return raw.hex()
    except (ValueError, binascii.Error):
        pass
    raise Invalid(f"{name}: must be {size * 2} hex digits, not {sent!r:.100}.")


def _parent(sent: str | None) -> str | None:
    parent = _hex(sent, SPAN_ID_BYTES, "parentSpanId") if sent else ""
    return parent if parent.strip("0") else None


def _nanoseconds(sent: Time) -> int:
    if isinstance(sent, _Words):
        return (sent.high << 32) + (sent.low & 0xFFFFFFFF)
    try:
        return int(sent or 0)
    except (ValueError, OverflowError):
        return 0


def _plain(pairs: list[_KeyValue] | None) -> dict[str, Any]:
    return {pair.key: _json_value(pair.value) for pair in pairs or ()}


def _json_value(value: _AnyValue | None) -> Any:
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.bool_value is not None:
        return value.bool_value
    if value.int_value is not None:
        return _number(int, value.int_value)
    if value.double_value is not None:
        return _number(float, value.double_value)
    if value.array_value is not None:
        return [_json_value(item) for item in value.array_value.values or ()]
    if value.kvlist_value is not None:
        return _plain(value.kvlist_value.values)
    return value.bytes_value


def _number(kind: Callable[[Any], Any], sent: int | float | str) -> Any:
    try:
        return kind(sent)
    except ValueError:
        return sent


# --- Both -------------------------------------------------------------------------------------------------


def _valid(given: str, name: str) -> str:
    if not given.strip("0"):
        raise Invalid(f"{name}: must not be all zeros.")
    return given


def _malformed(trace_id: str, span_id: str) -> Invalid:
    for name, given, size in (("traceId", trace_id, TRACE_ID_BYTES), ("spanId", span_id, SPAN_ID_BYTES)):
        if len(given) != size * 2:
            return Invalid(f"{name}: must have {size} bytes, not {len(given) // 2}.")
    return Invalid(f"parentSpanId: must be empty or have {SPAN_ID_BYTES} bytes.")


def encode_response(export: Export, content_type: str) -> bytes:
    """The answer in the encoding of the request: empty, or how many spans were refused and why."""
    if content_type == PROTOBUF:
        response = ExportTraceServiceResponse()
        if export.refused:
            response.partial_success.rejected_spans = export.refused
            response.partial_success.error_message = export.message
        return bytes(response.SerializeToString())
    if not export.refused:
        return b"{}"
    # 64-bit numbers are strings in protobuf's JSON.
    return orjson.dumps({"partialSuccess": {"rejectedSpans": str(export.refused), "errorMessage": export.message}})


DECODERS: dict[str, Callable[[bytes], Export]] = {PROTOBUF: decode_protobuf, JSON: decode_json}
