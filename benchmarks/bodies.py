"""Request bodies: stories on the wire, once; then again and again with other ids and times, written over in place."""

import json
import re
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.stories import Step, Story

# Stand for the part of an id that differs from request to request, and for its session.
TRACE_MARK, SPAN_MARK, SESSION_MARK = "aa" * 8, "bb" * 4, "c" * 8
BEGINNING = 978_307_200  # 2001-01-01: stands for the time of the request; no story is that old
Key = tuple[str, int]


class Template:
    """A body with the places of its marks."""

    def __init__(self, body: bytes, marks: Mapping[bytes, Key], traces: int, units: int) -> None:
        self.body, self.traces, self.units = body, traces, units
        found = (
            (match.start(), match.end(), key)
            for mark, key in marks.items()
            for match in re.finditer(re.escape(mark), body)
        )
        self.places = sorted(found)

    def fresh(self, trace_part: bytes, span_part: bytes, at: float) -> bytes:
        """The body with these bytes of ids, 8 and 4, happening at `at`, in seconds since 1970."""
        body = bytearray(self.body)
        known: dict[Key, bytes] = {
            ("trace", 0): trace_part,
            ("span", 0): span_part,
            ("trace text", 0): trace_part.hex().encode(),
            ("span text", 0): span_part.hex().encode(),
            ("session", 0): trace_part[:4].hex().encode(),
        }
        seconds = int(at)
        for start, end, key in self.places:
            value = known.get(key)
            if value is None:
                kind, offset = key
                if kind == "nanoseconds":
                    value = struct.pack("<Q", seconds * 10**9 + offset)
                else:
                    value = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + offset)).encode()
                known[key] = value
            body[start:end] = value
        return bytes(body)


def trace_id(trace_part: bytes, number: int) -> str:
    """The id of the trace that stands at this place in a request."""
    return f"{trace_part.hex()}{number + 1:016x}"


# --- OTLP -----------------------------------------------------------------------------------------------


