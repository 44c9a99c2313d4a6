"""Normalisation: what two texts may differ in and still count as equal ("Париж." and "париж")."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid

FORMS = ("", "NFC", "NFKC")
_QUOTES = str.maketrans(dict.fromkeys("«»„“”‟〝〞＂", '"') | dict.fromkeys("‘’‚‛‹›`´ʼ", "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-"))
_YO = str.maketrans("ёЁ", "еЕ")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)
# Signs that Unicode counts as punctuation although they say something.
_SAYING = frozenset("%‰#&@*/\\")
_NUMBER_MARKS = frozenset(".,-:")


def _option(label: Promise) -> Any:
    return field(default=False, metadata={"label": label})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is levelled before two texts are compared, in the order of the fields; all off: texts as they are.

    `articles` and `punctuation` follow the evaluation script of SQuAD (Rajpurkar et al. 2016: a, an, the go, marks are
    dropped without a blank), except that marks of all scripts go and those inside numbers stay: 3.14 is not 314.
    """

    form: str = field(default="", metadata={"label": _("Unicode form")})
    case: bool = _option(_("ignore case"))
    yo: bool = _option(_("ё is е"))
    quotes: bool = _option(_("quotation marks and dashes of all kinds are one"))
    punctuation: bool = _option(_("ignore punctuation"))
    articles: bool = _option(_("ignore English articles"))
    whitespace: bool = _option(_("blanks and line breaks are one blank"))
    strip: bool = _option(_("ignore blanks at both ends"))

    def apply(self, text: str) -> str:
        """The text, levelled."""
        if self.form:
            text = unicodedata.normalize(self.form, text)  # type: ignore[arg-type]
        if self.case:
            text = text.casefold()
        if self.yo:
            text = text.translate(_YO)
        if self.quotes:
            text = text.translate(_QUOTES).translate(_DASHES)
        if self.punctuation:
            text = _without_punctuation(text)
        if self.articles:
            text = _ARTICLES.sub(" ", text)
        if self.whitespace:
            text = re.sub(r"\s+", " ", text)
        return text.strip() if self.strip else text


# name -> what people read, and the profile
PRESETS: Mapping[str, tuple[Promise, Profile]] = {
    "exact": (_("as it is"), Profile()),
    "trimmed": (_("trimmed: blanks at the ends and Unicode spelling do not count"), Profile(form="NFC", strip=True)),
    "lenient": (
        _("lenient: case, punctuation, quotation marks, blanks and ё do not count"),
        Profile(form="NFKC", case=True, yo=True, quotes=True, punctuation=True, whitespace=True, strip=True),
    ),
    "squad": (
        _("SQuAD: as lenient, and English articles do not count"),
        Profile(
            form="NFKC", case=True, yo=True, quotes=True, punctuation=True, articles=True, whitespace=True, strip=True
        ),
    ),
}
_NAMES = tuple(one.name for one in fields(Profile))


def profile(given: str | Mapping[str, Any]) -> Profile:
    """The profile of a preset's name, or of its own fields. Raises Invalid (`normalisation`)."""
    if isinstance(given, str):
        if given not in PRESETS:
            raise Invalid(f"normalisation must be one of {', '.join(PRESETS)}, not {given[:50]!r}.", "normalisation")
        return PRESETS[given][1]
    if unknown := [name for name in given if name not in _NAMES]:
        raise Invalid(
            f"normalisation: there is no {str(unknown[0])[:50]!r}; it may say {', '.join(_NAMES)}.", "normalisation"
        )
    for name, value in given.items():
        if name == "form":
            if value not in FORMS:
                raise Invalid("normalisation.form must be NFC, NFKC or empty.", "normalisation.form")
        elif not isinstance(value, bool):
            raise Invalid(f"normalisation.{name} must be true or false.", f"normalisation.{name}")
    return Profile(**given)


def _without_punctuation(text: str) -> str:
    return "".join(
        character
        for place, character in enumerate(text)
        if not _is_mark(character) or _belongs_to_number(text, place, character)
    )


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return (unicodedata.category(character)[0] == "P" and character not in _SAYING) or character == "`"


def _belongs_to_number(text: str, place: int, character: str) -> bool:
    """A point or comma between digits, or a sign in front of one that no letter or digit precedes: -5, but not x-5."""
    if character not in _NUMBER_MARKS or place + 1 >= len(text) or not text[place + 1].isdigit():
        return False
    before = text[place - 1] if place else " "
    return not before.isalnum() if character == "-" else before.isdigit()
