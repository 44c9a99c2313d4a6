"""Numbered pages of the public API: `page` ≥ 1, `limit` 1…100, and their envelope (api.md, section 1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import Invalid

MAX_LIMIT = 100


def page_and_limit(params: Mapping[str, str], default_limit: int = 50, max_limit: int = MAX_LIMIT) -> tuple[int, int]:
    """The asked page and limit; empty text counts as absent; raises Invalid outside the bounds."""
    return whole(params, "page", 1, 1, 1_000_000), whole(params, "limit", default_limit, 1, max_limit)


def whole(params: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number among query parameters."""
    text = params.get(name, "")
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise Invalid(f"{name} must be a whole number.", name) from None
    if not low <= value <= high:
        raise Invalid(f"{name} must be between {low} and {high}.", name)
    return value


def envelope(rows: Sequence[Any], page: int, limit: int, total: int) -> dict[str, Any]:
    """`{data, meta}` of one numbered page."""
    meta = {"page": page, "limit": limit, "totalItems": total, "totalPages": -(-total // limit)}
    return {"data": rows, "meta": meta}
