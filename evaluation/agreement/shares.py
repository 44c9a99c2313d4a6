"""Percent agreement."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from evaluation.agreement.estimate import RESAMPLES, SEED, Coefficient, Floats, estimate, ratio
from evaluation.agreement.ratings import Ratings, Value, pairable


def exact_share(ratings: Ratings, *, seed: int = SEED, resamples: int = RESAMPLES) -> Coefficient:
    """The share of pairs of people who said the same: of each item's pairs, averaged over items.

    With two people this is the usual percent agreement, with more the P̄ of Fleiss (Psychological Bulletin 76, 1971,
    formulas 2 and 3). Chance is not taken off.
    """
    units = pairable(ratings)
    parts = np.array([[agreeing(unit), 1.0] for unit in units], dtype=float).reshape(-1, 2)

    def of(sums: Floats) -> Floats:
        return ratio(sums[:, 0], sums[:, 1])

    return estimate(parts, of, seed=seed, resamples=resamples)


def agreeing(unit: Sequence[Value]) -> float:
    """Of an item with several values: the share of pairs that are equal."""
    m = len(unit)
    return sum(count * (count - 1) for count in Counter(unit).values()) / (m * (m - 1))
