"""Regular expressions that people write: RE2's, whose time is linear in the text, whatever the pattern."""

from functools import lru_cache

import re2


@lru_cache(maxsize=256)
def compiled(pattern: str, *, ignore_case: bool = False) -> "re2._Regexp[str]":
    """The pattern, ready to search. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    return re2.compile(pattern, options)


def fault_of(error: re2.error) -> str:
    """What RE2 says of a pattern, in words."""
    return error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
