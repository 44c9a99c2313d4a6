"""What a comparison found, in words: signed figures, tests and effects by name, and a verdict in plain sentences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets.answers import ScoreKey
from datasets.findings import Against, Findings
from datasets.joining import stands_apart
from datasets.statistics.effects import Effect
from datasets.statistics.estimates import ALPHA

TESTS: Mapping[str, Any] = {
    "mcnemar": gettext_lazy("McNemar’s test, exact"),
    "permutation": gettext_lazy("permutation test, exact"),
    "permutation-sampled": gettext_lazy("permutation test, 10,000 draws"),
    "wilcoxon": gettext_lazy("Wilcoxon’s signed ranks, exact"),
    "wilcoxon-normal": gettext_lazy("Wilcoxon’s signed ranks"),
}
EFFECTS: Mapping[str, Any] = {
    "odds-ratio": gettext_lazy("odds ratio"),
    "dz": gettext_lazy("Cohen’s d_z"),
    "rank-biserial": gettext_lazy("rank-biserial r"),
}
INTERVALS: Mapping[str, Any] = {
    "wilson": gettext_lazy("Wilson’s interval"),
    "bca": gettext_lazy("BCa bootstrap over items"),
    "t": gettext_lazy("Student’s t"),
    "agresti-min": gettext_lazy("Agresti and Min’s interval"),
}

# Differences of numbers that were written in decimals are equal but for the last bits.
EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the figures say about one run; `kind` colours it: "good", "bad" or nothing."""

    kind: str
    text: str


def verdicts(names: Sequence[str], found: Findings) -> list[Verdict]:
    """A verdict per run other than the baseline, about the chosen score."""
    if found.chosen is None:
        return []
    sides = zip(names, found.against[found.chosen], strict=True)
    share = found.chosen in found.right_or_wrong
    parted = stands_apart(found.keys, found.chosen)
    return [verdict(name, found.chosen, share, one, parted=parted) for name, one in sides if one is not None]


def verdict(run: str, key: ScoreKey, share: bool, against: Against, *, parted: bool = False) -> Verdict:
    """What is shown, what is not, and what could be. `parted`: the score has a second source beside that of `key`."""
    difference = against.difference
    told = {"run": run, "score": key.name, "n": str(against.pairs)}
    if difference is None and parted:
        two = _(
            "“%(run)s” and the baseline have no item with %(score)s from one source in common: the score has two"
            " sources here (%(source)s and another one), and as a run has both, they are not taken as one. Leave such"
            " runs out, or choose the other source."
        )
        return Verdict("", two % (told | {"source": key.source.lower()}))
    if difference is None:
        return Verdict("", _("“%(run)s” and the baseline have no item with %(score)s in common.") % told)
    told |= {"mean": signed(difference.mean, share), "tested": _tested(against)}
    if difference.low is None and against.pairs > 1:
        return _always_the_same(told, difference.mean, against)
    if difference.low is None or difference.high is None:
        few = ngettext(
            "“%(run)s” differs from the baseline by %(mean)s in %(score)s; %(n)s item is too few for an interval.",
            "“%(run)s” differs from the baseline by %(mean)s in %(score)s; %(n)s items are too few for an interval.",
            against.pairs,
        )
        return Verdict("", f"{few % told} {_limits(against, share)}".rstrip())
    told |= {"low": signed(difference.low, share), "high": signed(difference.high, share)}
    if against.shown and difference.mean > 0:
        better = _("“%(run)s” is better than the baseline in %(score)s by %(mean)s ")
        return Verdict("good", better % told + _certainty(told, against.pairs))
    if against.shown:
        worse = _("“%(run)s” is worse than the baseline in %(score)s by %(mean)s ")
        return Verdict("bad", worse % told + _certainty(told, against.pairs))
    if difference.low > 0 or difference.high < 0:
        return Verdict("", f"{_unsure(told, against)} {_limits(against, share)}".rstrip())
    none = _("No difference in %(score)s is shown between “%(run)s” and the baseline: ")
    none += ngettext(
        "with %(n)s item it may be anything from %(low)s to %(high)s (%(tested)s).",
        "with %(n)s items it may be anything from %(low)s to %(high)s (%(tested)s).",
        against.pairs,
    )
    return Verdict("", f"{none % told} {_limits(against, share)}".rstrip())


def signed(value: float, share: bool, digits: int | None = None) -> str:
    """A difference with its sign, of shares in percentage points; with `digits` as in a table, zeros at the end
    included."""
    places = (0 if share else 3) if digits is None else digits
    rounded = round(value * 100 if share else value, places)
    number = decimal(abs(rounded), places)
    if digits is None:
        number = _trimmed(number)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    # Translators: percentage points.
    return _("%(points)s pp") % {"points": f"{sign}{number}"} if share else f"{sign}{number}"


