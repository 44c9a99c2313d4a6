"""A coefficient with its interval, from sums over items."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
SEED = 20_261_122
RESAMPLES = 2000
# Rows of resampled sums held at once; with many categories a row is long.
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate over `n` items with its 95 % interval.

    `value` is None where the data leave it undefined (without any item, or where everybody always said the same, so
    that nothing tells agreement from chance); `low` and `high` are None with fewer than two items.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def estimate(
    parts: Floats, of: Callable[[Floats], Floats], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Coefficient:
    """The coefficient `of` sums over items, and its interval: `parts` has a row per item; `of` takes rows of sums
    (resamples × columns) and answers one value per row, NaN where it is undefined."""
    return estimate_drawn(len(parts), lambda drawn: of(drawn @ parts), seed=seed, resamples=resamples)


def estimate_drawn(
    n: int, of: Callable[[Floats], Floats], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Coefficient:
    """The coefficient of n items and its percentile bootstrap interval; `of` takes rows that say how often each item
    is drawn (resamples × items).

    Items are resampled with replacement, whole, because the judgements of one item belong together (Efron and
    Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.3). The same seed gives the same interval.
    """
    if n == 0:
        return Coefficient(None, 0)
    value = float(of(np.ones((1, n)))[0])
    if np.isnan(value):
        return Coefficient(None, n)
    if n == 1 or resamples == 0:
        return Coefficient(value, n)
    drawn = _drawn(n, seed, resamples)
    chunks = (drawn[begin : begin + CHUNK].astype(np.float64) for begin in range(0, resamples, CHUNK))
    found = np.concatenate([of(chunk) for chunk in chunks])
    defined = found[~np.isnan(found)]
    if not len(defined):
        return Coefficient(value, n)
    low, high = np.quantile(defined, (0.025, 0.975))
    return Coefficient(value, n, float(low), float(high))


@lru_cache(maxsize=2)
def _drawn(n: int, seed: int, resamples: int) -> NDArray[Any]:
    """How often each item is drawn. Kept: all coefficients of a queue are of the same items."""
    random = np.random.default_rng(seed)
    return random.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.min_scalar_type(n))


def ratio(above: Floats, below: Floats) -> Floats:
    """Row by row; NaN where it would be divided by nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(below) > 1e-12, above / below, np.nan)
