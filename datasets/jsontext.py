"""JSON values as the text that is stored: keys in the order given, big numbers whole, letters readable.

NUL characters become `\\u0000`, which PostgreSQL's text holds; so do lone surrogates in values that a program made.
"""

import json
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from common.errors import Invalid


def to_text(value: Any) -> str:
    """One JSON value as text."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value)


def to_value(text: str | None) -> Any:
    """The value of stored text; None for text never given."""
    return None if text is None else json.loads(text)


def read_typed(text: str, field: str) -> str | None:
    """What a person typed where JSON may stand, as JSON text: None for nothing, raises Invalid where it is broken.

    Text that does not look like JSON is taken as a string, so that nobody has to type quotes around a word.
    """
    text = text.strip()
    if not text:
        return None
    try:
        return to_text(msgspec.json.decode(text.encode("utf-8", "replace")))
    except (msgspec.DecodeError, RecursionError) as error:
        if text[0] in "{[":
            wrong = _("This is not valid JSON: %(error)s. To enter it as text, put it in double quotes.")
            raise Invalid(wrong % {"error": error}, field) from error
        return to_text(text)


def pretty(text: str | None) -> str:
    """Stored text for editing: a plain string without its quotes, anything else indented."""
    if text is None:
        return ""
    value = json.loads(text)
    if isinstance(value, str) and read_back_as_string(value):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def read_back_as_string(text: str) -> bool:
    """Whether a string typed without quotes would be read as this very string."""
    try:
        return read_typed(text, "") == to_text(text)
    except Invalid:
        return False
