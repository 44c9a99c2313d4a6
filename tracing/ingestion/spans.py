"""The OTLP door's meaning: spans become observations, and what they say about their trace becomes a trace change.

The order of start decides between spans of a batch.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from common.errors import Invalid
from tracing.ingestion import calls, fields, jsontext
from tracing.ingestion.derived import DerivedTrace, body, truth
from tracing.ingestion.dialects import livekit
from tracing.ingestion.dialects.index import EVENT_READERS
from tracing.ingestion.dialects.order import FIRST_TOKEN_EVENTS
from tracing.ingestion.kinds import observation_type, repeats
from tracing.ingestion.meaning import Meaning, read
from tracing.ingestion.misunderstood import Misunderstood
from tracing.ingestion.sources import Source, Span
from tracing.records import Changes, JsonText, ObservationChange, TraceChange

ERROR_STATUS = 2
EXCEPTION_EVENT = "exception"
ROOT_MARKS = ("as_root", "is_app_root")


def translate(sources: Iterable[Source], misunderstood: list[Misunderstood] | None = None) -> Changes:
    """The changes that a batch of spans makes. What could not be understood in them is added to `misunderstood`."""
    batch = [(source, span) for source in sources for span in source.spans]
    batch.sort(key=lambda item: item[1].start)
    now = datetime.now(UTC)
    observations: dict[str, ObservationChange] = {}
    traces: dict[str, DerivedTrace] = {}
    for source, span in batch:
        start = fields.from_nanoseconds(span.start) or fields.from_nanoseconds(span.end) or now
        meaning = read(span.attributes)
        observation = _observation(source, span, start, meaning)
        observations[span.id] = observation  # an exporter that repeats a span means the same one
        trace = traces.get(span.trace_id)
        if trace is None:
            trace = traces[span.trace_id] = DerivedTrace(TraceChange(id=span.trace_id, seen_at=start))
        trace.add(source, span, observation, meaning)
        if misunderstood is not None and meaning.faults:
            misunderstood.extend(Misunderstood(f"span {span.id}: {name}", reason) for name, reason in meaning.faults)
    return Changes(traces=[trace.settled() for trace in traces.values()], observations=list(observations.values()))


def _observation(source: Source, span: Span, start: datetime, meaning: Meaning) -> ObservationChange:
    values = meaning.values
    kind = observation_type(meaning, source.scope_name, source.scope_version, span.name)
    observation = ObservationChange(
        id=span.id,
        trace_id=span.trace_id,
        seen_at=start,
        type=kind,
        parent_observation_id=span.parent_id,
        as_root=True if span.parent_id and _marked_as_root(meaning) else None,
        name=fields.short(_name(span, meaning) if meaning.foreign else span.name),
        start_time=start,
        end_time=_end(span, start, meaning),
        level=_level(source, span, meaning),
        status_message=fields.text(_status_message(span, meaning)),
        environment=source.environment(meaning),
        version=fields.short(meaning.text("version")) if "version" in values else source.version,
        experiment=meaning.experiment,
    )
    incoming, outgoing = values.get("input"), values.get("output")
    if (meaning.readers or span.events) and incoming is None and outgoing is None:
        incoming, outgoing = meaning.bodies(
            [(event.name, event.attributes) for event in span.events], source.scope_name
        )
    observation.input, observation.output = body(incoming), body(outgoing)
    observation.metadata = _metadata(source, span, meaning)
    if not repeats(meaning, kind, source.scope_name, span.name):
        observation.model = fields.short(meaning.text("model")) if "model" in values else None
        observation.model_parameters = calls.model_parameters(meaning)
        observation.provided_usage_details = calls.usage_details(meaning, kind)
        observation.provided_cost_details = calls.cost_details(meaning)
        observation.completion_start_time = _completion_start(span, meaning, start)
    if kind == "GENERATION" and (prompt := calls.prompt(meaning)) is not None:
        observation.prompt_name, observation.prompt_version = prompt
    return observation


def _metadata(source: Source, span: Span, meaning: Meaning) -> dict[str, JsonText]:
    if source.is_sdk:
        return {**meaning.observation_metadata, **source.metadata}
    others = meaning.others()
    events = [
        {"name": event.name, "time": _iso(event.time), "attributes": event.attributes}
        for event in span.events
        if not EVENT_READERS.get(event.name, 0) & meaning.taken
    ]
    shown = {name: jsontext.dump(value) for name, value in (("attributes", others), ("events", events)) if value}
    return {**meaning.observation_metadata, **shown, **source.metadata}


def _marked_as_root(meaning: Meaning) -> bool:
    values = meaning.values
    return any(mark in values and truth(values[mark]) for mark in ROOT_MARKS)


def _name(span: Span, meaning: Meaning) -> str | None:
    if (name := meaning.text("name")) is not None:
        return name
    if (operation := meaning.text("operation_id")) is not None:
        function = meaning.text("function_id")
        return f"{function}:{operation}" if function else operation
    return span.name


def _end(span: Span, start: datetime, meaning: Meaning) -> datetime:
    if not span.start:
        meaning.fault("startTimeUnixNano", "a span without a start; its end or the time of arrival stands for it.")
    end = fields.from_nanoseconds(span.end)
    if end is None or end < start:
        meaning.fault("endTimeUnixNano", "a span must end after its start; it was taken to end at once.")
        return start
    return end


def _level(source: Source, span: Span, meaning: Meaning) -> str | None:
    sent = meaning.values.get("level")
    if sent is not None:
        if (level := fields.level(sent)) is not None:
            return level
        meaning.unusable("level", "a level")
    if span.status_code == ERROR_STATUS:
        return "ERROR"
    return "DEBUG" if source.scope_name == livekit.SCOPE and span.name in livekit.DEBUG_SPANS else None


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


def _completion_start(span: Span, meaning: Meaning, start: datetime) -> datetime | None:
    """Older SDKs wrote the time as JSON, with quotes around it; others count what passed, or note an event."""
    for of, unit in WAITED:
        if of not in meaning.values:
            continue
        sent = meaning.values[of]
        try:
            if unit is None:
                return fields.moment(datetime.fromisoformat(sent.strip('"')), "completion_start_time")
            return start + float(sent) * unit
        except (ValueError, TypeError, AttributeError, OverflowError, Invalid):
            meaning.unusable(of, "a time")
    if not span.events:
        return None
    return fields.from_nanoseconds(next((event.time for event in span.events if event.name in FIRST_TOKEN_EVENTS), 0))


def _iso(nanoseconds: int) -> str | None:
    time = fields.from_nanoseconds(nanoseconds)
    return time.isoformat() if time else None


# How the first token's time is told: as a moment, or as so many units after the start.
WAITED: tuple[tuple[str, timedelta | None], ...] = (
    ("completion_start", None),
    ("ms_to_first_chunk", timedelta(milliseconds=1)),
    ("seconds_to_first_chunk", timedelta(seconds=1)),
)
