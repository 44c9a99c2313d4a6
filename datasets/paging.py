"""Lists of configured rows by pages, without counting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)
FARTHEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page for `components/pager.html`: a cursor is the number of rows before the page."""

    rows: list[Row]
    next_cursor: str | None
    previous_cursor: str | None


def cut(rows: Sequence[Row] | QuerySet[Any, Any], cursor: str, limit: int = 50) -> Slice[Any]:
    """The page after `cursor`; nonsense in it means the beginning."""
    start = min(int(cursor), FARTHEST) if cursor.isascii() and cursor.isdigit() and len(cursor) < 9 else 0
    found = list(rows[start : start + limit + 1])
    return Slice(
        found[:limit],
        str(start + limit) if len(found) > limit else None,
        str(max(0, start - limit)) if start else None,
    )


def round_of(text: str) -> int:
    """Which request it is that asks for what was not read yet; the first one, 0, where the text says nothing."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
