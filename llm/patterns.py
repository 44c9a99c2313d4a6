"""Regular expressions that people write: run by RE2, whose time grows with the text only, whatever the pattern."""

from functools import lru_cache
from typing import Any

import re2

from common.errors import Invalid

MAX_PATTERN = 512
_options = re2.Options()
_options.log_errors = False
_options.max_mem = 1 << 20


@lru_cache(maxsize=4096)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The compiled pattern; raises `re2.error` for one that RE2 refuses."""
    return re2.compile(f"(?i:{pattern})" if ignore_case else pattern, _options)


def check_pattern(pattern: str, field: str) -> str:
    """The pattern as it is; raises Invalid when it is empty, too long or no regular expression of RE2's grammar."""
    if not pattern:
        raise Invalid(f"{field} must not be empty.", field)
    if len(pattern) > MAX_PATTERN:
        raise Invalid(f"{field} must have at most {MAX_PATTERN} characters; it has {len(pattern)}.", field)
    if "\0" in pattern:
        raise Invalid(f"{field} must not contain NUL characters.", field)
    try:
        compiled(pattern)
    except re2.error as error:
        detail = error.args[0] if error.args else b""
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        hint = "Look-around and back references are not supported."
        raise Invalid(f"{field} is not a valid regular expression ({reason}). {hint}", field) from None
    except UnicodeEncodeError:
        raise Invalid(f"{field} must be well-formed Unicode.", field) from None
    return pattern


def found(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether the pattern occurs in the text; a pattern or text that cannot be read occurs nowhere."""
    try:
        return compiled(pattern, ignore_case).search(text) is not None
    except (re2.error, UnicodeEncodeError):
        return False
