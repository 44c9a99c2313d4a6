"""Traces are derived from spans: what the spans of a batch say about the trace they belong to (api.md, section 4).

Trace attributes count from any span; the root lends its name and metadata. A name that is only the root's fills a gap
and never replaces one that was given.
"""

from collections.abc import Callable
from typing import Any

from common.errors import Invalid
from tracing.ingestion import fields, jsontext
from tracing.ingestion.dialects.shape import parsed
from tracing.ingestion.meaning import NOBODY, Meaning
from tracing.ingestion.sources import Source, Span
from tracing.records import JsonText, ObservationChange, TraceChange


class DerivedTrace:
    """What the spans of one trace in this batch say about it; `add` them in the order of their starts."""

    __slots__ = ("change", "ranks", "root_name", "said")

    def __init__(self, change: TraceChange) -> None:
        self.change = change
        self.ranks: dict[str, int] = {}  # of the names that gave its fields: the most telling one holds
        self.root_name: str | None = None
        self.said = False  # something, by an attribute meant for the trace

    def add(self, source: Source, span: Span, observation: ObservationChange, meaning: Meaning) -> None:
        change, values = self.change, meaning.values
        for of, take in TRACE_FIELDS:
            if of in values and (rank := meaning.ranks[of]) <= self.ranks.get(of, NOBODY):
                value = _taken(take, of, meaning)
                if value is not None:
                    setattr(change, of.removeprefix("trace_"), value)
                    self.ranks[of] = rank
                    self.said = True
        if "tags" in values:
            sent = {tag for word in tags(values["tags"]) if (tag := fields.short(word))}
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


def tags(value: Any) -> tuple[str, ...]:
    """A list, a JSON list, or words with commas between them."""
    if isinstance(value, str):
        listed = parsed(value) if value.lstrip().startswith("[") else None
        value = listed if isinstance(listed, list) else [word.strip() for word in value.split(",")]
    elif not isinstance(value, list):
        value = [value]
    return tuple(str(tag) for tag in value if tag not in (None, ""))


def body(value: Any) -> JsonText | None:
    """An input or output; None for nothing."""
    text = jsontext.from_value(value)
    return None if text == "null" else text


def truth(value: Any) -> bool:
    """A yes or no, which some exporters write as text."""
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _taken(take: Callable[[Any], Any], of: str, meaning: Meaning) -> Any:
    value = meaning.values[of]
    try:
        return take(value)
    except Invalid as refusal:
        # It only refers to something: that it cannot be kept as it is is no reason to refuse a span.
        meaning.fault(of, f"{refusal.message} It was cut or mended.")
        return fields.identifier(_plain(value)[:500].replace("\0", "\ufffd").replace("\r", " "), of)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.dump(value)


def _short(value: Any) -> str | None:
    return fields.short(_plain(value))


def _identifier(value: Any) -> str | None:
    return fields.identifier(_plain(value), "id")


# Attributes that count for the trace from any span, and how they are taken.
TRACE_FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("trace_name", _short),
    ("user_id", _identifier),
    ("session_id", _identifier),
    ("public", truth),
    ("trace_input", body),
    ("trace_output", body),
)
