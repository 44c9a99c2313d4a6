"""The metric that finds a number in a text and compares it."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.metrics.base import MAX_CHARACTERS, Case, Compared, Mark, Metric, option

_BLANKS = " \u00a0\u202f'’"  # between groups of three digits, the narrow and the unbreakable ones too
_BY_BLANKS = rf"(?P<blanks>\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d{{1,40}})?)"
_BY_COMMAS = r"(?P<commas>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,40})?)"  # 1,234.5
_BY_POINTS = r"(?P<points>\d{1,3}(?:\.\d{3})+,\d{1,40}|\d{1,3}(?:\.\d{3}){2,})"  # 1.234,5
_WITH_COMMA, _WITH_POINT = r"\d{1,40},\d{1,40}", r"\d{0,40}\.\d{1,40}"
_WHOLE = r"\d{1,40}"
# decimal sign -> how a number may be written, the first that fits
_SPELLINGS = {
    "auto": f"{_BY_BLANKS}|{_BY_COMMAS}|{_BY_POINTS}|(?P<plain>{_WITH_POINT}|{_WITH_COMMA}|{_WHOLE})",
    "comma": f"{_BY_BLANKS}|{_BY_POINTS}|(?P<plain>{_WITH_COMMA}|{_WHOLE})",
    "point": f"{_BY_BLANKS}|{_BY_COMMAS}|(?P<plain>{_WITH_POINT}|{_WHOLE})",
}
_NUMBERS = {
    decimal: re.compile(rf"(?<![\w.])(?P<sign>[-+−–]?)(?:{spelling})(?!\d)(?:[eE](?P<exponent>[-+−]?\d{{1,3}})(?!\w))?")
    for decimal, spelling in _SPELLINGS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Compared):
    which: str = option(
        "last",
        _("Which number of the answer counts"),
        choices={"last": _("the last"), "first": _("the first"), "any": _("any of them")},
    )
    absolute: float = option(0.0, _("Absolute tolerance"), _("How far it may be from the expected number."))
    relative: float = option(0.0, _("Relative tolerance"), _("0.01 is one hundredth of the expected number."))
    decimal: str = option(
        "auto",
        _("Decimal sign"),
        _("Before exactly three digits a comma can mean either; “auto” takes 1,234 for 1234."),
        choices={"auto": _("auto"), "comma": _("comma: 3,14"), "point": _("point: 3.14")},
    )

    def __post_init__(self) -> None:
        for name in ("absolute", "relative"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise ValueError(f"{name} must be a number that is not negative.")


def near(case: Case, settings: Near) -> Mark:
    """1 where |found - expected| <= max(absolute, relative · |expected|) (PEP 485, asymmetric: the expected number is
    the reference), reckoned in decimals, so that 3.1 is within 0.1 of 3. Numbers are read with points or commas,
    grouped digits and exponents; the best over all accepted answers."""
    found = _chosen(case.text[-MAX_CHARACTERS:] if settings.which == "last" else case.text[:MAX_CHARACTERS], settings)
    wanted = [number for one in case.accepted for number in numbers(one[:MAX_CHARACTERS], settings.decimal)[:1]]
    if not wanted:
        raise ScoringFailed("There is no number in what was expected.")
    if not found:
        return Mark(0.0, "No number found.")
    absolute, relative = Decimal(repr(settings.absolute)), Decimal(repr(settings.relative))
    fits = any(abs(one - goal) <= max(absolute, relative * abs(goal)) for one in found for goal in wanted)
    return Mark(float(fits), f"Found {_shown(found)}, expected {_shown(wanted)}.")


def numbers(text: str, decimal: str = "auto") -> list[Decimal]:
    """The numbers in a text, in order."""
    return [_read(match) for match in _NUMBERS[decimal].finditer(text)]


def _chosen(text: str, settings: Near) -> Sequence[Decimal]:
    found = numbers(text, settings.decimal)
    match settings.which:
        case "last":
            return found[-1:]
        case "first":
            return found[:1]
    return found


def _read(match: re.Match[str]) -> Decimal:
    match {name: text for name, text in match.groupdict().items() if text}:
        case {"blanks": str(text)}:
            digits = re.sub(f"[{_BLANKS}]", "", text).replace(",", ".")
        case {"commas": str(text)}:
            digits = text.replace(",", "")
        case {"points": str(text)}:
            digits = text.replace(".", "").replace(",", ".")
        case _:
            digits = match["plain"].replace(",", ".")
    sign = "-" if match["sign"] in ("-", "−", "–") else ""
    return Decimal(f"{sign}{digits}e{(match['exponent'] or '0').replace('−', '-')}")


def _shown(found: Sequence[Decimal]) -> str:
    return ", ".join(f"{one:f}" if abs(one.adjusted()) < 20 else str(one) for one in found[:5])


METRICS = (
    Metric(
        kind="number",
        label=_("Number with tolerance"),
        about=_("A number in the answer is near enough to the expected one, whatever words stand around it."),
        score=near,
        settings=Near,
        data_type="BOOLEAN",
    ),
)
