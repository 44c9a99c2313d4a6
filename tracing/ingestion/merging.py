"""Several events about one thing become one change, as if each had been stored in turn (api.md, section 3).

None keeps what is there; metadata merges key by key, tags unite; the first trace, start and environment stay, and so
does the highest level; inputs and outputs give way to the last that is not empty.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import TypeVar

from tracing.records import LEVELS, ObservationChange, TraceChange

Change = TypeVar("Change", TraceChange, ObservationChange)

# Never put in place of something else.
EMPTY = frozenset({'""', "0", "false", "null"})
_FIRST = ("trace_id", "timestamp", "start_time", "environment")
_SPECIAL = frozenset(
    {"id", "seen_at", "explicit", "tags", "metadata", "experiment", "input", "output", "level", *_FIRST}
)
_PLAIN = {
    kind: tuple(field.name for field in fields(kind) if field.name not in _SPECIAL)
    for kind in (TraceChange, ObservationChange)
}
_STAYING = {kind: tuple(field.name for field in fields(kind) if field.name in _FIRST) for kind in _PLAIN}


def merged(changes: Iterable[Change]) -> list[Change]:
    """One change per id, in the order in which the ids first came; of what came later wins. Mutates the changes."""
    by_id: dict[str, Change] = {}
    for change in changes:
        first = by_id.setdefault(change.id, change)
        if first is not change:
            absorb(first, change)
    return list(by_id.values())


def absorb(into: Change, later: Change) -> None:
    """Let `later` have its say over `into`."""
    for name in _PLAIN[type(into)]:
        value = getattr(later, name)
        if value is not None:
            setattr(into, name, value)
    for name in _STAYING[type(into)]:
        if getattr(into, name) is None:
            setattr(into, name, getattr(later, name))
    into.seen_at = min(into.seen_at, later.seen_at)
    for body in ("input", "output"):
        value = getattr(later, body)
        if value is not None and (value not in EMPTY or getattr(into, body) is None):
            setattr(into, body, value)
    if later.metadata:
        into.metadata = {**(into.metadata or {}), **later.metadata}
    if isinstance(into, TraceChange) and isinstance(later, TraceChange):
        into.explicit = into.explicit or later.explicit
        if later.tags:
            into.tags = tuple(sorted({*into.tags, *later.tags}))
    elif isinstance(into, ObservationChange) and isinstance(later, ObservationChange):
        if later.experiment:
            into.experiment = {**(into.experiment or {}), **later.experiment}
        if later.level and (into.level is None or LEVELS.index(later.level) > LEVELS.index(into.level)):
            into.level = later.level
