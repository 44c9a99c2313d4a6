"""Pages of a list: numbered ones with a total, or from a position (order value, id) onwards without counting.

A missing order value comes last in both directions.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal, TypeVar

import msgspec

from common.errors import Invalid
from tracing.store.base import Cursor, Numbered, Page
from tracing.store.postgres.filters import Condition, order_place
from tracing.store.postgres.places import Entity
from tracing.store.postgres.sql import fetch

Direction = Literal["asc", "desc"]
Record = TypeVar("Record")
Rows = Sequence[tuple[Any, ...]]
# Says of each row whether it counts: what only the texts in the packs can tell.
Judge = Callable[[Rows], Sequence[bool]]
MOST = 2_000  # rows read at once


@dataclass(frozen=True, slots=True)
class Listing:
    """A list to be read: what to select, which rows, in which order. `counted` are conditions that say the same, where
    others are quicker when all rows are counted."""

    entity: Entity
    select: Sequence[str]
    conditions: Sequence[Condition]
    order: tuple[str, Direction]
    counted: Sequence[Condition] | None = None

    def count(self) -> int:
        """How many rows there are."""
        conditions = self.conditions if self.counted is None else self.counted
        params = [param for condition in conditions for param in condition.params]
        return int(fetch(f"SELECT count(*) {self._from_where((), conditions)}", params)[0][0])

    def selected(self) -> str:
        """FROM and WHERE, with the joins that conditions, columns and order need."""
        return self._from_where((*self.select, order_place(self.entity, self.order[0]).sorted_by), self.conditions)

    def _from_where(self, fragments: Sequence[str], conditions: Sequence[Condition]) -> str:
        wheres = [condition.sql for condition in conditions]
        return f"FROM {self.entity.source(*fragments, *wheres)} WHERE {' AND '.join(wheres)}"

    @property
    def params(self) -> list[Any]:
        return [param for condition in self.conditions for param in condition.params]


def read_page(
    listing: Listing,
    window: Numbered | Cursor | None,
    records: Callable[[Rows], Sequence[Record]],
    judge: Judge | None = None,
) -> Page[Record]:
    """The page, its rows made by `records`; `None` reads everything. A judge looks at rows before they count."""
    if isinstance(window, Cursor):
        return _from_position(listing, window, records, judge)
    if window is None:
        return Page(tuple(records(list(ordered(listing, judge)))))
    offset = (window.page - 1) * window.limit
    if judge is not None:
        kept, total = [], 0
        for row in ordered(listing, judge):
            if offset <= total < offset + window.limit:
                kept.append(row)
            total += 1
        return Page(tuple(records(kept)), total=total)
    sql = f"SELECT {', '.join(listing.select)} {listing.selected()} ORDER BY {_order(listing)}"
    rows = fetch(f"{sql} LIMIT %s OFFSET %s", [*listing.params, window.limit, offset])
    is_last = len(rows) < window.limit and (rows or not offset)
    total = offset + len(rows) if is_last else listing.count()
    return Page(tuple(records(rows)), total=total)


def _from_position(
    listing: Listing, window: Cursor, records: Callable[[Rows], Sequence[Record]], judge: Judge | None
) -> Page[Record]:
    position = _decode(listing, window.after) if window.after else None
    found = _walk(listing, position, window.backwards, window.limit + 1, judge)
    rows = list(islice(found, window.limit + 1))
    more, rows = len(rows) > window.limit, rows[: window.limit]
    if window.backwards:
        rows.reverse()
    before, after = (more, bool(window.after)) if window.backwards else (bool(window.after), more)
    return Page(
        tuple(records([row[:-2] for row in rows])),
        next_cursor=_encode(listing.order, *rows[-1][-2:]) if rows and after else None,
        previous_cursor=_encode(listing.order, *rows[0][-2:]) if rows and before else None,
    )


def ordered(listing: Listing, judge: Judge | None = None) -> Iterator[tuple[Any, ...]]:
    """All rows in order, without holding them all."""
    for row in _walk(listing, None, False, MOST, judge):
        yield row[:-2]


def _walk(
    listing: Listing, position: tuple[Any, str] | None, backwards: bool, first: int, judge: Judge | None
) -> Iterator[tuple[Any, ...]]:
    """The rows behind a position that the judge lets pass, each with its order value and id behind it. They are read
    some at a time: `first` at first, then more and more, because where few pass, many must be looked at."""
    many, place = first, (order_place(listing.entity, listing.order[0]).sorted_by, f"{listing.entity.alias}.id")
    while True:
        conditions = list(listing.conditions)
        if position is not None:
            conditions.append(_beyond(listing, position, backwards))
        asked = Listing(listing.entity, (*listing.select, *place), conditions, listing.order)
        sql = f"SELECT {', '.join(asked.select)} {asked.selected()} ORDER BY {_order(listing, backwards)} LIMIT %s"
        rows = fetch(sql, [*asked.params, many])
        if judge is None:
            yield from rows
        else:
            passing = judge([row[:-2] for row in rows])
            yield from (row for row, passes in zip(rows, passing, strict=True) if passes)
        if len(rows) < many:
            return
        position, many = rows[-1][-2:], min(many * 2, MOST)


def _order(listing: Listing, backwards: bool = False) -> str:
    column, direction = listing.order
    place = order_place(listing.entity, column)
    word = "DESC" if (direction == "desc") != backwards else "ASC"
    identity = f"{listing.entity.alias}.id {word}"
    if place.required:
        # Row order as the index has it, so that it is read in either direction.
        return f"{place.sorted_by} {word}, {identity}" if column != "id" else identity
    return f"{place.sorted_by} {word} NULLS {'FIRST' if backwards else 'LAST'}, {identity}"


def _beyond(listing: Listing, position: tuple[Any, str], backwards: bool) -> Condition:
    """Rows behind the position (before it, when reading backwards)."""
    column, direction = listing.order
    place, identity = order_place(listing.entity, column), f"{listing.entity.alias}.id"
    rank, sign = place.sorted_by, "<" if (direction == "desc") != backwards else ">"
    value, last = position
    if place.required:
        return Condition(f"({rank}, {identity}) {sign} (%s, %s)", (value, last))
    if value is None:
        same = f"({rank} IS NULL AND {identity} {sign} %s)"
        return Condition(f"({same} OR {rank} IS NOT NULL)" if backwards else same, (last,))
    onwards = f"({rank}, {identity}) {sign} (%s, %s)"
    return Condition(onwards if backwards else f"({onwards} OR {rank} IS NULL)", (value, last))


def _encode(order: tuple[str, Direction], value: Any, last: str) -> str:
    stamp = ["t", value.isoformat()] if isinstance(value, datetime) else ["v", value]
    return base64.urlsafe_b64encode(msgspec.json.encode([1, *order, *stamp, last])).decode().rstrip("=")


def _decode(listing: Listing, text: str) -> tuple[Any, str]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        _, column, direction, kind, value, last = msgspec.json.decode(raw, type=_POSITION)
        position: Any = datetime.fromisoformat(str(value)) if kind == "t" else value
    except (ValueError, msgspec.DecodeError) as error:
        raise Invalid("cursor is not one that this list gave.", "cursor") from error
    if (column, direction) != listing.order:
        raise Invalid("cursor belongs to another order of this list.", "cursor")
    place = order_place(listing.entity, column)
    expected = int if place.rank else _TYPES[listing.entity.kinds[column]]
    if not (isinstance(position, expected) or (position is None and not place.required)):
        raise Invalid("cursor is not one that this list gave.", "cursor")
    return position, last


# version, order column, direction, kind of value (time, other), value, id
_POSITION = tuple[Literal[1], str, str, Literal["t", "v"], str | float | int | bool | None, str]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "datetime": datetime,
    "boolean": bool,
}
