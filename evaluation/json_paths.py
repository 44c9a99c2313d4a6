"""JSONPaths (RFC 9535) that people write and servers follow: none may hold one up.

Regular expressions in filters are RE2's, whose time is linear in the text; and `..` may stand twice in a path, because
each one looks into everything below everything that the one before has found.
"""

import re
from functools import lru_cache
from typing import Any

import jsonpath
import re2
from jsonpath.exceptions import JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction

from evaluation import patterns

MAX_PATH = 1_000
MAX_DESCENTS = 2


class _Finds(FilterFunction):
    """`match` (whole) or `search`; a pattern that cannot be read finds nothing, as RFC 9535 has it (section 2.4.6)."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        return _finds(pattern, value, whole=self.whole, ignore_case=False)


class _Environment(jsonpath.JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Finds(whole=True)
        self.function_extensions["search"] = _Finds(whole=False)

    def compare(self, left: object, operator: str, right: object) -> bool:
        if operator == "=~" and isinstance(left, str) and isinstance(right, re.Pattern):
            return _finds(right.pattern, left, whole=True, ignore_case=bool(right.flags & re.IGNORECASE))
        return super().compare(left, operator, right)


_environment = _Environment()


@lru_cache(maxsize=512)
def compiled(path: str) -> Any:
    """The path, ready for `findall`. Raises JSONPathError, and ValueError for one that would take too long."""
    if len(path) > MAX_PATH:
        raise ValueError(f"it has more than {MAX_PATH} characters")
    if path.count("..") > MAX_DESCENTS:
        raise ValueError(f"it descends by .. more than {MAX_DESCENTS} times")
    return _environment.compile(path)


def fault_of(path: str) -> str:
    """Why it is no JSONPath that can be followed; empty for one, and for no path at all."""
    if not path:
        return ""
    if not path.startswith("$"):
        return "it must start with $"
    try:
        compiled(path)
    except (JSONPathError, ValueError, RecursionError) as error:
        return str(error).partition("\n")[0]
    return ""


def _finds(pattern: str, text: str, *, whole: bool, ignore_case: bool) -> bool:
    try:
        found = patterns.compiled(pattern, ignore_case=ignore_case)
        return (found.fullmatch(text) if whole else found.search(text)) is not None
    except (re2.error, UnicodeError):
        return False
