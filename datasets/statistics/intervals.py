"""95 % intervals that stay honest with few items, of means and of differences between two runs."""

import math
from collections.abc import Sequence
from statistics import fmean

from datasets.statistics.estimates import CONFIDENCE, SEED, Estimate, Z, is_share

# Below five values there are fewer than 5^5 resamples, and their outermost fortieth is a single value or two.
FEWEST_RESAMPLED = 5
# Above, Student's t covers as often, however skewed the values (docs/statistics.md), and a page with many intervals
# would wait for 20 ms and more of resampling for each.
MOST_RESAMPLED = 1_000
# Efron and Tibshirani (1993, section 14.3) ask for 2,000 resamples; small samples can afford scipy's 9,999.
FEWEST, MOST = 2_000, 9_999
DRAWS = 500_000
# Numbers drawn at a time: more would not stay in a processor's cache.
AT_ONCE = 200_000


def mean_interval(values: Sequence[float]) -> Estimate | None:
    """The mean of independent values, one per item; None without any.

    Shares of right answers get Wilson's interval, other means the bootstrap's (BCa), and Student's t where there are
    too few values for it, or so many that it makes no difference. Equal values, or a single one, tell nothing about the
    spread: no interval. With repetitions give the mean of each item: resampling items with all their repetitions (the
    cluster bootstrap; Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8) is resampling
    these means.
    """
    if not values:
        return None
    if is_share(values):
        return wilson(round(math.fsum(values)), len(values))
    return _interval(values, unit_interval=all(0 <= value <= 1 for value in values))


def paired_difference(before: Sequence[float], after: Sequence[float]) -> Estimate | None:
    """The mean of `after - before` over pairs of one item each; None without any.

    Right and wrong answers get Agresti and Min's interval, which also holds when no pair differs; numbers that of
    `mean_interval` over the differences.
    """
    if not before:
        return None
    if is_share(before) and is_share(after):
        gained = sum(new > old for old, new in zip(before, after, strict=True))
        lost = sum(new < old for old, new in zip(before, after, strict=True))
        return agresti_min(gained, lost, len(before))
    return _interval([new - old for old, new in zip(before, after, strict=True)])


def wilson(successes: int, n: int) -> Estimate:
    """A share and its score interval: ten of ten right is not "100 % for certain".

    Wilson, Journal of the American Statistical Association 22 (1927), 209; recommended by Brown, Cai & DasGupta,
    Statistical Science 16 (2001), 101. Written out: lists of runs need it, and no list shall wait for statsmodels.
    """
    share = successes / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Estimate(share, n, max(0.0, centre - half), min(1.0, centre + half), "wilson")


def agresti_min(gained: int, lost: int, n: int) -> Estimate:
    """The difference of two shares over n pairs, of which `gained` became right and `lost` became wrong.

    Wald's interval after half a pair was added to each of the four cells: Agresti & Min, Statistics in Medicine 24
    (2005), 729.
    """
    size, plus, minus = n + 2, gained + 0.5, lost + 0.5
    centre = (plus - minus) / size
    half = Z * math.sqrt(plus + minus - (plus - minus) ** 2 / size) / size
    return Estimate((gained - lost) / n, n, max(-1.0, centre - half), min(1.0, centre + half), "agresti-min")


def bca(values: Sequence[float]) -> tuple[float, float] | None:
    """The bias-corrected and accelerated bootstrap's interval of the mean, drawn from the same seed every time; None
    where it cannot be told.

    Efron, Journal of the American Statistical Association 82 (1987), 171; Efron & Tibshirani, An Introduction to the
    Bootstrap, 1993, equations 14.9 to 14.15.
    """
    # Imported here and below: bring scipy, which only comparisons and scores that are numbers need.
    import numpy as np
    from scipy import stats

    n = len(values)
    low, high = stats.bootstrap(
        (np.asarray(values, dtype=np.float64),),
        np.mean,
        n_resamples=max(FEWEST, min(MOST, DRAWS // n)),
        batch=max(1, AT_ONCE // n),
        confidence_level=CONFIDENCE,
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return None if math.isnan(low) or math.isnan(high) else (float(low), float(high))


def student(values: Sequence[float]) -> Estimate:
    """A mean with Student's t interval: Student, Biometrika 6 (1908), 1."""
    from scipy import stats

    n, mean = len(values), fmean(values)
    low, high = stats.t.interval(CONFIDENCE, n - 1, loc=mean, scale=stats.sem(values))
    return Estimate(mean, n, float(low), float(high), "t")


def _interval(values: Sequence[float], *, unit_interval: bool = False) -> Estimate:
    n = len(values)
    # Differences of numbers that were written in decimals are equal but for the last bits.
    if n < 2 or max(values) - min(values) <= 1e-12 * max(1.0, abs(max(values))):
        return Estimate(fmean(values), n)
    ends = bca(values) if FEWEST_RESAMPLED <= n <= MOST_RESAMPLED else None
    if ends is not None:
        return Estimate(fmean(values), n, *ends, "bca")
    found = student(values)
    if unit_interval and found.low is not None and found.high is not None:
        # A similarity or a share of right answers cannot lie outside; the interval must not either.
        return Estimate(found.mean, n, max(0.0, found.low), min(1.0, found.high), "t")
    return found
