"""The JSON door's meaning: events of `POST /api/public/ingestion` become changes (api.md, section 3; wire notes, 2).

Each event is judged alone. A refused one says which field was wrong and why; its neighbours are stored. The ids of
bodies without one are derived from the event's id, because SDKs resend whole batches.
"""

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from common.errors import Invalid
from tracing import scores
from tracing.environments import environment_name
from tracing.ingestion import fields, jsontext, merging, usage
from tracing.records import LEVELS, OBSERVATION_TYPES, Changes, JsonText, ObservationChange, TraceChange
from tracing.scores import ScoreInput

Shape = TypeVar("Shape")

# js3 tells its users that the server rejects these, and tests that it does; everybody else's are made to fit.
STRICT_ENVIRONMENT = re.compile(r"^(?!langfuse)[a-z0-9_-]+$|^langfuse-prompt-experiment$")
STRICT_SDKS = frozenset({"langfuse-js"})

# What a public key alone may send (api.md, section 1).
SCORE_EVENTS = frozenset({"score-create", "sdk-log"})


class Event(msgspec.Struct):
    """The wrapper of every event."""

    id: str
    type: str
    timestamp: datetime
    body: msgspec.Raw


class _Named(msgspec.Struct):
    """As much of a broken event as its refusal needs."""

    id: Any = ""


class _Placed(msgspec.Struct):
    """As much of a body as the check of its environment needs."""

    environment: Any = None


class TraceBody(msgspec.Struct, rename="camel"):
    id: str | None = None
    timestamp: datetime | None = None
    name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    release: str | None = None
    version: str | None = None
    environment: str | None = None
    tags: list[str] | None = None
    public: bool | None = None
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


class ObservationBody(msgspec.Struct, rename="camel"):
    id: str | None = None
    trace_id: str | None = None
    parent_observation_id: str | None = None
    type: str | None = None
    name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    completion_start_time: datetime | None = None
    level: str | None = None
    status_message: str | None = None
    environment: str | None = None
    version: str | None = None
    model: str | None = None
    model_parameters: msgspec.Raw = msgspec.Raw()
    usage: dict[str, Any] | None = None
    usage_details: dict[str, Any] | None = None
    cost_details: dict[str, Any] | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


class ScoreBody(msgspec.Struct, rename="camel"):
    """Values are checked by `tracing.scores`, the one place that knows what a score may be."""

    id: Any = None
    trace_id: Any = None
    observation_id: Any = None
    session_id: Any = None
    dataset_run_id: Any = None
    name: Any = None
    value: Any = None
    data_type: Any = None
    config_id: Any = None
    queue_id: Any = None
    source: Any = None
    comment: Any = None
    environment: Any = None
    metadata: msgspec.Raw = msgspec.Raw()


Reader = Callable[[Event], TraceChange | ObservationChange | ScoreInput | None]


@dataclass(slots=True)
class Outcome:
    """What became of one event: stored, or refused with a status and a reason."""

    id: str
    status: int = 201
    message: str = ""


@dataclass(slots=True)
class Batch:
    """A translated batch. Scores still have to be held against their configs: see `settle_scores`."""

    changes: Changes = field(default_factory=Changes)
    outcomes: list[Outcome] = field(default_factory=list)
    scores: list[tuple[Outcome, ScoreInput]] = field(default_factory=list)

    def settle_scores(self, project_id: str) -> None:
        """Check the scores; the good ones join the changes, the others are refused."""
        answers = scores.resolve(project_id, [given for _, given in self.scores]) if self.scores else []
        accepted = {}
        for (outcome, _), answer in zip(self.scores, answers, strict=True):
            if isinstance(answer, Invalid):
                _refuse(outcome, f"body.{answer.field}: {answer.message}" if answer.field else answer.message)
            else:
                accepted[answer.id] = answer  # the same score twice in a batch: the later one holds
        self.changes.scores.extend(accepted.values())


def translate(events: Sequence[msgspec.Raw], *, only: Collection[str] | None = None, sdk: str = "") -> Batch:
    """Read the events of a batch.

    `only` restricts the types of events; others are refused with 401. `sdk` is the client's name for itself.
    """
    batch = Batch()
    read: list[tuple[bool, datetime, TraceChange | ObservationChange]] = []
    for raw in events:
        outcome = Outcome("")
        batch.outcomes.append(outcome)
        try:
            event = _decode(_EVENT, raw)
            outcome.id = event.id
            _check(event, raw, strict=sdk in STRICT_SDKS)
            if only is not None and event.type not in only:
                outcome.status, outcome.message = 401, "Access Scope Denied"
                continue
            change = _reader(event.type)(event)
        except Invalid as refusal:
            outcome.id = outcome.id or _id_of(raw)
            _refuse(outcome, refusal.message)
            continue
        if isinstance(change, ScoreInput):
            batch.scores.append((outcome, change))
        elif change is not None:
            read.append((event.type.endswith("-update"), event.timestamp, change))
    # Updates come last whatever their clocks say; within both halves time decides, and equal times keep their order.
    read.sort(key=lambda item: item[:2])
    batch.changes.traces = merging.merged(change for *_, change in read if isinstance(change, TraceChange))
    batch.changes.observations = merging.merged(change for *_, change in read if isinstance(change, ObservationChange))
    for change in batch.changes.observations:
        if change.start_time and change.end_time and change.end_time < change.start_time:
            change.end_time = change.start_time
    return batch


# --- One event --------------------------------------------------------------------------------------


