"""Names and ids as PostgreSQL can keep them."""

from django.utils.translation import gettext as _

from common.errors import Invalid
from common.wording import called

# Ids and names are keys of indexes, whose rows PostgreSQL keeps below 2.7 kB.
MAX_BYTES = 2000


def checked(text: str, field: str, longest: int) -> str:
    """The text itself; raises Invalid when it is empty, too long or holds what cannot be stored."""
    if not text.strip():
        raise Invalid(_("%(field)s must not be empty.") % {"field": called(field)}, field)
    return checked_or_empty(text, field, longest)


def checked_or_empty(text: str, field: str, longest: int | None = None) -> str:
    """Like `checked`, but empty is fine; `longest` None: any length."""
    if longest is not None and len(text) > longest:
        numbers = {"field": called(field), "longest": longest, "length": len(text)}
        raise Invalid(_("%(field)s must have at most %(longest)s characters; it has %(length)s.") % numbers, field)
    if longest is not None and storable(text) and len(text.encode()) > MAX_BYTES:
        numbers = {"field": called(field), "longest": MAX_BYTES}
        raise Invalid(_("%(field)s must have at most %(longest)s bytes.") % numbers, field)
    if "\0" in text or not storable(text):
        raise Invalid(
            _("%(field)s must not contain NUL characters or lone surrogates.") % {"field": called(field)}, field
        )
    return text


def storable(text: str) -> bool:
    """Whether the text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
