"""Texts of definitions: refused with their field's name when they are empty, too long or cannot be stored."""

import unicodedata

from django.utils.translation import gettext as _

from accounts.storable import storable
from common.errors import Invalid
from common.wording import called


def line(text: str, field: str, limit: int) -> str:
    """A name: trimmed, not empty, on one line."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= limit:
        told = {"field": called(field), "limit": limit, "length": len(trimmed)}
        raise Invalid(_("%(field)s must have 1 to %(limit)s characters; it has %(length)s.") % told, field)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in trimmed):
        told = {"field": called(field)}
        raise Invalid(_("%(field)s must stand on one line, without control characters.") % told, field)
    return trimmed


def body(text: str, field: str, limit: int) -> str:
    """A text of several lines, as it was sent, but not blank."""
    if not text.strip():
        raise Invalid(_("%(field)s must not be empty.") % {"field": called(field)}, field)
    return within(text, field, limit)


def within(text: str, field: str, limit: int) -> str:
    """A text that may be empty."""
    if len(text) > limit:
        told = {"field": called(field), "longest": limit, "length": len(text)}
        raise Invalid(_("%(field)s must have at most %(longest)s characters; it has %(length)s.") % told, field)
    if storable(text) != text:
        raise Invalid(_("%(field)s must not hold NUL characters.") % {"field": called(field)}, field)
    return text
