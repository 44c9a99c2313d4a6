"""Agreement beyond chance: Cohen's κ for two people, Fleiss' κ for more."""

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np

from evaluation.agreement.estimate import RESAMPLES, SEED, Coefficient, Floats, estimate, ratio
from evaluation.agreement.ratings import Ratings, Value, categories_of, pairable
from evaluation.agreement.shares import agreeing

Weights = Literal["linear", "quadratic"]


def cohen(
    pairs: Sequence[tuple[Value, Value]],
    *,
    weights: Weights | None = None,
    categories: Sequence[Hashable] | None = None,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Coefficient:
    """Cohen's κ of two people over the items that both judged.

    κ = (pₒ − pₑ) / (1 − pₑ), Cohen, Educational and Psychological Measurement 20, 1960, formula 1; pₑ from each
    person's own use of the categories. Weighted: κ_w = 1 − Σ v pₒ / Σ v pₑ with disagreement weights |i − j| or
    (i − j)² over the places of `categories` (Cohen, Psychological Bulletin 70, 1968, formula 8). `categories` gives
    their order where the values do not; it must hold every value. Undefined when both used one category only.
    """
    known = list(categories) if categories is not None else categories_of(pairs)
    places = {value: place for place, value in enumerate(known)}
    size = len(known)
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(float)
    cost = (distance > 0).astype(float) if weights is None else distance if weights == "linear" else distance**2
    # Per pair: what it costs, and which category each of the two used.
    parts = np.zeros((len(pairs), 1 + 2 * size))
    for row, (one, other) in enumerate(pairs):
        at, beside = places[one], places[other]
        parts[row, 0] = cost[at, beside]
        parts[row, 1 + at] = parts[row, 1 + size + beside] = 1.0

    def of(sums: Floats) -> Floats:
        used, used_by_other = sums[:, 1 : 1 + size], sums[:, 1 + size :]
        expected = ((used @ cost) * used_by_other).sum(axis=1) / used.sum(axis=1)
        answer: Floats = 1 - ratio(sums[:, 0], expected)
        return answer

    return estimate(parts, of, seed=seed, resamples=resamples)


def fleiss(ratings: Ratings, *, seed: int = SEED, resamples: int = RESAMPLES) -> Coefficient:
    """Fleiss' κ of any number of people, who need not be the same ones for each item.

    κ = (P̄ − P̄ₑ) / (1 − P̄ₑ), Fleiss, Psychological Bulletin 76, 1971, formulas 2 to 7. It asks for equally many
    judgements of each item: those with as many as most have are taken, the others left out, and `n` says how many
    were taken. (Krippendorff's α takes all.)
    """
    units = pairable(ratings)
    sizes = [len(unit) for unit in units]
    usual = max(set(sizes), key=lambda size: (sizes.count(size), size), default=0)
    units = [unit for unit in units if len(unit) == usual]
    known = categories_of(units)
    parts = np.zeros((len(units), len(known) + 2))
    for row, unit in enumerate(units):
        parts[row, : len(known)] = [unit.count(value) for value in known]
        parts[row, -2:] = agreeing(unit), 1.0

    def of(sums: Floats) -> Floats:
        counts, mean = sums[:, :-2], ratio(sums[:, -2], sums[:, -1])
        shares = counts / counts.sum(axis=1, keepdims=True)
        by_chance = (shares**2).sum(axis=1)
        return ratio(mean - by_chance, 1 - by_chance)

    return estimate(parts, of, seed=seed, resamples=resamples)
