"""What each type of event means (api.md, section 3; wire notes, section 2): one table, type -> reader."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from common.errors import Invalid
from tracing.environments import environment_name
from tracing.ingestion import fields, jsontext, usage
from tracing.ingestion.event_bodies import Event
from tracing.ingestion.event_decoding import OBSERVATION, SCORE, TRACE, decode
from tracing.ingestion.misunderstood import Note, shown
from tracing.records import LEVELS, OBSERVATION_TYPES, JsonText, ObservationChange, TraceChange
from tracing.scores import ScoreInput

Change = TraceChange | ObservationChange | ScoreInput
Reader = Callable[[Event, Note], Change | None]


def reader(kind: str) -> Reader:
    """How an event of this type is read; raises Invalid for one that nobody knows."""
    known = READERS.get(kind)
    if known is None:
        raise Invalid(f"type: '{kind[:100]}' is no event type. Known ones are {', '.join(READERS)}.", "type")
    return known


def derived_id(event_id: str) -> str:
    """The id of a thing whose body has none: the same event always means the same thing."""
    return uuid.uuid5(uuid.NAMESPACE_OID, event_id).hex


def _trace(event: Event, note: Note) -> TraceChange:
    body = decode(TRACE, event.body, "body")
    return TraceChange(
        id=fields.identifier(body.id, "body.id") or derived_id(event.id),
        seen_at=event.timestamp,
        timestamp=fields.moment(body.timestamp, "body.timestamp"),
        name=fields.short(body.name),
        user_id=fields.identifier(body.user_id, "body.userId"),
        session_id=fields.identifier(body.session_id, "body.sessionId"),
        release=fields.short(body.release),
        version=fields.short(body.version),
        environment=_environment(body.environment, note),
        tags=tuple(sorted({tag for sent in body.tags or () if (tag := fields.short(sent))})),
        public=body.public,
        input=_json(body.input),
        output=_json(body.output),
        metadata=_metadata(body.metadata),
    )


def _observation(kind: str | None, *, creates: bool = True) -> Reader:
    """A reader of observation events. `kind` None: the body says which type it is of, or the event leaves it open."""

    def read(event: Event, note: Note) -> ObservationChange:
        body = decode(OBSERVATION, event.body, "body")
        if (body.prompt_name is None) != (body.prompt_version is None):
            raise Invalid(
                "body.promptVersion: send promptName and promptVersion together, or neither.", "body.promptVersion"
            )
        counts, costs = usage.legacy_usage(body.usage, _below("body.usage", note)) if body.usage else ({}, {})
        if body.usage_details:
            counts = usage.usage_details(body.usage_details, _below("body.usageDetails", note)) or counts
        if body.cost_details:
            costs = usage.cost_details(body.cost_details, _below("body.costDetails", note)) or costs
        return ObservationChange(
            id=fields.identifier(body.id, "body.id") or derived_id(event.id),
            trace_id=fields.identifier(body.trace_id, "body.traceId"),
            seen_at=event.timestamp,
            type=kind or _type(body.type),
            parent_observation_id=fields.identifier(body.parent_observation_id, "body.parentObservationId"),
            name=fields.short(body.name),
            start_time=fields.moment(body.start_time, "body.startTime") or (event.timestamp if creates else None),
            end_time=fields.moment(body.end_time, "body.endTime"),
            completion_start_time=fields.moment(body.completion_start_time, "body.completionStartTime"),
            level=_level(body.level),
            status_message=fields.text(body.status_message),
            environment=_environment(body.environment, note),
            version=fields.short(body.version),
            model=fields.short(body.model),
            model_parameters=_parameters(body.model_parameters),
            provided_usage_details=counts or None,
            provided_cost_details=costs or None,
            prompt_name=fields.short(body.prompt_name),
            prompt_version=_version_number(body.prompt_version),
            input=_json(body.input),
            output=_json(body.output),
            metadata=_metadata(body.metadata),
        )

    return read


def _score(event: Event, _: Note) -> ScoreInput:
    body = decode(SCORE, event.body, "body")
    return ScoreInput(
        id=body.id,
        trace_id=body.trace_id,
        observation_id=body.observation_id,
        session_id=body.session_id,
        dataset_run_id=body.dataset_run_id,
        name=body.name,
        value=body.value,
        data_type=body.data_type,
        config_id=body.config_id,
        queue_id=body.queue_id,
        source=body.source,
        comment=body.comment,
        environment=body.environment,
        metadata=_json(body.metadata),
        timestamp=event.timestamp,
        event_id=event.id,
    )


# An update of a span may be meant for any type, so it leaves the type alone.
READERS: Mapping[str, Reader] = {
    "trace-create": _trace,
    **{f"{kind.lower()}-create": _observation(kind) for kind in OBSERVATION_TYPES},
    "span-update": _observation(None, creates=False),
    "generation-update": _observation("GENERATION", creates=False),
    "observation-create": _observation(None),
    "observation-update": _observation(None, creates=False),
    "score-create": _score,
    "sdk-log": lambda *_: None,  # SDKs report their own mishaps; nothing of it is kept
}


# --- Fields -----------------------------------------------------------------------------------------


def _below(place: str, note: Note) -> Note:
    return partial(_note_below, place, note)


def _note_below(place: str, note: Note, name: str, reason: str) -> None:
    note(f"{place}.{name}", reason)


def _json(raw: msgspec.Raw) -> JsonText | None:
    try:
        return jsontext.from_raw(raw)
    except UnicodeDecodeError:
        return jsontext.from_raw(str(memoryview(raw), "utf-8", "replace").encode())


def _metadata(raw: msgspec.Raw) -> dict[str, JsonText] | None:
    whole = _json(raw)
    return None if whole is None else jsontext.split_metadata(whole)


def _parameters(raw: msgspec.Raw) -> JsonText | None:
    text = _json(raw)
    if text is not None and text[0] != "{":
        raise Invalid("body.modelParameters: must be an object.", "body.modelParameters")
    return text


def _environment(sent: str | None, note: Note) -> str | None:
    if sent is None:
        return None
    name = environment_name(sent)
    if name == "default" != sent.lower():
        note("body.environment", f"{shown(sent)} is no name of an environment; it became 'default'.")
    return name


def _type(sent: str | None) -> str | None:
    if sent is None or sent.upper() in OBSERVATION_TYPES:
        return sent and sent.upper()
    raise Invalid(f"body.type: must be one of {', '.join(OBSERVATION_TYPES)}.", "body.type")


def _level(sent: str | None) -> str | None:
    level = fields.level(sent)
    if sent and level is None:
        raise Invalid(f"body.level: must be one of {', '.join(LEVELS)}, not '{sent[:100]}'.", "body.level")
    return level


def _version_number(sent: int | None) -> int | None:
    if sent is not None and not 0 < sent < 2**31:
        raise Invalid(f"body.promptVersion: versions count from 1, {sent} is none.", "body.promptVersion")
    return sent
