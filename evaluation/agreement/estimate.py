"""A coefficient with its interval, from what each item adds to it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.agreement.ratings import Coefficient

Floats: TypeAlias = NDArray[np.float64]
SEED = 20_261_122
RESAMPLES = 2000
# Rows of resampled items held at once; with many items a row is long.
CHUNK = 200


def estimate(n: int, of: Callable[[Floats], Floats], *, seed: int = SEED, resamples: int = RESAMPLES) -> Coefficient:
    """The coefficient of n items and its percentile bootstrap interval; `of` takes rows that say how often each item
    is drawn (resamples × items), and answers one value per row, NaN where it is undefined.

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
    if not len(defined) or np.ptp(defined) < 1e-9:
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
