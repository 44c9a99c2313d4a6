"""Texts of definitions: refused with their field's name when they are empty, too long or cannot be stored."""

import unicodedata

from accounts.storable import storable
from common.errors import Invalid


def line(text: str, field: str, limit: int) -> str:
    """A name: trimmed, not empty, on one line."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= limit:
        raise Invalid(f"{field} must have 1 to {limit} characters; it has {len(trimmed)}.", field)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in trimmed):
        raise Invalid(f"{field} must stand on one line, without control characters.", field)
    return trimmed


def body(text: str, field: str, limit: int) -> str:
    """A text of several lines, as it was sent, but not blank."""
    if not text.strip():
        raise Invalid(f"{field} must not be empty.", field)
    return within(text, field, limit)


def within(text: str, field: str, limit: int) -> str:
    """A text that may be empty."""
    if len(text) > limit:
        raise Invalid(f"{field} must have at most {limit} characters; it has {len(text)}.", field)
    if storable(text) != text:
        raise Invalid(f"{field} must not hold NUL characters.", field)
    return text
