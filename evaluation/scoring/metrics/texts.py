"""Metrics that compare two texts character by character, or look for something in one."""

from dataclasses import dataclass

import re2
from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import Levenshtein

from evaluation import patterns
from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.metrics.base import MAX_CHARACTERS, Case, Compared, Mark, Metric, Settings, option

MAX_PATTERN = 1_000


def exact(case: Case, _settings: Compared) -> Mark:
    """1 where the answer equals an accepted one after normalisation, otherwise 0 (exact match; SQuAD, Rajpurkar et al.
    2016, section 6.1: the best over all accepted answers)."""
    return Mark(float(case.text in case.accepted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Compared):
    all: bool = option(False, _("All must be there"), _("Otherwise one of the accepted answers is enough."))


def contains(case: Case, settings: Contains) -> Mark:
    """1 where an accepted answer (or all of them) stands somewhere in the answer. Empty ones are never contained."""
    found = [bool(one) and one in case.text for one in case.accepted]
    lacking = next((one for one, is_there in zip(case.accepted, found, strict=True) if not is_there), "")
    holds = all(found) if settings.all else any(found)
    return Mark(float(holds), "" if holds else f"Not found: {lacking[:200]!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(Settings):
    pattern: str = option(
        "", _("Regular expression"), _("In RE2's syntax, which knows no references back and no looking around.")
    )
    whole: bool = option(False, _("The whole answer must match"), _("Otherwise a match anywhere in it counts."))
    ignore_case: bool = option(False, _("Ignore case"))

    def __post_init__(self) -> None:
        if not 1 <= len(self.pattern) <= MAX_PATTERN:
            raise ValueError(f"pattern must have 1 to {MAX_PATTERN} characters.")
        try:
            patterns.compiled(self.pattern, ignore_case=self.ignore_case)
        except re2.error as error:
            raise ValueError(f"pattern: {patterns.fault_of(error)[:300]} (RE2's syntax).") from None


def matches(case: Case, settings: Pattern) -> Mark:
    """1 where the regular expression finds something. RE2's time is linear in the text, whatever the pattern."""
    compiled = patterns.compiled(settings.pattern, ignore_case=settings.ignore_case)
    text = case.text.encode("utf-8", "replace").decode()  # RE2 takes no halves of characters
    found = compiled.fullmatch(text) if settings.whole else compiled.search(text)
    return Mark(float(found is not None), f"Found {found[0][:200]!r}." if found else "")


def levenshtein(case: Case, _settings: Compared) -> Mark:
    """1 - d / max(|a|, |b|), d the Levenshtein distance (insert, delete, replace: 1 each; Levenshtein 1966) counted in
    characters by rapidfuzz; the best over all accepted answers. Two empty texts: 1."""
    if max(len(case.text), *map(len, case.accepted)) > MAX_CHARACTERS:
        raise ScoringFailed(f"The Levenshtein ratio takes texts of at most {MAX_CHARACTERS} characters.")
    return Mark(max(Levenshtein.normalized_similarity(case.text, one) for one in case.accepted))


METRICS = (
    Metric(
        kind="exact",
        label=_("Exact match"),
        about=_("The answer equals the expected one, or one of several accepted ones."),
        score=exact,
        settings=Compared,
        data_type="BOOLEAN",
        normalisation="exact",
    ),
    Metric(
        kind="contains",
        label=_("Contains"),
        about=_("The expected text stands somewhere in the answer."),
        score=contains,
        settings=Contains,
        data_type="BOOLEAN",
        normalisation="lenient",
    ),
    Metric(
        kind="regex",
        label=_("Regular expression"),
        about=_("A regular expression finds something in the answer."),
        score=matches,
        settings=Pattern,
        data_type="BOOLEAN",
        normalisation="exact",
    ),
    Metric(
        kind="levenshtein",
        label=_("Levenshtein ratio"),
        about=_("How alike answer and expected text are, by the edits that lead from one to the other: 0 to 1."),
        score=levenshtein,
        settings=Compared,
        normalisation="trimmed",
    ),
)
