"""Krippendorff's α: any number of people, missing judgements, and a distance that fits the kind of value."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal, get_args

import numpy as np

from evaluation.agreement.estimate import RESAMPLES, SEED, Coefficient, Floats, estimate, ratio
from evaluation.agreement.ratings import Ratings, Value, categories_of, pairable

Level = Literal["nominal", "ordinal", "interval"]
LEVELS: tuple[Level, ...] = get_args(Level)


def krippendorff(
    ratings: Ratings,
    level: Level = "nominal",
    *,
    categories: Sequence[Hashable] | None = None,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Coefficient:
    """α = 1 − Dₒ / Dₑ over all pairs of judgements of the same item (Krippendorff, Computing Krippendorff's
    Alpha-Reliability, 2011; Content Analysis, 2004, chapter 11.3).

    nominal: equal or not. ordinal: how many judgements lie between two categories, in the order of `categories` (else
    of the values themselves). interval: the squared difference; values must be numbers. Items that one person judged
    are left out. The interval resamples items, not pairs of judgements as Krippendorff's own algorithm does.
    """
    units = pairable(ratings)
    parts, of = (_by_moments(units), _interval) if level == "interval" else _by_coincidence(units, level, categories)
    return estimate(parts, of, seed=seed, resamples=resamples)


def _by_moments(units: Sequence[Sequence[Value]]) -> Floats:
    """Per item: the disagreement within, the number of values, their sum and the sum of their squares.

    Means are taken off first, which changes no difference and keeps the sums small.
    """
    values = [np.array(unit, dtype=float) for unit in units]
    middle = float(np.concatenate(values).mean()) if values else 0.0
    rows = []
    for unit in values:
        own = unit - middle
        m, total, squares = len(own), own.sum(), (own**2).sum()
        # Σ over ordered pairs of (a − b)² = 2 m Σ a² − 2 (Σ a)²
        rows.append([(2 * m * squares - 2 * total**2) / (m - 1), m, total, squares])
    return np.array(rows, dtype=float).reshape(-1, 4)


def _interval(sums: Floats) -> Floats:
    within, n, total, squares = sums.T
    expected = (2 * n * squares - 2 * total**2) / (n - 1)
    answer: Floats = 1 - ratio(within, expected)
    return answer


def _by_coincidence(
    units: Sequence[Sequence[Value]], level: Level, categories: Sequence[Hashable] | None
) -> tuple[Floats, "_Of"]:
    """Per item: its part of the matrix of coincidences, row by row."""
    known = list(categories) if categories is not None else categories_of(units)
    places, size = {value: place for place, value in enumerate(known)}, len(known)
    parts = np.zeros((len(units), size * size))
    for row, unit in enumerate(units):
        counted = Counter(places[value] for value in unit)
        for one, n_one in counted.items():
            for other, n_other in counted.items():
                pairs = n_one * (n_other - (one == other))
                parts[row, one * size + other] = pairs / (len(unit) - 1)
    return parts, _Of(level, size)


class _Of:
    """From sums of coincidences to α."""

    def __init__(self, level: Level, size: int) -> None:
        self.level, self.size = level, size

    def __call__(self, sums: Floats) -> Floats:
        met = sums.reshape(-1, self.size, self.size)
        marginals = met.sum(axis=2)
        n = marginals.sum(axis=1)
        if self.level == "nominal":
            observed = n - np.trace(met, axis1=1, axis2=2)
            expected = (n**2 - (marginals**2).sum(axis=1)) / (n - 1)
        else:
            # Between c and k lie Σ n − (n_c + n_k) / 2 judgements: the difference of their middle ranks.
            ranks = marginals.cumsum(axis=1) - marginals / 2
            distance = (ranks[:, :, None] - ranks[:, None, :]) ** 2
            observed = (met * distance).sum(axis=(1, 2))
            expected = np.einsum("bi,bij,bj->b", marginals, distance, marginals) / (n - 1)
        answer: Floats = 1 - ratio(observed, expected)
        return answer
