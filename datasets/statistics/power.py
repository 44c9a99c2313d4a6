"""What a number of items can show, and how many would be needed: two-sided tests, paired by item."""

import math
from collections.abc import Callable
from statistics import NormalDist

from scipy.optimize import brentq
from statsmodels.stats.power import TTestPower

from datasets.statistics.estimates import ALPHA

# The chance of showing what is there that studies are usually planned for (Cohen 1988, section 2.4.1).
POWER = 0.8
# Where the answer is "more than anybody has".
MOST_ITEMS = 10_000_000
# Differences of which two pairs show any.
LARGEST_DZ = 1e6


def least_changes(alpha: float = ALPHA) -> int:
    """How many items must change one way, and none the other, before an exact test shows a difference at all.

    McNemar's exact test, and any that goes through all signs, says 2 (1/2)^m when m pairs changed and all one way.
    """
    return 1 + math.ceil(-math.log2(alpha) - 1e-12)


def power_of_mean(n: int, dz: float, alpha: float = ALPHA) -> float:
    """The chance that n pairs show a mean difference of dz standard deviations, the right way round, by the paired t
    test.

    From the noncentral t distribution: Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition 1988,
    section 2.3.5. The test by permutation that is used needs as many items but for very few (Lehmann, Testing
    Statistical Hypotheses, 2nd edition 1986, section 5.11).
    """
    found = float(TTestPower().power(min(abs(dz), LARGEST_DZ), n, alpha / 2, alternative="larger"))
    # scipy cannot compute the chance of missing it where there is none.
    return 1.0 if math.isnan(found) else found


def items_for_mean(dz: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """The fewest pairs that show a mean difference of dz standard deviations with this power; None for no difference.

    Above 10,000 by the normal distribution, which is the same there.
    """
    rough = _rough(dz, alpha, power)
    if rough is None or rough > 10_000:
        return rough
    return _fewest(lambda n: power_of_mean(n, dz, alpha) >= power, rough)


def detectable_mean(n: int, deviation: float, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The smallest mean difference that n pairs show with this power, where differences have this standard deviation.

    None with fewer than two pairs.
    """
    if n < 2:
        return None
    high = 1.0
    while power_of_mean(n, high, alpha) < power and high < LARGEST_DZ:
        high *= 2
    # statsmodels' own `solve_power` ends without an answer, or with a wrong one, for few pairs and small alphas.
    return float(brentq(lambda dz: power_of_mean(n, dz, alpha) - power, 0.0, high)) * deviation


def items_for_shares(difference: float, changed: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """How many pairs show a difference of two shares, where a share `changed` of the pairs differs; None for none.

    McNemar's test with the normal distribution: Connor, Biometrics 43 (1987), 207, equation 2; the exact test needs a
    few more.
    """
    if not difference:
        return None
    normal = NormalDist()
    level, strength = normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(power)
    size = abs(difference)
    roots = level * math.sqrt(changed) + strength * math.sqrt(max(0.0, changed - size**2))
    return min(MOST_ITEMS, max(least_changes(alpha), math.ceil((roots / size) ** 2)))


def detectable_shares(n: int, changed: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """The smallest difference of two shares that n pairs show, where a share `changed` of them differs.

    Connor's formula (see `items_for_shares`) solved for the difference; never less than what the exact test must have.
    May be more than `changed`, which tells that so few changes cannot show any difference.
    """
    normal = NormalDist()
    level, strength = normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(power)
    first = level * math.sqrt(changed)
    under = first**2 * n - (n + strength**2) * (first**2 - strength**2 * changed)
    found = (first * math.sqrt(n) + math.sqrt(max(0.0, under))) / (n + strength**2)
    return max(found, least_changes(alpha) / n)


def _rough(dz: float, alpha: float, power: float) -> int | None:
    if not dz:
        return None
    normal = NormalDist()
    needed = ((normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) / dz) ** 2
    return max(2, math.ceil(min(needed, MOST_ITEMS)))


def _fewest(enough: Callable[[int], bool], start: int) -> int:
    low, high = 1, max(2, start)
    while not enough(high) and high < MOST_ITEMS:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
