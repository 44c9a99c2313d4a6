"""Percent agreement."""

from collections import Counter
from collections.abc import Sequence

from datasets.statistics.intervals import mean_interval
from evaluation.agreement.ratings import Coefficient, Ratings, Value, pairable


def exact_share(ratings: Ratings) -> Coefficient:
    """The share of pairs of people who said the same: of each item's pairs, averaged over items.

    With two people this is the usual percent agreement, with more the P̄ of Fleiss (Psychological Bulletin 76, 1971,
    formulas 2 and 3). Chance is not taken off. The interval is that of any mean over items: Wilson's where each item
    counts whole or not at all, as with two people.
    """
    found = mean_interval([agreeing(unit) for unit in pairable(ratings)])
    return Coefficient(found.mean, found.n, found.low, found.high) if found else Coefficient(None, 0)


def agreeing(unit: Sequence[Value]) -> float:
    """Of an item with several values: the share of pairs that are equal."""
    m = len(unit)
    return sum(count * (count - 1) for count in Counter(unit).values()) / (m * (m - 1))
