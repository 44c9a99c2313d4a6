"""Metrics of overlap: how many words, items or stretches answer and reference share. All values are 0 to 1."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import LCSseq

from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.metrics.base import MAX_CHARACTERS, Case, Compared, Mark, Metric, option
from evaluation.scoring.parts import read, text

_WORD = re.compile(r"\w+")
_BULLET = re.compile(r"^\s*(?:[-*•–—]\s+|\d{1,3}[.)]\s+)")
MAX_SEPARATORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Compared):
    measure: str = option(
        "f1",
        _("Measure"),
        choices={
            "f1": _("F1"),
            "recall": _("recall: the share found"),
            "precision": _("precision"),
        },
    )


def token_f1(case: Case, settings: Share) -> Mark:
    """F1 of the words, counted as often as both have them: 2PR / (P + R); the best over all accepted answers (SQuAD's
    evaluation script, `f1_score`; Rajpurkar et al. 2016, section 6.1). Where one has no words: 1 if both have none."""
    return _best(case, settings, str.split)


def rouge_l(case: Case, settings: Share) -> Mark:
    """ROUGE-L: P and R of the longest common subsequence of words (Lin 2004, section 3.1, with β = 1 as the rouge-score
    package has it); rapidfuzz finds the subsequence. Words are runs of letters and digits of any script, lower case; no
    stemming."""
    return _best(case, settings, _words, _longest_common)


def bleu(case: Case, _settings: Compared) -> Mark:
    """Sentence BLEU (Papineni et al. 2002) of sacrebleu (Post 2018), by its defaults for sentences: 13a tokens,
    exponential smoothing, effective order; all accepted answers are references at once. Divided by 100."""
    _check_length(case)
    return Mark(float(_bleu().sentence_score(case.text, list(case.accepted)).score) / 100)


def chrf(case: Case, _settings: Compared) -> Mark:
    """chrF2 (Popović 2015) of sacrebleu: n-grams of up to 6 characters, β = 2; the best over all references. Divided
    by 100."""
    _check_length(case)
    return Mark(float(_chrf().sentence_score(case.text, list(case.accepted)).score) / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Share):
    separators: str = option(
        ",;\n", _("Separators"), _("Characters between the items of a text. A JSON list has its own items.")
    )

    def __post_init__(self) -> None:
        if not 1 <= len(self.separators) <= MAX_SEPARATORS:
            raise ValueError(f"separators must have 1 to {MAX_SEPARATORS} characters.")


def set_f1(case: Case, settings: Items) -> Mark:
    """F1 of two sets of items, wherever they stand: 2PR / (P + R) over distinct normalised items (van Rijsbergen 1979).
    What was expected is one list here, not several accepted answers. Two empty sets: 1."""
    given, wanted = (_items(value, settings, case) for value in (case.output, case.expected))
    value = _share(len(given & wanted), len(given), len(wanted), settings.measure)
    lacking, beyond = sorted(wanted - given), sorted(given - wanted)
    told = [f"Missing: {', '.join(lacking)[:300]}."] if lacking else []
    return Mark(value, " ".join(told + ([f"Not expected: {', '.join(beyond)[:300]}."] if beyond else [])))


def _best(case: Case, settings: Share, cut: Any, shared: Any = None) -> Mark:
    _check_length(case)
    given = cut(case.text)
    values = []
    for one in case.accepted:
        wanted = cut(one)
        common = (shared or _common)(given, wanted)
        values.append(_share(common, len(given), len(wanted), settings.measure))
    return Mark(max(values))


def _share(common: int, given: int, wanted: int, measure: str) -> float:
    if not given or not wanted:
        return float(given == wanted)
    precision, recall = common / given, common / wanted
    if measure == "f1":
        return 2 * common / (given + wanted)
    return precision if measure == "precision" else recall


def _common(given: Sequence[Hashable], wanted: Sequence[Hashable]) -> int:
    return sum((Counter(given) & Counter(wanted)).values())


def _longest_common(given: Sequence[Hashable], wanted: Sequence[Hashable]) -> int:
    return int(LCSseq.similarity(given, wanted))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _items(value: Any, settings: Items, case: Case) -> set[str]:
    held = read(value)
    if isinstance(held, list):
        parts = [text(one) for one in held]
    else:
        pieces = re.split(f"[{re.escape(settings.separators)}]", text(value))
        parts = [_BULLET.sub("", piece) for piece in pieces]
    return {item for part in parts if (item := case.profile.apply(part).strip())}


def _check_length(case: Case) -> None:
    if max(len(case.text), *map(len, case.accepted)) > MAX_CHARACTERS:
        raise ScoringFailed(f"Texts of more than {MAX_CHARACTERS} characters are not compared by overlap.")


# sacrebleu brings numpy and lxml with it: not before somebody asks.
@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True)


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


METRICS = (
    Metric(
        kind="token_f1",
        label=_("Token F1"),
        about=_("How many words the answer shares with the expected text, as in SQuAD."),
        score=token_f1,
        settings=Share,
        normalisation="squad",
    ),
    Metric(
        kind="set_f1",
        label=_("Set F1"),
        about=_("How many items of a list were found, in any order."),
        score=set_f1,
        settings=Items,
        normalisation="lenient",
    ),
    Metric(
        kind="bleu",
        label=_("BLEU"),
        about=_("Overlap of stretches of up to four words, as translations are measured."),
        score=bleu,
        settings=Compared,
        normalisation="exact",
    ),
    Metric(
        kind="chrf",
        label=_("chrF"),
        about=_("Overlap of stretches of up to six characters: kinder to languages with many endings."),
        score=chrf,
        settings=Compared,
        normalisation="exact",
    ),
    Metric(
        kind="rouge_l",
        label=_("ROUGE-L"),
        about=_("The longest sequence of words that both have in the same order, as summaries are measured."),
        score=rouge_l,
        settings=Share,
        normalisation="exact",
    ),
)