def _trace(event: Event) -> TraceChange:
    body = _decode(_TRACE, event.body, "body")
    return TraceChange(
        id=fields.identifier(body.id, "body.id") or derived_id(event.id),
        seen_at=event.timestamp,
        timestamp=fields.moment(body.timestamp, "body.timestamp"),
        name=fields.short(body.name),
        user_id=fields.identifier(body.user_id, "body.userId"),
        session_id=fields.identifier(body.session_id, "body.sessionId"),
        release=fields.short(body.release),
        version=fields.short(body.version),
        environment=_environment(body.environment),
        tags=tuple(sorted({tag for sent in body.tags or () if (tag := fields.short(sent))})),
        public=body.public,
        input=_json(body.input),
        output=_json(body.output),
        metadata=_metadata(body.metadata),
    )


def _observation(kind: str | None, *, creates: bool = True) -> Callable[[Event], ObservationChange]:
    """A reader of observation events. `kind` None: the body says which type it is of, or the event leaves it open."""

    def read(event: Event) -> ObservationChange:
        body = _decode(_OBSERVATION, event.body, "body")
        if (body.prompt_name is None) != (body.prompt_version is None):
            raise Invalid(
                "body.promptVersion: send promptName and promptVersion together, or neither.", "body.promptVersion"
            )
        counts, costs = usage.legacy_usage(body.usage or {})
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
            environment=_environment(body.environment),
            version=fields.short(body.version),
            model=fields.short(body.model),
            model_parameters=_parameters(body.model_parameters),
            provided_usage_details=usage.usage_details(body.usage_details or {}) or counts or None,
            provided_cost_details=usage.cost_details(body.cost_details or {}) or costs or None,
            prompt_name=fields.short(body.prompt_name),
            prompt_version=_version_number(body.prompt_version),
            input=_json(body.input),
            output=_json(body.output),
            metadata=_metadata(body.metadata),
        )

    return read


def _score(event: Event) -> ScoreInput:
    body = _decode(_SCORE, event.body, "body")
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


# Which event is read how. An update of a span may be meant for any type, so it leaves the type alone.
READERS: Mapping[str, Reader] = {
    "trace-create": _trace,
    **{f"{kind.lower()}-create": _observation(kind) for kind in OBSERVATION_TYPES},
    "span-update": _observation(None, creates=False),
    "generation-update": _observation("GENERATION", creates=False),
    "observation-create": _observation(None),
    "observation-update": _observation(None, creates=False),
    "score-create": _score,
    "sdk-log": lambda _: None,  # SDKs report their own mishaps; nothing of it is kept
}


def _reader(kind: str) -> Reader:
    reader = READERS.get(kind)
    if reader is None:
        raise Invalid(f"type: '{kind[:100]}' is no event type. Known ones are {', '.join(READERS)}.", "type")
    return reader


# --- Fields -----------------------------------------------------------------------------------------


def derived_id(event_id: str) -> str:
    """The id of a thing whose body has none: the same event always means the same thing."""
    return uuid.uuid5(uuid.NAMESPACE_OID, event_id).hex


def _check(event: Event, raw: msgspec.Raw, *, strict: bool) -> None:
    fields.identifier(event.id, "id")
    if not event.id:
        raise Invalid("id: an event needs an id.", "id")
    event.timestamp = fields.moment(event.timestamp, "timestamp") or event.timestamp
    # The wrapper around the body is two levels deep.
    if jsontext.deeper_than(bytes(memoryview(raw)), jsontext.MAX_DEPTH + 2):
        place = _too_deep(event.body)
        raise Invalid(
            f"{place}: a value is nested deeper than {jsontext.MAX_DEPTH} levels. Send it as a string.", place
        )
    if strict:
        _check_environment(_decode(_PLACED, event.body, "body").environment)


def _too_deep(body: msgspec.Raw) -> str:
    """Which field of the body holds the deep value."""
    try:
        values = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return "body"
    deep = (name for name, raw in values.items() if jsontext.deeper_than(bytes(memoryview(raw)), jsontext.MAX_DEPTH))
    return next(deep, "body")


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


def _environment(sent: str | None) -> str | None:
    return None if sent is None else environment_name(sent)


def _check_environment(sent: Any) -> None:
    if isinstance(sent, str) and not STRICT_ENVIRONMENT.match(sent):
        raise Invalid(
            f"body.environment: '{sent[:100]}' is no environment. Use lower-case letters, digits, '-' and '_', "
            "and do not start with 'langfuse'.",
            "body.environment",
        )


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


# --- Decoding ---------------------------------------------------------------------------------------

_EVENT = msgspec.json.Decoder(Event)
_PLACED = msgspec.json.Decoder(_Placed)
_TRACE = msgspec.json.Decoder(TraceBody)
_OBSERVATION = msgspec.json.Decoder(ObservationBody)
_SCORE = msgspec.json.Decoder(ScoreBody)
_NAMED = msgspec.json.Decoder(_Named)
_MISSING = re.compile(r"missing required field `(\w+)`")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def _decode(decoder: "msgspec.json.Decoder[Shape]", raw: msgspec.Raw, place: str = "") -> Shape:
    """Read a part of an event; raises Invalid with the path of the first fault."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        fault = text[: found.start()] if found else text
        missing = _MISSING.search(fault)
        path = ".".join(filter(None, (place, found and found["path"], missing and missing[1])))
        raise Invalid(f"{path or 'event'}: {'is required' if missing else fault}.", path or None) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The batch around it was sound, so only the characters of a text can be wrong.
        mended = jsontext.mend(bytes(memoryview(raw)))
        if mended is None:
            raise Invalid(f"{place or 'event'}: holds characters that are no valid JSON.", place or None) from None
        return _decode(decoder, msgspec.Raw(mended), place)


def _id_of(raw: msgspec.Raw) -> str:
    try:
        sent = _decode(_NAMED, raw).id
    except Invalid:
        return ""
    return sent if isinstance(sent, str) else ""


def _refuse(outcome: Outcome, message: str) -> None:
    outcome.status, outcome.message = 400, message
