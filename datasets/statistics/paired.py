"""Tests of whether two runs over the same items differ: two-sided, paired by item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats import contingency_tables

from datasets.statistics.estimates import SEED

# Differences whose 2^n signs are all gone through.
ENUMERATED = 16
# Signs drawn otherwise, and how many bytes of them at a time: bounds the memory.
FLIPS = 10_000
CHUNK = 1_000_000
# The longest table of sums that an exact distribution is computed over.
LONGEST = 50_000
DENOMINATORS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 30, 40, 50, 60, 100, 120)
# Sums that differ by less are equal: they were added up in another order.
NEAR = 1e-9
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tested:
    """A two-sided p-value. `method`: "mcnemar", "permutation", "permutation-sampled", "wilcoxon", "wilcoxon-normal"."""

    p: float
    method: str


def mcnemar(gained: int, lost: int) -> Tested:
    """The exact test of right and wrong answers: among the pairs that differ, each way is as likely as the other.

    McNemar, Psychometrika 12 (1947), 153; exact by the binomial distribution: Agresti, Categorical Data Analysis, 3rd
    edition 2013, section 11.1.4. Twice the smaller tail, at most 1.
    """
    table = [[0, gained], [lost, 0]]
    return Tested(float(contingency_tables.mcnemar(table, exact=True).pvalue), "mcnemar")


def permutation(differences: Sequence[float]) -> Tested:
    """Fisher's test of the mean difference: if nothing differs, each difference could as well have the other sign.

    Fisher, The Design of Experiments, 1935, section 21. Exact where all signs can be gone through, or where the
    differences are multiples of one unit, whose sums can be counted (Pagano & Tritchler, Journal of the American
    Statistical Association 78 (1983), 435); else with signs drawn from a fixed seed, where the observed ones count as
    one more draw (Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010), article 39).

    Written out, because scipy's `permutation_test` takes half a second for 1,000 items and counts no sums.
    """
    given = np.asarray([one for one in differences if abs(one) > NEAR], dtype=np.float64)
    if not len(given):
        return Tested(1.0, "permutation")
    units = _in_units(given)
    if units is not None:
        return Tested(_tails(np.abs(units), int(units.sum())), "permutation")
    if len(given) <= ENUMERATED:
        sums = np.zeros(1)
        for one in np.abs(given):
            sums = np.concatenate([sums + one, sums - one])
        return Tested(float((np.abs(sums) >= abs(given.sum()) - NEAR).mean()), "permutation")
    return Tested((_as_extreme(given) + 1) / (FLIPS + 1), "permutation-sampled")


def wilcoxon(differences: Sequence[float]) -> Tested:
    """Wilcoxon's signed ranks: like `permutation`, of the ranks of the differences, so that outliers weigh little.

    Wilcoxon, Biometrics Bulletin 1 (1945), 80. Differences of zero are left out, equal ones share the mean of their
    ranks. By scipy: exact, or with very many items by the normal distribution with the variance corrected for ties
    (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd edition 2014, section 3.1), without a continuity
    correction. Where ranks are shared scipy takes a second for twelve items and is not exact for more; there the sums
    of ranks are counted (Streitberg & Röhmel, Statistical Software Newsletter 12 (1986), 10).
    """
    ranks = signed_ranks(differences)
    if not len(ranks):
        return Tested(1.0, "wilcoxon")
    # Ranks that are shared are halves.
    doubled = np.rint(2 * ranks).astype(np.int64)
    if int(np.abs(doubled).sum()) > LONGEST:
        found = stats.wilcoxon(ranks, method="asymptotic", correction=False)
        return Tested(float(found.pvalue), "wilcoxon-normal")
    if len(np.unique(np.abs(doubled))) == len(doubled):
        return Tested(float(stats.wilcoxon(ranks, method="exact").pvalue), "wilcoxon")
    return Tested(_tails(np.abs(doubled), int(doubled.sum())), "wilcoxon")


def signed_ranks(differences: Sequence[float]) -> Floats:
    """The ranks of the sizes of the differences that are not zero, each with the sign of its difference."""
    given = np.asarray([one for one in differences if abs(one) > NEAR], dtype=np.float64)
    # Differences that are equal but for their last bits are ties.
    return np.asarray(np.sign(given) * stats.rankdata(np.round(np.abs(given), 9)), dtype=np.float64)


def _in_units(given: Floats) -> NDArray[np.int64] | None:
    """The differences as whole multiples of one unit, where there is one and the table of sums stays short."""
    for denominator in DENOMINATORS:
        scaled = given * denominator
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() < NEAR * denominator:
            units = whole.astype(np.int64) if np.abs(whole).max() < LONGEST else None
            return units if units is not None and int(np.abs(units).sum()) <= LONGEST else None
    return None


def _tails(sizes: NDArray[np.int64], observed: int) -> float:
    """The share of all signs with which whole numbers add up to at least as much as observed, either way."""
    # Sums run from -total to total in steps of 2: the one at place k is 2k - total, k the sum of those that are added.
    total = int(sizes.sum())
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    reached = 0
    for size in np.sort(sizes):
        with_it = chances[: reached + 1] / 2
        chances[: reached + 1] = with_it
        chances[size : reached + size + 1] += with_it
        reached += int(size)
    # The distribution is symmetric: at least |observed| one way, twice.
    least = (total + abs(observed)) // 2
    return min(1.0, 2 * float(chances[least:].sum())) if observed else 1.0


def _as_extreme(given: Floats) -> int:
    """How many drawn signs bring at least as large a sum as the observed one.

    Signs are drawn by the byte, a bit for each difference; what a byte adds is looked up.
    """
    generator = np.random.default_rng(SEED)
    sizes, least = np.abs(given), abs(float(given.sum())) - NEAR
    eights = np.zeros((-(-len(given) // 8), 8))
    eights.ravel()[: len(given)] = sizes
    patterns = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    added = patterns.astype(np.float64) @ eights.T
    columns = np.arange(len(eights))
    at_once = max(8, CHUNK // len(eights))
    found = 0
    for start in range(0, FLIPS, at_once):
        drawn = generator.integers(0, 256, size=(min(at_once, FLIPS - start), len(eights)), dtype=np.uint8)
        # The sum is that of the positive ones twice, less all of them.
        sums = 2 * added[drawn, columns].sum(axis=1) - sizes.sum()
        found += int((np.abs(sums) >= least).sum())
    return found
