"""95 % intervals that stay honest with few items, of means and of differences between two runs."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from datasets.statistics.estimates import ALPHA, Estimate, Z, is_share

# Below five values there are fewer than 5^5 resamples, and their outermost fortieth is a single value or two.
FEWEST_RESAMPLED = 5


def mean_interval(values: Sequence[float]) -> Estimate | None:
    """The mean of independent values, one per item; None without any.

    Shares of right answers get Wilson's interval, other means the bootstrap's (BCa), and Student's t where that cannot
    be computed. Equal values, or a single one, tell nothing about the spread: no interval. With repetitions give the
    mean of each item: resampling items with all their repetitions (the cluster bootstrap; Davison & Hinkley, Bootstrap
    Methods and their Application, 1997, section 3.8) is resampling these means.
    """
    if not values:
        return None
    if is_share(values):
        return wilson(round(math.fsum(values)), len(values))
    return _interval(values, unit_interval=all(0 <= value <= 1 for value in values))


def paired_difference(before: Sequence[float], after: Sequence[float]) -> Estimate | None:
    """The mean of `after - before` over pairs of one item each; None without any.

    Right and wrong answers get Agresti and Min's interval, which also holds when no pair differs; numbers the
    bootstrap's (BCa) over the differences, and Student's t where that cannot be computed.
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
    Statistical Science 16 (2001), 101.
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


def student(values: Sequence[float]) -> Estimate:
    """The mean with Student's t interval; needs two values at least that differ."""
    # Imported here: only few sets of values come this far.
    from scipy.special import stdtrit

    n, mean = len(values), fmean(values)
    half = float(stdtrit(n - 1, 1 - ALPHA / 2)) * stdev(values) / math.sqrt(n)
    return Estimate(mean, n, mean - half, mean + half, "t")


def _interval(values: Sequence[float], *, unit_interval: bool = False) -> Estimate:
    n = len(values)
    # Differences of numbers that were written in decimals are equal but for the last bits.
    if n < 2 or max(values) - min(values) <= 1e-12 * max(1.0, abs(max(values))):
        return Estimate(fmean(values), n)
    if n >= FEWEST_RESAMPLED:
        # Imported here: brings numpy.
        from datasets.statistics.bootstrap import bca

        ends = bca(values)
        if ends is not None:
            return Estimate(fmean(values), n, *ends, "bca")
    found = student(values)
    if unit_interval and found.low is not None and found.high is not None:
        # A similarity or a share of right answers cannot lie outside; the interval must not either.
        return Estimate(found.mean, n, max(0.0, found.low), min(1.0, found.high), "t")
    return found
