"""The OTLP door's meaning: spans become observations, and what they say about their trace becomes a trace change.

Traces are derived (api.md, section 4): trace attributes count from any span; the root lends its name and metadata. The
order of start decides between spans of a batch; a name that is only the root's never replaces one that was given.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from common.errors import Invalid
from tracing.environments import environment_name
from tracing.ingestion import attributes, bodies, fields, jsontext
from tracing.ingestion.attributes import Attributes, Meaning
from tracing.records import Changes, JsonText, ObservationChange, TraceChange

ERROR_STATUS = 2
EXCEPTION_EVENT = "exception"
# Not shown again among the other attributes of a foreign span.
SHOWN_ELSEWHERE = ("langfuse.", f"{attributes.VERCEL_METADATA}.", *bodies.BODY_PREFIXES)


@dataclass(slots=True)
class SpanEvent:
    """Something that happened during a span. `time` in nanoseconds since 1970."""

    name: str
    attributes: Attributes
    time: int = 0


@dataclass(slots=True)
class Span:
    """A span as OpenTelemetry means it, whatever its encoding was. Ids are lower-case hex; times as in `SpanEvent`."""

    trace_id: str
    id: str
    parent_id: str | None
    name: str
    start: int
    end: int
    attributes: Attributes
    events: Sequence[SpanEvent] = ()
    status_code: int = 0
    status_message: str = ""


@dataclass
class Source:
    """Where spans come from: a resource (the process) and a scope (the instrumentation)."""

    resource: Attributes = field(default_factory=dict)
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: Attributes = field(default_factory=dict)
    spans: Sequence[Span] = ()

    @cached_property
    def is_sdk(self) -> bool:
        return self.scope_name.startswith(attributes.SDK_SCOPE)

    @cached_property
    def metadata(self) -> dict[str, JsonText]:
        """What every observation and trace from here carries in its metadata."""
        scope = {"name": self.scope_name, "version": self.scope_version, "attributes": self.scope_attributes}
        return {"resourceAttributes": jsontext.dump(self.resource), "scope": jsontext.dump(scope)}

    @cached_property
    def meaning(self) -> Meaning:
        return attributes.read(self.resource)

    @cached_property
    def release(self) -> str | None:
        return fields.short(self.meaning.text("release"))

    @cached_property
    def version(self) -> str | None:
        return fields.short(self.meaning.text("service_version"))

    def environment(self, span: Meaning) -> str | None:
        """The environment of a span: by the most telling name; of the same name, its own before its process's."""
        best = span.ranks.get("environment", 99) <= self.meaning.ranks.get("environment", 99)
        sent = (span if best else self.meaning).text("environment")
        return environment_name(sent) if sent else None


def translate(sources: Iterable[Source]) -> Changes:
    """The changes that a batch of spans makes."""
    batch = [(source, span) for source in sources for span in source.spans]
    batch.sort(key=lambda item: item[1].start)
    now = datetime.now(UTC)
    observations: dict[str, ObservationChange] = {}
    traces: dict[str, _TraceNotes] = {}
    for source, span in batch:
        start = fields.from_nanoseconds(span.start) or fields.from_nanoseconds(span.end) or now
        meaning = attributes.read(span.attributes)
        observation = _observation(source, span, start, meaning)
        observations[span.id] = observation  # an exporter that repeats a span means the same one
        notes = traces.get(span.trace_id)
        if notes is None:
            notes = traces[span.trace_id] = _TraceNotes(TraceChange(id=span.trace_id, seen_at=start))
        notes.add(source, span, observation, meaning)
    return Changes(traces=[notes.settled() for notes in traces.values()], observations=list(observations.values()))


def _observation(source: Source, span: Span, start: datetime, meaning: Meaning) -> ObservationChange:
    values = meaning.values
    kind = attributes.observation_type(meaning, source.scope_name, source.scope_version)
    observation = ObservationChange(
        id=span.id,
        trace_id=span.trace_id,
        seen_at=start,
        type=kind,
        parent_observation_id=span.parent_id,
        as_root=True if span.parent_id and _marked_as_root(values) else None,
        name=fields.short(_name(span, meaning) if meaning.foreign else span.name),
        start_time=start,
        end_time=max(start, fields.from_nanoseconds(span.end) or start),
        level=fields.level(values.get("level")) or ("ERROR" if span.status_code == ERROR_STATUS else None),
        status_message=fields.text(_status_message(span, meaning)),
        environment=source.environment(meaning),
        version=fields.short(meaning.text("version")) if "version" in values else source.version,
        metadata=_metadata(source, span, meaning),
        experiment=meaning.experiment or None,
    )
    incoming, outgoing = values.get("input"), values.get("output")
    if (meaning.foreign or span.events) and incoming is None and outgoing is None:
        events = [(event.name, event.attributes) for event in span.events]
        incoming, outgoing = bodies.find(span.attributes, events, source.scope_name)
    observation.input, observation.output = _body(incoming), _body(outgoing)
    if values.get("genai_operation") not in attributes.REPEATING_OPERATIONS:
        observation.model = fields.short(meaning.text("model")) if "model" in values else None
        observation.model_parameters = attributes.model_parameters(meaning)
        observation.provided_usage_details = attributes.usage_details(meaning) or None
        observation.provided_cost_details = attributes.cost_details(meaning) or None
        observation.completion_start_time = _completion_start(values, start)
    if kind == "GENERATION" and (prompt := attributes.prompt(meaning)) is not None:
        observation.prompt_name, observation.prompt_version = prompt
    return observation


