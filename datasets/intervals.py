"""Means with their uncertainty: 95 % intervals that stay honest with few items.

Shares of right answers get Wilson's interval (ten of ten right is not "100 % for certain"), other means Student's t,
paired differences of right and wrong answers Agresti and Min's (Statistics in Medicine 24, 2005).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` items; `low` and `high` are None where n says nothing about the spread."""

    mean: float
    n: int
    low: float | None = None
    high: float | None = None


def is_share(values: Sequence[float]) -> bool:
    """Whether the values are answers right (1) or wrong (0)."""
    return bool(values) and all(value in (0.0, 1.0) for value in values)


def estimate(values: Sequence[float]) -> Estimate | None:
    """The mean of independent values; None without any."""
    if not values:
        return None
    return _share(values) if is_share(values) else _mean(values)


def paired_difference(before: Sequence[float], after: Sequence[float]) -> Estimate | None:
    """The mean of `after - before` over pairs; None without any."""
    if not before:
        return None
    if is_share(before) and is_share(after):
        return _paired_shares(before, after)
    return _mean([new - old for old, new in zip(before, after, strict=True)], bounded=False)


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t: expansion around the normal one, by table where that is too rough."""
    if freedom <= len(T_TABLE):
        return T_TABLE[freedom - 1]
    z, v = Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


T_TABLE = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281)


def _mean(values: Sequence[float], *, bounded: bool = True) -> Estimate:
    n, mean = len(values), fmean(values)
    spread = stdev(values) if n > 1 else 0.0
    # Equal values, or a single one, tell nothing about the spread.
    if spread == 0:
        return Estimate(mean, n)
    half = t_quantile(n - 1) * spread / math.sqrt(n)
    low, high = mean - half, mean + half
    if bounded and all(0 <= value <= 1 for value in values):
        # A similarity or a share of right answers cannot lie outside; the interval must not either.
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(mean, n, low, high)


def _share(values: Sequence[float]) -> Estimate:
    n, mean = len(values), fmean(values)
    centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2))
    return Estimate(mean, n, max(0.0, centre - half), min(1.0, centre + half))


def _paired_shares(before: Sequence[float], after: Sequence[float]) -> Estimate:
    n = len(before)
    gained = sum(new > old for old, new in zip(before, after, strict=True))
    lost = sum(new < old for old, new in zip(before, after, strict=True))
    # Half a pair added to each of the four cells.
    size, plus, minus = n + 2, gained + 0.5, lost + 0.5
    centre = (plus - minus) / size
    half = Z * math.sqrt(plus + minus - (plus - minus) ** 2 / size) / size
    return Estimate((gained - lost) / n, n, max(-1.0, centre - half), min(1.0, centre + half))