def otlp(stories: Sequence[Story], first_span: int = 0, only: range | None = None) -> Template:
    """All spans as SDK 5 writes them; or, of one large story, those of a range."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    _set(resource_spans.resource, "service.name", "benchmark")
    _set(resource_spans.resource, "telemetry.sdk.language", "python")
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "langfuse-sdk", "5.0.4"
    marks: dict[bytes, Key] = {
        bytes.fromhex(TRACE_MARK): ("trace", 0),
        bytes.fromhex(SPAN_MARK): ("span", 0),
        SESSION_MARK.encode(): ("session", 0),
    }
    number = first_span
    for place, story in enumerate(stories):
        first = number
        for position in only or range(len(story.steps)):
            span = scope_spans.spans.add()
            span.trace_id = bytes.fromhex(f"{TRACE_MARK}{place + 1:016x}")
            span.span_id = bytes.fromhex(f"{SPAN_MARK}{first + position + 1:08x}")
            _fill(span, story, story.steps[position], first)
            for moment in (span.start_time_unix_nano, span.end_time_unix_nano):
                marks[struct.pack("<Q", moment)] = ("nanoseconds", moment - BEGINNING * 10**9)
            number += 1
    marks |= {_moment(second * 1000)[:19].encode(): ("moment", second) for second in range(10)}
    spans = len(scope_spans.spans)
    return Template(request.SerializeToString(), marks, len(stories), spans)


def _fill(span: Any, story: Story, step: Step, first: int) -> None:
    span.name = step.name
    span.start_time_unix_nano = BEGINNING * 10**9 + step.start * 1_000_000
    span.end_time_unix_nano = BEGINNING * 10**9 + step.end * 1_000_000
    if step.parent is not None:
        span.parent_span_id = bytes.fromhex(f"{SPAN_MARK}{first + step.parent + 1:08x}")
    else:
        for key, text in story.metadata.items():
            _set(span, f"langfuse.trace.metadata.{key}", text)
    _set(span, "langfuse.trace.name", story.name)
    _set(span, "langfuse.observation.type", step.type)
    _set(span, "langfuse.environment", story.environment)
    _set(span, "langfuse.release", story.release)
    _set(span, "langfuse.version", story.version)
    _set(span, "user.id", story.user)
    _set(span, "session.id", f"session-{SESSION_MARK}-{story.session}")
    if story.tags:
        values = span.attributes.add(key="langfuse.trace.tags").value.array_value.values
        for tag in story.tags:
            values.add().string_value = tag
    for key, text in step.metadata.items():
        _set(span, f"langfuse.observation.metadata.{key}", text)
    if step.level != "DEFAULT":
        _set(span, "langfuse.observation.level", step.level)
    for side, text in (("input", step.input), ("output", step.output)):
        if text is not None:
            _set(span, f"langfuse.observation.{side}", text if isinstance(text, str) else _json(text))
    if step.model:
        _set(span, "langfuse.observation.model.name", step.model)
        _set(span, "langfuse.observation.model.parameters", _json({"temperature": 0.2}))
        _set(span, "langfuse.observation.usage_details", _json(step.usage))
        _set(span, "langfuse.observation.completion_start_time", _json(_moment(step.first_token)))
    if step.prompt:
        _set(span, "langfuse.observation.prompt.name", step.prompt[0])
        span.attributes.add(key="langfuse.observation.prompt.version").value.int_value = step.prompt[1]


def _set(owner: Any, key: str, text: str) -> None:
    pair = owner.attributes.add()
    pair.key, pair.value.string_value = key, text


# --- JSON -----------------------------------------------------------------------------------------------


def events(stories: Sequence[Story]) -> Template:
    """For each story five events as SDK 2 writes them: the trace, and its steps below the root."""
    batch = []
    for place, story in enumerate(stories):
        trace = f"{TRACE_MARK}{place + 1:016x}"
        root = story.steps[0]
        said: dict[str, object] = {
            "id": trace,
            "name": story.name,
            "timestamp": _moment(root.start),
            "userId": story.user,
            "sessionId": f"session-{SESSION_MARK}-{story.session}",
            "release": story.release,
            "version": story.version,
            "environment": story.environment,
            "tags": story.tags,
            "metadata": story.metadata,
            "input": root.input,
            "output": root.output,
        }
        batch.append(_event("trace-create", place, 0, root.start, said))
        for position, step in enumerate(story.steps[1:], 1):
            said = {
                "id": f"{SPAN_MARK}{place * len(story.steps) + position:08x}",
                "traceId": trace,
                "name": step.name,
                "startTime": _moment(step.start),
                "endTime": _moment(step.end),
                "level": step.level,
                "environment": story.environment,
                "metadata": step.metadata,
            }
            if step.model:
                said |= {
                    "model": step.model,
                    "modelParameters": {"temperature": 0.2},
                    "usageDetails": step.usage,
                    "completionStartTime": _moment(step.first_token),
                    "input": step.input,
                    "output": step.output,
                }
            kind = "generation-create" if step.model else "span-create"
            batch.append(_event(kind, place, position, step.start, said))
    body = _json({"batch": batch, "metadata": {"sdk_name": "python", "sdk_version": "2.60.10"}}).encode()
    marks: dict[bytes, Key] = {
        TRACE_MARK.encode(): ("trace text", 0),
        SPAN_MARK.encode(): ("span text", 0),
        SESSION_MARK.encode(): ("session", 0),
    }
    marks |= {_moment(second * 1000)[:19].encode(): ("moment", second) for second in range(100)}
    return Template(body, marks, len(stories), len(batch))


def _event(kind: str, place: int, position: int, moment: int, body: dict[str, object]) -> dict[str, object]:
    return {"id": f"{SPAN_MARK}-{place}-{position}", "type": kind, "timestamp": _moment(moment), "body": body}


def scores(judged: Iterable[dict[str, object]]) -> bytes:
    """A batch of `score-create`; each is the body of one."""
    batch = [
        {"id": f"event-{body['id']}", "type": "score-create", "timestamp": body["timestamp"], "body": body}
        for body in judged
    ]
    return _json({"batch": batch, "metadata": {"sdk_name": "python", "sdk_version": "2.60.10"}}).encode()


def _moment(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(BEGINNING + seconds))}.{rest:03d}Z"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