def p_text(p: float) -> str:
    """A p-value as journals print it: `p = 0.031`, `p < 0.001`."""
    return "p < " + decimal(0.001, 3) if p < 0.001 else "p = " + decimal(p, 3 if p < 0.1 else 2)


def decimal(value: float, digits: int) -> str:
    """A number in the reader's spelling, with a wide minus; rounded, because Django's own function cuts it off."""
    return number_format(Decimal(f"{value:.{digits}f}") + 0, digits).replace("-", "−")  # Decimal("-0") + 0 is 0


def effect_text(effect: Effect | None) -> str:
    """An effect size with its name; empty for none."""
    if effect is None:
        return ""
    value = "∞" if math.isinf(effect.value) else decimal(effect.value, 2)
    return f"{EFFECTS[effect.kind]} {value}"


def _unsure(told: Mapping[str, str], against: Against) -> str:
    """Of an interval that leaves out zero although the test, which decides, does not reject."""
    text = ngettext(
        "“%(run)s” differs from the baseline by %(mean)s in %(score)s, and the interval leaves out zero"
        " (95 %%: %(low)s to %(high)s; %(n)s item). Still no difference is shown: the test decides, and it does not"
        " rule out chance (%(tested)s).",
        "“%(run)s” differs from the baseline by %(mean)s in %(score)s, and the interval leaves out zero"
        " (95 %%: %(low)s to %(high)s; %(n)s items). Still no difference is shown: the test decides, and it does not"
        " rule out chance (%(tested)s).",
        against.pairs,
    )
    if against.p is not None and against.p <= ALPHA:
        why = _("The interval looks at this comparison alone, the corrected test at all of them.")
    else:
        why = _("The interval is an approximation, and with so few items it can be narrower than the test allows.")
    return f"{text % told} {why}"


def _always_the_same(told: Mapping[str, str], mean: float, against: Against) -> Verdict:
    """Of differences without any spread: no interval, but not for want of items."""
    if abs(mean) < EQUAL:
        same = _("“%(run)s” and the baseline have the same %(score)s on each of the %(n)s items that both answered.")
        return Verdict("", same % told)
    alike = _(
        "“%(run)s” differs from the baseline by %(mean)s in %(score)s on each of the %(n)s items alike, which leaves no"
        " spread to make an interval of (%(tested)s)."
    )
    return Verdict(("good" if mean > 0 else "bad") if against.shown else "", alike % told)


def _certainty(told: Mapping[str, str], pairs: int) -> str:
    text = ngettext(
        "(95 %%: %(low)s to %(high)s; %(n)s item; %(tested)s).",
        "(95 %%: %(low)s to %(high)s; %(n)s items; %(tested)s).",
        pairs,
    )
    return text % told


def _tested(against: Against) -> str:
    """The test, its corrected p-value and over how many comparisons it was corrected."""
    if against.corrected is None:
        return ""
    text = f"{TESTS[against.test]}, {p_text(against.corrected)}"
    if against.comparisons < 2:
        return text
    corrected = ngettext(
        " after Holm’s correction over %(n)s comparison",
        " after Holm’s correction over %(n)s comparisons",
        against.comparisons,
    )
    return text + corrected % {"n": against.comparisons}


def _limits(against: Against, share: bool) -> str:
    """What these items cannot show, and how many could."""
    told = {"n": against.pairs, "least": against.least, "wins": against.wins, "losses": against.losses}
    sentences = []
    if against.pairs < against.least:
        never = ngettext(
            "%(n)s item can show no difference at all: at least %(least)s must change one way and none the other.",
            "%(n)s items can show no difference at all: at least %(least)s must change one way and none the other.",
            against.pairs,
        )
        sentences.append(never % told)
    elif against.binary:
        least = ngettext(
            "At least %(least)s item must change one way and none the other before a difference is shown; "
            "here %(wins)s got better and %(losses)s worse.",
            "At least %(least)s items must change one way and none the other before a difference is shown; "
            "here %(wins)s got better and %(losses)s worse.",
            against.least,
        )
        sentences.append(least % told)
    elif against.detectable is not None:
        unseen = _("With these items a difference smaller than %(size)s mostly stays unseen.")
        sentences.append(unseen % {"size": signed(against.detectable, share).lstrip("+")})
    if against.needed is not None and against.needed > against.pairs:
        items = rounded_up(against.needed)
        needed = ngettext(
            "To show a difference as large as the observed one, about %(needed)s item is needed.",
            "To show a difference as large as the observed one, about %(needed)s items are needed.",
            items,
        )
        sentences.append(needed % {"needed": number_format(items, force_grouping=True)})
    return " ".join(sentences)


def rounded_up(items: int) -> int:
    """A number of items to two digits, upwards: more would claim an exactness that planning does not have."""
    step: int = 10 ** max(0, len(str(items)) - 2)
    return -(-items // step) * step


def _trimmed(number: str) -> str:
    return (number.rstrip("0").rstrip(".,") or "0") if "." in number or "," in number else number
