"""JSON of events into their shapes; a refusal names the path of the first fault."""

import re
from typing import TypeVar

import msgspec

from common.errors import Invalid
from tracing.ingestion import jsontext
from tracing.ingestion.event_bodies import Event, Named, ObservationBody, Placed, ScoreBody, TraceBody

Shape = TypeVar("Shape")

EVENT = msgspec.json.Decoder(Event)
PLACED = msgspec.json.Decoder(Placed)
TRACE = msgspec.json.Decoder(TraceBody)
OBSERVATION = msgspec.json.Decoder(ObservationBody)
SCORE = msgspec.json.Decoder(ScoreBody)
_NAMED = msgspec.json.Decoder(Named)
_MISSING = re.compile(r"missing required field `(\w+)`")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def decode(decoder: "msgspec.json.Decoder[Shape]", raw: msgspec.Raw, place: str = "") -> Shape:
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
        return decode(decoder, msgspec.Raw(mended), place)


def id_of(raw: msgspec.Raw) -> str:
    """The id of an event that cannot be read otherwise."""
    try:
        sent = decode(_NAMED, raw).id
    except Invalid:
        return ""
    return sent if isinstance(sent, str) else ""


def too_deep(body: msgspec.Raw) -> str:
    """Which field of a body holds the value that is nested too deeply."""
    try:
        values = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return "body"
    deep = (name for name, raw in values.items() if jsontext.deeper_than(bytes(memoryview(raw)), jsontext.MAX_DEPTH))
    return next(deep, "body")
