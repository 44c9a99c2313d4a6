"""Paired tests: published examples and enumeration by hand; what we compute ourselves also by scipy and statsmodels."""

from itertools import product
from math import comb
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from datasets.statistics.correction import holm
from datasets.statistics.effects import cohens_dz, odds_ratio, rank_biserial
from datasets.statistics.paired import mcnemar, permutation, signed_ranks, wilcoxon

# Darwin's maize in eighths of an inch, from Fisher, The Design of Experiments, section 17.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Hollander & Wolfe, Nonparametric Statistical Methods, table 3.1: depression before and after a tranquillizer.
DEPRESSION = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
TREATED = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
RANDOM = np.random.default_rng(4)


def by_hand(values) -> float:
    sizes = np.abs(values)
    sums = np.asarray([np.dot(signs, sizes) for signs in product((-1, 1), repeat=len(sizes))])
    return float((np.abs(sums) >= abs(np.sum(values)) - 1e-9).mean())


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (6, 0), (1, 1), (86, 150), (3, 14), (400, 455)])
def test_mcnemars_test_is_twice_the_smaller_tail(gained: int, lost: int) -> None:
    n = gained + lost
    tail = sum(comb(n, k) for k in range(min(gained, lost) + 1)) / 2**n
    assert mcnemar(gained, lost).p == pytest.approx(min(1.0, 2 * tail), abs=1e-9)


def test_mcnemars_published_example() -> None:
    # Agresti 2013, table 11.1: the approval of a prime minister, 86 and 150 changed their minds; z^2 = 17.36.
    assert mcnemar(86, 150).p == pytest.approx(3.716e-05, rel=1e-3)
    # Five changes one way cannot show a difference, six can.
    assert mcnemar(5, 0).p == 2 / 32 and mcnemar(0, 6).p == 2 / 64


def test_fishers_own_example_of_a_permutation_test() -> None:
    # "In 1,726 of the 32,768 cases": section 21.
    found = permutation(DARWIN)
    assert found.p == pytest.approx(1726 / 32768, abs=1e-12) and found.method == "permutation"


@pytest.mark.parametrize(
    "values",
    [
        RANDOM.normal(size=9),
        RANDOM.integers(-3, 5, 12),
        RANDOM.integers(-3, 5, 12) / 6,
        [0.5, 0, 0, -0.5, 1, 1, 0.5],
        [0.0, 0.0],
        [1.5],
    ],
)
def test_exact_permutation_goes_through_all_signs(values) -> None:
    found = permutation([float(value) for value in values])
    assert found.p == pytest.approx(by_hand(values), abs=1e-9) and found.method == "permutation"


def test_many_whole_numbers_are_exact_too() -> None:
    values = RANDOM.integers(-4, 6, 40)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=40_000, rng=np.random.default_rng(2)
    )
    assert permutation(values).p == pytest.approx(theirs.pvalue, abs=0.01)
    assert permutation([1.0] * 30 + [-1.0] * 12).p == pytest.approx(mcnemar(30, 12).p, abs=1e-12)


def test_sampled_permutation_agrees_with_scipy_and_repeats_itself() -> None:
    values = RANDOM.normal(0.25, 1, 60)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=40_000, rng=np.random.default_rng(2)
    )
    found = permutation(values)
    assert found.method == "permutation-sampled" and found.p == pytest.approx(theirs.pvalue, abs=0.015)
    assert permutation(values) == found
    # Nothing that is drawn is impossible: the least that 10,000 draws can say.
    assert permutation(np.abs(values)).p == pytest.approx(1 / 10_001)


def test_wilcoxons_published_example() -> None:
    # One-sided 0.020 in the book's table; R: wilcox.test(x, y, paired = TRUE): V = 40, p = 0.03906.
    differences = np.asarray(TREATED) - DEPRESSION
    found = wilcoxon(differences)
    assert found.p == pytest.approx(0.0390625, abs=1e-9) and found.method == "wilcoxon"
    ranks = signed_ranks(differences)
    assert -ranks[ranks < 0].sum() == 40


def test_wilcoxons_test_goes_through_all_signs_of_the_ranks() -> None:
    values = RANDOM.normal(0.3, 1, 14)
    assert wilcoxon(values).p == pytest.approx(by_hand(signed_ranks(values)), abs=1e-9)
    tied = [1.0, -1.0, 2.0, 2.0, 3.0, 0.0, -2.0, 4.0, 4.0]
    assert list(signed_ranks(tied)) == [1.5, -1.5, 4, 4, 6, -4, 7.5, 7.5]
    assert wilcoxon(tied).p == pytest.approx(by_hand(signed_ranks(tied)), abs=1e-9)
    assert wilcoxon([0.0, 1e-12]).p == 1 and wilcoxon([1.0]).p == 1 and wilcoxon([2.0] * 6).p == 2 / 64


def test_wilcoxons_test_of_many_is_normal_with_and_without_ties() -> None:
    for values in (RANDOM.normal(0.05, 1, 600), RANDOM.integers(-4, 6, 600)):
        ranks = signed_ranks(values)
        assert wilcoxon(values).method == "wilcoxon-normal"
        # The sum of signed ranks has the mean 0 and the variance sum of r^2, ties or not.
        z = abs(ranks.sum()) / (ranks**2).sum() ** 0.5
        assert wilcoxon(values).p == pytest.approx(2 * NormalDist().cdf(-z), abs=1e-6)


def test_holms_correction_is_that_of_statsmodels() -> None:
    # Holm's step-down on a textbook's four: 0.005, 0.01, 0.03, 0.04.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    values = list(RANDOM.random(12) ** 3)
    assert holm(values) == pytest.approx(list(multipletests(values, method="holm")[1]), abs=1e-12)
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]


def test_effect_sizes() -> None:
    dz = cohens_dz([float(one) for one in DARWIN])
    assert dz is not None and dz.value == pytest.approx(np.mean(DARWIN) / np.std(DARWIN, ddof=1), abs=1e-9)
    # t = dz sqrt(n) = 2.148, as Fisher computes it.
    assert dz.value * 15**0.5 == pytest.approx(2.148, abs=5e-4)
    # Agresti 2013, section 11.2.3: 150 / 86 = 1.74.
    assert odds_ratio(150, 86).value == pytest.approx(1.744, abs=1e-3)  # type: ignore[union-attr]
    assert odds_ratio(3, 0).value == float("inf") and odds_ratio(0, 0) is None  # type: ignore[union-attr]
    ranks = rank_biserial(np.asarray(TREATED) - DEPRESSION)
    # V = 40 of 45: (5 - 40) / 45.
    assert ranks is not None and ranks.value == pytest.approx(-35 / 45)
    assert cohens_dz([1.0, 1.0]) is None and rank_biserial([0.0]) is None
