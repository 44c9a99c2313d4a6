"""Krippendorff's α: any number of people, missing judgements, and a distance that fits the kind of value."""

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np

from evaluation.agreement.estimate import RESAMPLES, SEED, Floats, estimate, ratio
from evaluation.agreement.ratings import Coefficient, Ratings, Value, categories_of, pairable
from evaluation.agreement.shares import agreeing

Level = Literal["nominal", "ordinal", "interval"]


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
    if level == "interval":
        parts = _by_moments(units)
        return estimate(len(units), lambda drawn: _interval(drawn @ parts), seed=seed, resamples=resamples)
    return estimate(len(units), _Counted(units, level, categories), seed=seed, resamples=resamples)


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


class _Counted:
    """From how often each item is drawn to α, by counting its judgements: the table of all pairs of categories, for
    each item, would not fit into memory where people give many different numbers."""

    def __init__(self, units: Sequence[Sequence[Value]], level: Level, categories: Sequence[Hashable] | None) -> None:
        known = list(categories) if categories is not None else categories_of(units)
        places = {value: place for place, value in enumerate(known)}
        self.level, self.size = level, len(known)
        self.places = np.array([places[value] for unit in units for value in unit], dtype=np.intp)
        self.m = np.array([len(unit) for unit in units], dtype=np.intp)
        self.item = np.repeat(np.arange(len(units)), self.m)
        self.starts = np.cumsum(self.m) - self.m
        self.differing = np.array([len(unit) * (1 - agreeing(unit)) for unit in units])

    def __call__(self, drawn: Floats) -> Floats:
        observed, expected = np.array([self._disagreement(times) for times in drawn]).T
        answer: Floats = 1 - ratio(observed, expected)
        return answer

    def _disagreement(self, times: Floats) -> tuple[float, float]:
        counts = np.bincount(self.places, times[self.item], self.size)
        n = counts.sum()
        if self.level == "nominal":
            return float(times @ self.differing), float((n**2 - (counts**2).sum()) / (n - 1))
        # Between c and k lie Σ n − (n_c + n_k) / 2 judgements: the difference of their middle ranks. With the mean rank
        # (n / 2) taken off, Σ over ordered pairs of (a − b)² is 2 m Σ a² − 2 (Σ a)², and the last sum is 0 over all.
        ranks = counts.cumsum() - counts / 2 - n / 2
        given = ranks[self.places]
        total, squares = np.add.reduceat(given, self.starts), np.add.reduceat(given**2, self.starts)
        within = (2 * self.m * squares - 2 * total**2) / (self.m - 1)
        return float(times @ within), float(2 * n * (counts * ranks**2).sum() / (n - 1))
