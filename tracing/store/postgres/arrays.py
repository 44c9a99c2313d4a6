"""Columns as PostgreSQL arrays in binary form: the quickest way to send a hundred wide rows in one statement.

Measured against a JSON array of the rows: a third of the time of client and server together is saved, since nothing is
quoted, escaped or looked up by name. Format: `array_recv` and the `…recv` of each type in PostgreSQL's source.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

import orjson

from tracing.store.postgres.sql import Binary, plain

_HEADER = Struct("!iiIii").pack  # dimensions, "holds nulls", type of the elements, length, first index
_LENGTH = Struct("!i").pack
_NULL = _LENGTH(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LARGEST = 2**63 - 1


def array(kind: str, values: Sequence[Any]) -> Binary:
    """The values (None for null) as an array of `kind`, one of ENCODERS."""
    oid, encode = ENCODERS[kind]
    return Binary(_HEADER(1, 1, oid, len(values), 1) + b"".join(encode(values)))


def _texts(values: Iterable[str | None]) -> Iterable[bytes]:
    parts = []
    for value in values:
        if value is None:
            parts.append(_NULL)
            continue
        try:
            encoded = value.encode()
        except UnicodeEncodeError:
            encoded = plain(value).encode()
        if b"\0" in encoded:
            encoded = plain(value).encode()
        parts += (_LENGTH(len(encoded)), encoded)
    return parts


def _documents(values: Iterable[Any]) -> Iterable[bytes]:
    parts = []
    for value in values:
        if value is None:
            parts.append(_NULL)
            continue
        encoded = _document(value)
        parts += (_LENGTH(len(encoded) + 1), b"\1", encoded)
    return parts


def json_object(value: Any) -> str:
    """The object as text, as a column would hold it."""
    return _document(value).decode()


def _document(value: Any) -> bytes:
    try:
        encoded = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_storable(value))
    return orjson.dumps(_storable(value)) if rb"\u0000" in encoded else encoded


def _storable(value: Any) -> Any:
    """Without NUL, lone surrogates and integers beyond 64 bits."""
    if isinstance(value, dict):
        return {plain(key): _storable(item) for key, item in value.items()}
    return _whole(value) if isinstance(value, int) else plain(value)


def _literals(values: Iterable[Sequence[str]]) -> Iterable[bytes]:
    """Arrays of texts as array literals: an array of arrays would have to be rectangular."""
    quoted = (('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in value) for value in values)
    return _texts("{" + ",".join(texts) + "}" for texts in quoted)


def _whole(value: int) -> int:
    return max(-LARGEST, min(LARGEST, value))


def _integers(values: Iterable[int | None]) -> Iterable[bytes]:
    pack = Struct("!iq").pack
    return [_NULL if value is None else pack(8, _whole(value)) for value in values]


def _moments(values: Iterable[datetime | None]) -> Iterable[bytes]:
    pack = Struct("!iq").pack
    return [_NULL if value is None else pack(8, (value - _EPOCH) // _MICROSECOND) for value in values]


def _bytes(values: Iterable[bytes]) -> Iterable[bytes]:
    return [_LENGTH(len(value)) + value for value in values]


def _packed(form: str) -> Callable[[Iterable[Any]], Iterable[bytes]]:
    element = Struct(f"!{form}")
    size, pack = element.size, Struct(f"!i{form}").pack
    return lambda values: [_NULL if value is None else pack(size, value) for value in values]


# type: (its object id, encoder)
ENCODERS: dict[str, tuple[int, Callable[[Iterable[Any]], Iterable[bytes]]]] = {
    "text": (25, _texts),
    "jsonb": (3802, _documents),
    "timestamptz": (1184, _moments),
    "boolean": (16, _packed("?")),
    "smallint": (21, _packed("h")),
    "bigint": (20, _integers),
    "float8": (701, _packed("d")),
    "bytea": (17, _bytes),
    "text[]": (25, _literals),
}
