"""The bootstrap of a mean: bias-corrected and accelerated intervals (BCa)."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from datasets.statistics.estimates import ALPHA

SEED = 20261
# Efron and Tibshirani (1993, section 14.3) ask for 2,000 resamples; small samples can afford more.
FEWEST, MOST = 2_000, 10_000
DRAWS = 2_000_000
# Numbers drawn at a time: bounds the memory.
CHUNK = 1_000_000
Floats = NDArray[np.float64]


def bca(values: Sequence[float], resamples: int | None = None) -> tuple[float, float] | None:
    """The 95 % interval of the mean; None where the bootstrap cannot tell (all resamples on one side).

    Efron, Journal of the American Statistical Association 82 (1987), 171; Efron & Tibshirani, An Introduction to the
    Bootstrap, 1993, equations 14.9 to 14.15: the bias correction z0 from the share of resampled means below the mean
    (ties count half), the acceleration from the jackknife.
    """
    sample = np.asarray(values, dtype=np.float64)
    resampled = resampled_means(sample, resamples or affordable(len(sample)))
    mean = sample.mean()
    # A mean summed in another order differs in its last bits and is equal all the same.
    near = 1e-12 * max(1.0, float(np.abs(sample).max()))
    below = ((resampled < mean - near).mean() + (resampled <= mean + near).mean()) / 2
    if not 0 < below < 1:
        return None
    normal = NormalDist()
    bias = normal.inv_cdf(float(below))
    # The mean without value i is (n mean - x_i) / (n - 1): the jackknife's differences are the deviations over n - 1,
    # which cancels out.
    away = sample - mean
    acceleration = float((away**3).sum() / (6 * (away**2).sum() ** 1.5))
    levels = []
    for level in (ALPHA / 2, 1 - ALPHA / 2):
        shifted = bias + normal.inv_cdf(level)
        levels.append(normal.cdf(bias + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(resampled, levels)
    return float(low), float(high)


def affordable(n: int) -> int:
    """How often a sample of n values is resampled."""
    return max(FEWEST, min(MOST, DRAWS // n))


def resampled_means(sample: Floats, resamples: int) -> Floats:
    """The means of samples drawn from the sample with replacement, from the same seed every time.

    With few distinct values only how often each is drawn matters, which is multinomial: the same distribution, much
    cheaper to draw.
    """
    n = len(sample)
    distinct, counts = np.unique(sample, return_counts=True)
    if len(distinct) <= n // 8:
        drawn = np.random.default_rng(SEED).multinomial(n, counts / n, size=resamples)
        return np.asarray(drawn @ distinct / n, dtype=np.float64)
    if resamples * n <= 2 * DRAWS:
        return np.asarray(_times_drawn(n, resamples).astype(np.float64) @ sample / n, dtype=np.float64)
    return np.concatenate([sample[drawn].mean(axis=1) for drawn in _draws(n, resamples)])


def _draws(n: int, resamples: int) -> Iterator[NDArray[np.int64]]:
    """Which values are drawn: rows of n places, some rows at a time."""
    generator = np.random.default_rng(SEED)
    at_once = max(1, CHUNK // n)
    for start in range(0, resamples, at_once):
        yield generator.integers(0, n, size=(min(at_once, resamples - start), n))


@lru_cache(maxsize=4)
def _times_drawn(n: int, resamples: int) -> NDArray[np.uint8]:
    """How often each place is drawn in each resample. Kept: the scores of one comparison are all of one length."""
    parts = []
    for drawn in _draws(n, resamples):
        rows = len(drawn)
        flat = (drawn + np.arange(rows)[:, None] * n).ravel()
        parts.append(np.bincount(flat, minlength=rows * n).reshape(rows, n).astype(np.uint8))
    return np.concatenate(parts)
