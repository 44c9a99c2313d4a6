"""What of a model's text is its answer: reasoning that leads to it must not be compared with what was expected."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2
from django.utils.translation import gettext as _

from common.errors import Invalid
from evaluation.json_paths import fault_of
from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.parts import part
from evaluation.texts import within

MAX_ARGUMENT = 1_000
KINDS = ("whole", "json_path", "regex", "after", "after_if_any", "last_line")


class NotExtracted(Exception):
    """The text holds no answer of that kind; `message` says what was sought."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Extraction:
    """How an answer is found. `argument` is a JSONPath (`json_path`), a regular expression of RE2 (`regex`: its first
    group, or all it matches), or the marker that stands before the answer (`after`, `after_if_any`), else empty.

    `after_if_any` takes the whole text where there is no marker, so that prompts that ask for one can be compared with
    prompts that do not.

    Of several places that fit, the last one counts: models think first and answer then.
    """

    kind: str = "whole"
    argument: str = ""

    def stored(self) -> dict[str, str]:
        """As it is kept in a row."""
        return {"kind": self.kind, "argument": self.argument}


def read(row: Mapping[str, Any]) -> Extraction:
    """As it was kept."""
    return Extraction(row.get("kind", "whole"), row.get("argument", ""))


def checked(extraction: Extraction) -> Extraction:
    """The extraction, if it can work. Raises Invalid (`extraction`)."""
    kind, argument = extraction.kind, extraction.argument
    if kind not in KINDS:
        raise Invalid(_("Choose how the answer is found: %(kinds)s.") % {"kinds": ", ".join(KINDS)}, "extraction")
    within(argument, "extraction", MAX_ARGUMENT)
    if kind in ("whole", "last_line"):
        return Extraction(kind)
    if not argument.strip():
        raise Invalid(_("Say what to look for in the answer."), "extraction")
    if kind == "json_path" and (fault := fault_of(argument)):
        raise Invalid(_("This is not a JSONPath: %(fault)s.") % {"fault": fault}, "extraction")
    if kind == "regex":
        try:
            re2.compile(_of_all_letters(argument), _options())
        except re2.error as error:
            told = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise Invalid(_("This is not a regular expression: %(fault)s.") % {"fault": told}, "extraction") from None
    return extraction


def extract(extraction: Extraction, text: str) -> Any:
    """The answer in the text: a string, or a JSON value for `json_path`. Raises NotExtracted."""
    return _WAYS[extraction.kind](text, extraction.argument)


def _whole(text: str, _argument: str) -> str:
    return text


def _last_line(text: str, _argument: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise NotExtracted(_("The answer is empty."))
    return lines[-1]


def _after(text: str, marker: str) -> str:
    places = list(re2.finditer(re2.escape(marker), text, _options(case_sensitive=False)))
    if not places:
        raise NotExtracted(_("The answer does not hold the marker “%(marker)s”.") % {"marker": marker})
    return text[places[-1].end() :].strip()


def _after_if_any(text: str, marker: str) -> str:
    try:
        return _after(text, marker)
    except NotExtracted:
        return text


def _regex(text: str, pattern: str) -> str:
    matches = list(re2.finditer(_of_all_letters(pattern), text, _options()))
    if not matches:
        raise NotExtracted(_("Nothing in the answer matches %(pattern)s.") % {"pattern": pattern})
    found = matches[-1]
    group = found[1] if found.re.groups else found[0]
    return group or ""


def _json_path(text: str, path: str) -> Any:
    try:
        found = part(_json_in(text), path)
    except ScoringFailed as error:
        raise NotExtracted(error.message) from None
    if found is None:
        raise NotExtracted(_("The JSON of the answer has nothing at %(path)s.") % {"path": path})
    return found


def _json_in(text: str) -> Any:
    """The last JSON object or array in the text: models put words and fences around it."""
    stripped = text.strip()
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        pass
    decoder, found, at, in_vain = json.JSONDecoder(), None, 0, 0
    while in_vain < _MOST_IN_VAIN and (bracket := _BRACKET.search(stripped, at)):
        try:
            found, at = decoder.raw_decode(stripped, bracket.start())
        except (ValueError, RecursionError) as error:
            at = bracket.end()
            in_vain += getattr(error, "pos", at + 1_000) - at + 1 + len(stripped) // 100
    if found is None:
        raise NotExtracted(_("The answer holds no JSON."))
    return found


_LETTERS = {
    ("w", False): r"[\p{L}\p{M}\p{N}_]",
    ("w", True): r"\p{L}\p{M}\p{N}_",
    ("W", False): r"[^\p{L}\p{M}\p{N}_]",
}
_BRACKET = re.compile(r"[{\[]")
# Each bracket is tried as the beginning of a value, until so many characters were read that belong to none (where the
# fault lies is counted by lines, for which Python reads the text from its beginning).
_MOST_IN_VAIN = 2_000_000
_WAYS = {
    "whole": _whole,
    "json_path": _json_path,
    "regex": _regex,
    "after": _after,
    "after_if_any": _after_if_any,
    "last_line": _last_line,
}


def _of_all_letters(pattern: str) -> str:
    """The pattern with `\\w` for letters of all scripts: to RE2 only Latin ones are word characters."""
    written: list[str] = []
    in_class = escaped = False
    for character in pattern:
        if escaped:
            written[-1:] = [_LETTERS[character, in_class]] if (character, in_class) in _LETTERS else ["\\", character]
            escaped = False
            continue
        escaped = character == "\\"
        if character in "[]":
            in_class = character == "["
        written.append(character)
    return "".join(written)


def _options(*, case_sensitive: bool = True) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = case_sensitive
    options.dot_nl = False
    return options
