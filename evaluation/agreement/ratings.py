"""What was said, and what is found out about it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = Hashable
# One mapping per item: who → what they said of it. People may be missing.
Ratings: TypeAlias = Sequence[Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate over `n` items with its 95 % interval.

    `value` is None where the data leave it undefined (without any item, or where everybody always said the same, so
    that nothing tells agreement from chance); `low` and `high` are None where they tell nothing about the spread: with
    fewer than two items, and where nobody ever differed.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def pairable(ratings: Ratings) -> list[list[Value]]:
    """The values of the items that at least two people judged; the others say nothing about agreement."""
    return [list(item.values()) for item in ratings if len(item) > 1]


def categories_of(units: Sequence[Sequence[Value]]) -> list[Value]:
    """The values that occur, in their own order."""
    return sorted({value for unit in units for value in unit}, key=_place)


def _place(value: Value) -> tuple[bool, float, str]:
    is_number = isinstance(value, (int, float))
    return (not is_number, float(value) if isinstance(value, (int, float)) else 0.0, str(value))