class _TraceNotes:
    """What the spans of one trace in this batch say about it, in the order of their starts."""

    __slots__ = ("change", "root_name", "said")

    def __init__(self, change: TraceChange) -> None:
        self.change = change
        self.root_name: str | None = None
        self.said = False  # something, by an attribute meant for the trace

    def add(self, source: Source, span: Span, observation: ObservationChange, meaning: Meaning) -> None:
        change, values = self.change, meaning.values
        for of, take in TRACE_FIELDS:
            if of in values and (value := take(values[of])) is not None:
                setattr(change, of.removeprefix("trace_"), value)
                self.said = True
        if "tags" in values:
            sent = {tag for word in attributes.tags(values["tags"]) if (tag := fields.short(word))}
            change.tags = tuple(sorted(sent.union(change.tags)))
            self.said = True
        change.environment = change.environment or observation.environment
        if change.release is None:
            change.release = fields.short(meaning.text("release")) or source.release
        if not span.parent_id or observation.as_root:
            self.root_name = observation.name or self.root_name
            change.version = observation.version or change.version
            change.metadata = {**(observation.metadata or {}), **(change.metadata or {}), **meaning.trace_metadata}
        else:
            change.version = change.version or observation.version
            if meaning.trace_metadata:
                change.metadata = {**(change.metadata or {}), **meaning.trace_metadata}
        self.said = self.said or bool(meaning.trace_metadata)

    def settled(self) -> TraceChange:
        """The change. It only fills gaps when nothing in it was meant for the trace, or its name is just the root's."""
        change = self.change
        lent = change.name is None and self.root_name is not None
        change.explicit = self.said and not lent
        change.name = change.name or self.root_name
        return change


def _metadata(source: Source, span: Span, meaning: Meaning) -> dict[str, JsonText]:
    if source.is_sdk:
        return {**meaning.observation_metadata, **source.metadata}
    rest = {
        name: value
        for name, value in span.attributes.items()
        if name not in bodies.BODY_NAMES and not name.startswith(SHOWN_ELSEWHERE)
    }
    events = [
        {"name": event.name, "time": _iso(event.time), "attributes": event.attributes}
        for event in span.events
        if event.name not in bodies.BODY_EVENTS
    ]
    shown = {name: jsontext.dump(value) for name, value in (("attributes", rest), ("events", events)) if value}
    return {**meaning.observation_metadata, **shown, **source.metadata}


def _marked_as_root(values: Attributes) -> bool:
    return bool(attributes.truth(values.get("as_root")) or attributes.truth(values.get("is_app_root")))


def _name(span: Span, meaning: Meaning) -> str | None:
    if (name := meaning.text("name")) is not None:
        return name
    if (operation := meaning.text("operation_id")) is not None:
        function = meaning.text("function_id")
        return f"{function}:{operation}" if function else operation
    return span.name


def _status_message(span: Span, meaning: Meaning) -> str | None:
    if "status_message" in meaning.values:
        return meaning.text("status_message")
    if span.status_message:
        return span.status_message
    if span.status_code != ERROR_STATUS:
        return None
    raised = next((event.attributes for event in span.events if event.name == EXCEPTION_EVENT), {})
    said = raised.get("exception.message") or raised.get("exception.type")
    return str(said) if said else None


def _completion_start(values: Attributes, start: datetime) -> datetime | None:
    """Older SDKs wrote the time as JSON, with quotes around it; Vercel counts milliseconds."""
    sent, waited = values.get("completion_start"), values.get("ms_to_first_chunk")
    if sent is None and waited is None:
        return None
    try:
        if isinstance(sent, str):
            return fields.moment(datetime.fromisoformat(sent.strip('"')), "completion_start_time")
        return None if waited is None else start + timedelta(milliseconds=float(waited))
    except (ValueError, TypeError, OverflowError, Invalid):
        return None


def _body(value: Any) -> JsonText | None:
    text = jsontext.from_value(value)
    return None if text == "null" else text


def _text(value: Any) -> str | None:
    return fields.short(value if isinstance(value, str) else jsontext.dump(value))


def _identifier(value: Any) -> str | None:
    """An id that only refers to something: one that cannot be kept is no reason to refuse a span."""
    text = value if isinstance(value, str) else jsontext.dump(value)
    try:
        return fields.identifier(text, "id")
    except Invalid:
        return fields.identifier(text[:500].replace("\0", "\ufffd").replace("\r", " "), "id")


def _iso(nanoseconds: int) -> str | None:
    time = fields.from_nanoseconds(nanoseconds)
    return time.isoformat() if time else None


# Attributes that count for the trace from any span, and how they are taken.
TRACE_FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("trace_name", _text),
    ("user_id", _identifier),
    ("session_id", _identifier),
    ("public", attributes.truth),
    ("trace_input", _body),
    ("trace_output", _body),
)
