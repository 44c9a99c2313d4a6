"""Records out of rows, and rows (as JSON) out of changes."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import orjson

from tracing.records import LEVELS, JsonText, ObservationChange, ScoreChange, TraceChange
from tracing.store.postgres.columns import OBSERVATION, SCORE
from tracing.store.previews import preview

Row = dict[str, Any]
LARGEST = 2**63 - 1
# Beyond these a client is wrong, and a sum over many such would not fit its column.
MOST_TOKENS = 10**12
MOST_MONEY = 10.0**12
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LEVEL = {level: rank for rank, level in enumerate(LEVELS)}
# What a change says as it stands; the rest of the columns is worked out below.
_OBSERVATION_FIELDS = [name for name in OBSERVATION if name in ObservationChange.__dataclass_fields__]
_SCORE_FIELDS = ["id", *SCORE]
_TRACE_FIELDS = [
    "id", "name", "user_id", "session_id", "environment", "release", "version", "public", "bookmarked", "input",
    "output",
]  # fmt: skip


def trace_row(change: TraceChange) -> Row:
    """The arriving row; absent keys are null."""
    row: Row = {name: value for name in _TRACE_FIELDS if (value := getattr(change, name)) is not None}
    row["explicit"] = change.explicit
    row["timestamp"] = change.timestamp or change.seen_at
    row["timestamp_given"] = change.explicit and change.timestamp is not None
    row["environment_given"] = change.explicit and change.environment is not None
    row["tags"] = sorted(set(change.tags))
    row["input_preview"] = preview(change.input)
    row["output_preview"] = preview(change.output, answer=True)
    if change.metadata:
        row["metadata"] = change.metadata
    return row


def observation_row(change: ObservationChange, trace_id: str) -> Row:
    """The arriving row in the trace that was found for it; absent keys are null."""
    # An empty dict says nothing; an empty text, zero and False do.
    row: Row = {
        name: value for name in _OBSERVATION_FIELDS if (value := getattr(change, name)) is not None and value != {}
    }
    row["id"] = change.id
    row["trace_id"] = trace_id
    row["trace_given"] = change.trace_id is not None
    row["start_time"] = change.start_time or change.seen_at
    row["start_given"] = change.start_time is not None
    row["level"] = _LEVEL.get(change.level) if change.level else None
    if change.input is not None:
        row["input_preview"] = preview(change.input)
    if change.output is not None:
        row["output_preview"] = preview(change.output, answer=True)
    if usage := change.usage_details:
        tokens = [round(within(amount, MOST_TOKENS)) for amount in sides(usage)]
        row["input_tokens"], row["output_tokens"], row["total_tokens"] = tokens
    if cost := change.cost_details:
        row["input_cost"], row["output_cost"], total = (within(amount, MOST_MONEY) for amount in sides(cost))
        row.setdefault("total_cost", total)
    if "total_cost" in row:
        row["total_cost"] = within(row["total_cost"], MOST_MONEY)
    return row


def within(amount: float, most: float) -> float:
    """The amount, or the nearest bound; 0 for what is no number."""
    return max(-most, min(most, amount)) if not math.isnan(amount) else 0


def score_row(change: ScoreChange) -> Row:
    """The arriving row; absent keys are null."""
    row: Row = {name: value for name in _SCORE_FIELDS if (value := getattr(change, name)) is not None}
    if change.metadata is not None:
        row["metadata"] = by_key(change.metadata)
    return row


def sides(details: Mapping[str, float]) -> tuple[float, float, float]:
    """Input, output and total of usage or cost details. `input_cached_tokens` counts as input; a given total counts."""
    incoming = outgoing = everything = 0.0
    for key, value in details.items():
        if key.startswith("input"):
            incoming += value
        elif key.startswith("output"):
            outgoing += value
        if key != "total":
            everything += value
    return incoming, outgoing, details.get("total", everything)


def as_json(rows: Iterable[Row]) -> str:
    """A JSON array without what PostgreSQL refuses: NUL, lone surrogates, integers beyond 64 bits.

    Texts of JSON hold the first two as escapes and pass unharmed; elsewhere they become U+FFFD.
    """
    rows = list(rows)
    try:
        document = orjson.dumps(rows)
    except orjson.JSONEncodeError:
        return orjson.dumps(_clean(rows)).decode()
    if rb"\u0000" in document:
        document = orjson.dumps(_clean(rows))
    return document.decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-LARGEST, min(LARGEST, value))
    return value


def by_key(text: JsonText) -> dict[str, JsonText]:
    """A JSON object as `{key: JSON text}`; anything else stands under "metadata"."""
    try:
        return {key: bytes(value).decode() for key, value in _OBJECT.decode(text).items()}
    except (msgspec.DecodeError, UnicodeError):
        return {"metadata": text}


def metadata_text(stored: Mapping[str, JsonText] | None) -> JsonText | None:
    """The JSON object of `{key: JSON text}`."""
    if stored is None:
        return None
    return "{" + ",".join(f"{orjson.dumps(key).decode()}:{text}" for key, text in stored.items()) + "}"
