"""The shape of what was said."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = Hashable
# One mapping per item: who → what they said of it. People may be missing.
Ratings: TypeAlias = Sequence[Mapping[str, Value]]


def pairable(ratings: Ratings) -> list[list[Value]]:
    """The values of the items that at least two people judged; the others say nothing about agreement."""
    return [list(item.values()) for item in ratings if len(item) > 1]


def categories_of(units: Sequence[Sequence[Value]]) -> list[Value]:
    """The values that occur, in their own order."""
    return sorted({value for unit in units for value in unit}, key=_place)


def _place(value: Value) -> tuple[bool, float, str]:
    is_number = isinstance(value, (int, float))
    return (not is_number, float(value) if isinstance(value, (int, float)) else 0.0, str(value))
