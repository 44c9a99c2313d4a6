"""The tables compiled: what the attribute or event of a name can mean, found by one look-up.

A span is read once, attribute by attribute, so that what it costs depends on the span, not on how many names the tables
know. Names repeat from span to span; which plan belongs to one is worked out when it is first seen.
"""

from typing import NamedTuple

from tracing.ingestion.dialects import langfuse, openinference, openllmetry, order, vercel
from tracing.ingestion.dialects.shape import Fill

# Names come from clients; who invents new ones for every span must not fill the memory.
PLANS_KEPT = 16_384


class More(NamedTuple):
    """What an attribute means besides a field."""

    metadata: tuple[tuple[str, str], ...]  # (part of the meaning, key; "" for a whole object)
    experiment: str  # the short name of an experiment's attribute
    parameter: str  # the name of a call's parameter
    readers: int  # a bit for each reader that reads it
    fill: Fill | None
    shown: bool  # among the other attributes of a foreign span, unless its reader took it
    foreign: bool  # in another dialect than the SDKs'


class Plan(NamedTuple):
    """What to do with the attribute of one name."""

    fields: tuple[tuple[str, int], ...]  # that it may give, with the rank of the name among theirs
    more: More | None  # None for most of what SDKs send


NOTHING_MORE = More((), "", "", 0, None, shown=False, foreign=False)


class _Plans(dict[str, Plan]):
    def __missing__(self, name: str) -> Plan:
        if len(self) >= PLANS_KEPT:
            self.clear()
        plan = self[name] = _plan(name)
        return plan


def _plan(name: str) -> Plan:
    fields = tuple(_FIELDS.get(name, ()))
    own = name.startswith("langfuse.")
    metadata = tuple(
        (part, _clean(name[len(prefix) + 1 :]))
        for prefix, parts in _METADATA
        if name == prefix or (name.startswith(f"{prefix}.") and prefix != openinference.METADATA)
        if prefix not in _GIVEN_ALONG or not fields
        for part in parts
    )
    more = More(
        metadata=metadata,
        experiment=_clean(name.removeprefix(langfuse.EXPERIMENT)) if name.startswith(langfuse.EXPERIMENT) else "",
        parameter=_parameter(name),
        readers=_readers(name),
        fill=order.FILLERS.get(name),
        shown=not own and not metadata and not name.startswith(_GIVEN_ALONG),
        foreign=not name.startswith(langfuse.OWN_PREFIXES),
    )
    return Plan(fields, None if more == NOTHING_MORE else more)


def _clean(key: str) -> str:
    return key.replace("\0", "\ufffd")


def _parameter(name: str) -> str:
    if name in order.PARAMETERS:
        return order.PARAMETERS[name]
    prefix = next((prefix for prefix in order.PARAMETER_PREFIXES if name.startswith(prefix)), name)
    rest = name.removeprefix(prefix)
    return "" if rest in order.NO_PARAMETERS else rest


def _readers(name: str) -> int:
    return sum(
        1 << position
        for position, reader in enumerate(order.READERS)
        if name in reader.names or (reader.prefixes and name.startswith(reader.prefixes))
    )


def _event_readers() -> dict[str, int]:
    readers: dict[str, int] = {}
    for position, reader in enumerate(order.READERS):
        for event in reader.events:
            readers[event] = readers.get(event, 0) | 1 << position
    return readers


_METADATA = (
    (langfuse.OBSERVATION_METADATA, ("observation_metadata",)),
    (langfuse.TRACE_METADATA, ("trace_metadata",)),
    (langfuse.BOTH_METADATA, ("observation_metadata", "trace_metadata")),
    (vercel.METADATA, ("observation_metadata", "trace_metadata")),
    (openllmetry.METADATA, ("observation_metadata",)),
    (openinference.METADATA, ("observation_metadata",)),
)
# Metadata of which some keys mean more.
_GIVEN_ALONG = (vercel.METADATA, openllmetry.METADATA)
_FIELDS: dict[str, list[tuple[str, int]]] = {}
for _field, _names in order.FIELDS.items():
    for _rank, _name in enumerate(_names):
        _FIELDS.setdefault(_name, []).append((_field, _rank))

PLANS = _Plans()
EVENT_READERS = _event_readers()
