"""HTML from a frame and values, for what a page writes hundreds of times."""

from html import escape
from typing import Any

from django.utils.safestring import SafeString


def filled(frame: str, *values: Any, **named: Any) -> SafeString:
    """Django's `format_html`, some four times as fast: all values but safe strings are escaped. Lazy translations
    cost that difference; here they are simply read."""
    return SafeString(frame.format(*map(_escaped, values), **{name: _escaped(value) for name, value in named.items()}))


def joined(pieces: list[SafeString]) -> SafeString:
    """One after the other."""
    return SafeString("".join(pieces))


def _escaped(value: Any) -> str:
    return value if type(value) is SafeString else escape(str(value))
