"""The columns that arrive with a batch of changes."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import orjson

from tracing.records import LEVELS, JsonText, ObservationChange, ScoreChange, TraceChange
from tracing.store.postgres.arrays import json_object
from tracing.store.postgres.columns import OBSERVATION, SCORE, TRACE, Columns
from tracing.store.postgres.packs import OBSERVATION as OBSERVATION_PART
from tracing.store.postgres.packs import TRACE as TRACE_PART
from tracing.store.postgres.packs import Part
from tracing.store.postgres.packs import key as part_key
from tracing.store.postgres.sql import plain
from tracing.store.postgres.totals import NAMES, NOTHING

# What arrives for each column, row by row.
Arriving = dict[str, list[Any]]

# Beyond these a client is wrong, and a sum over many such would not fit its column.
MOST_TOKENS = 10**12
MOST_MONEY = 10.0**12

# Of a trace's metadata, what the doors fill in and few filter by; the rest stands in its row.
PACKED_KEYS = frozenset({"attributes", "events", "resourceAttributes", "scope"})
# Details of just these, as the sums have them, need not be stored again.
PLAIN = {"input", "output", "total"}
# details: the columns of their sums
DETAILS: Mapping[str, tuple[str, str, str]] = {
    "usage_details": ("input_tokens", "output_tokens", "total_tokens"),
    "cost_details": ("input_cost", "output_cost", "total_cost"),
}

_LEVEL: Mapping[str | None, int] = {level: rank for rank, level in enumerate(LEVELS)}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def traces(
    changes: Sequence[TraceChange],
    packs: Mapping[str, int],
    hashes: Mapping[str, int],
    totals: Mapping[str, Mapping[str, Any]],
) -> Arriving:
    """The columns of TRACE; `packs` says where the texts are, `hashes` what they say, `totals` what their observations
    in this batch amount to."""
    arriving = _said(changes, TRACE)
    arriving["timestamp"] = [change.timestamp or change.seen_at for change in changes]
    sums = [totals.get(change.id, NOTHING) for change in changes]
    for name in NAMES:
        arriving[name] = [total[name] for total in sums]
    arriving["timestamp_given"] = [change.explicit and change.timestamp is not None for change in changes]
    for place, first in enumerate(arriving["first_start"]):
        if first is not None and not arriving["timestamp_given"][place]:
            arriving["timestamp"][place] = min(arriving["timestamp"][place], first)
    arriving["environment_given"] = [change.explicit and change.environment is not None for change in changes]
    arriving["tags"] = [sorted(set(change.tags)) for change in changes]
    arriving["metadata"] = [_of_row(change.metadata) for change in changes]
    arriving["pack"] = [packs.get(part_key(TRACE_PART, change.id)) for change in changes]
    arriving["pack_hash"] = [hashes.get(part_key(TRACE_PART, change.id)) for change in changes]
    return arriving


def observations(changes: Sequence[ObservationChange], homes: Mapping[str, str], packs: Mapping[str, int]) -> Arriving:
    """The columns of OBSERVATION; `homes` names the trace that was found for each, `packs` where its texts are."""
    arriving = _said(changes, OBSERVATION)
    arriving["trace_given"] = [trace_id is not None for trace_id in arriving["trace_id"]]
    arriving["trace_id"] = [homes[change.id] for change in changes]
    arriving["start_given"] = [moment is not None for moment in arriving["start_time"]]
    arriving["start_time"] = [change.start_time or change.seen_at for change in changes]
    arriving["level"] = [_LEVEL.get(level) for level in arriving["level"]]
    arriving["pack"] = [packs.get(part_key(OBSERVATION_PART, change.id)) for change in changes]
    usage = [_sides(details, MOST_TOKENS) for details in arriving["usage_details"]]
    for position, name in enumerate(("input_tokens", "output_tokens", "total_tokens")):
        arriving[name] = [amounts and round(amounts[position]) for amounts in usage]
    cost = [_sides(details, MOST_MONEY) for details in arriving["cost_details"]]
    arriving["input_cost"] = [amounts and amounts[0] for amounts in cost]
    arriving["output_cost"] = [amounts and amounts[1] for amounts in cost]
    arriving["total_cost"] = [
        amounts and amounts[2] if total is None else _within(total, MOST_MONEY)
        for total, amounts in zip(arriving["total_cost"], cost, strict=True)
    ]
    for kind, names in DETAILS.items():
        sums = zip(*(arriving[name] for name in names), strict=True)
        arriving[kind] = [
            None if details is None or _is_plain(details, said) else details
            for details, said in zip(arriving[kind], sums, strict=True)
        ]
    return arriving


def trace_parts(changes: Sequence[TraceChange]) -> list[Part]:
    """What traces say at length."""
    parts = []
    for change in changes:
        names = tuple(name for name in (change.name, change.user_id, change.session_id) if name)
        metadata = {name: text for name, text in (change.metadata or {}).items() if name in PACKED_KEYS} or None
        if names or metadata or change.input is not None or change.output is not None:
            parts.append(
                Part(
                    key=part_key(TRACE_PART, change.id),
                    names=names,
                    input=change.input,
                    output=change.output,
                    metadata=metadata,
                )
            )
    return parts


def observation_parts(changes: Sequence[ObservationChange], homes: Mapping[str, str]) -> list[Part]:
    """What observations say at length, and what no list, filter or sum needs."""
    parts = []
    for change in changes:
        names = tuple(name for name in (change.name, change.model) if name)
        usage, cost = change.provided_usage_details, change.provided_cost_details
        said = (change.input, change.output, change.model_parameters)
        if names or usage or cost or change.metadata or any(text is not None for text in said):
            parts.append(
                Part(
                    key=part_key(OBSERVATION_PART, change.id),
                    home=homes[change.id],
                    names=names,
                    input=change.input,
                    output=change.output,
                    metadata=_storable_keys(change.metadata),
                    parameters=change.model_parameters,
                    usage=json_object(usage) if usage else None,
                    cost=json_object(cost) if cost else None,
                )
            )
    return parts


def _of_row(metadata: Mapping[str, JsonText] | None) -> dict[str, JsonText] | None:
    """The metadata of a trace that stands in its row."""
    return {name: text for name, text in (metadata or {}).items() if name not in PACKED_KEYS} or None


def _is_plain(details: Mapping[str, float], sums: Sequence[float | None]) -> bool:
    return details.keys() == PLAIN and (details["input"], details["output"], details["total"]) == tuple(sums)


def _storable_keys(metadata: dict[str, JsonText] | None) -> dict[str, JsonText] | None:
    if not metadata or all(map(str.isprintable, metadata)):
        return metadata or None
    return {plain(name): text for name, text in metadata.items()}


def scores(changes: Sequence[ScoreChange]) -> Arriving:
    """The columns of SCORE."""
    arriving = _said(changes, SCORE)
    arriving["metadata"] = [_by_key(text) if text else None for text in arriving["metadata"]]
    return arriving


def _said(changes: Sequence[Any], columns: Columns) -> Arriving:
    """The fields that stand in a column as they are. An empty dict says nothing."""
    arriving: Arriving = {"id": [change.id for change in changes]}
    for name, (kind, _) in columns.items():
        if name in type(changes[0]).__dataclass_fields__:
            arriving[name] = list(map(attrgetter(name), changes))
            if kind == "jsonb":
                arriving[name] = [value or None for value in arriving[name]]
    return arriving


def _sides(details: Mapping[str, float] | None, most: float) -> tuple[float, float, float] | None:
    """Input, output and total of usage or cost details. `input_cached_tokens` counts as input; a given total counts."""
    if not details:
        return None
    incoming = outgoing = everything = 0.0
    for key, value in details.items():
        if key.startswith("input"):
            incoming += value
        elif key.startswith("output"):
            outgoing += value
        if key != "total":
            everything += value
    return _within(incoming, most), _within(outgoing, most), _within(details.get("total", everything), most)


def _within(amount: float, most: float) -> float:
    """The amount, or the nearest bound; 0 for what is no number."""
    if -most <= amount <= most:
        return amount
    return 0.0 if math.isnan(amount) else math.copysign(most, amount)


def _by_key(text: JsonText) -> dict[str, JsonText]:
    """A JSON object as `{key: JSON text}`; anything else stands under "metadata"."""
    try:
        return {key: bytes(value).decode() for key, value in _OBJECT.decode(text).items()}
    except (msgspec.DecodeError, UnicodeError):
        return {"metadata": text}


def metadata_text(stored: Mapping[str, JsonText] | None) -> JsonText | None:
    """The JSON object of `{key: JSON text}`."""
    if stored is None:
        return None
    return "{" + ",".join([f"{_quoted(key)}:{text}" for key, text in stored.items()]) + "}"


@lru_cache(maxsize=4096)
def _quoted(key: str) -> str:
    """A key as JSON; the same few come again and again."""
    return orjson.dumps(key).decode()
