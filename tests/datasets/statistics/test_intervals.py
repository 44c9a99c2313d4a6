"""Means and differences with their intervals: published values, and the same by hand."""

from statistics import NormalDist, fmean, stdev

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from datasets.statistics.estimates import SEED, is_share
from datasets.statistics.intervals import (
    MOST_RESAMPLED,
    agresti_min,
    bca,
    mean_interval,
    paired_difference,
    student,
    wilson,
)

# Efron & Tibshirani 1993, table 14.1: the spatial perception of 26 children, test A.
SPATIAL = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41]
SKEWED = np.random.default_rng(7).lognormal(size=60)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (1, 10), (9, 10), (10, 10), (67, 100), (1234, 5000)])
def test_a_share_has_wilsons_interval(right: int, n: int) -> None:
    found = wilson(right, n)
    low, high = proportion_confint(right, n, method="wilson")
    assert found.mean == right / n and (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert mean_interval([1.0] * right + [0.0] * (n - right)) == found


def test_wilsons_published_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857, table I: 81 of 263, and 0 of 20.
    found, none = wilson(81, 263), wilson(0, 20)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert (none.low, none.high) == (0.0, pytest.approx(0.1611, abs=5e-5))


def by_hand(values, resamples: int) -> tuple[float, float]:
    """Efron & Tibshirani 1993, equations 14.9 to 14.15, in plain loops over the same draws."""
    n, mean, normal = len(values), fmean(values), NormalDist()
    drawn = np.random.default_rng(SEED).integers(0, n, (resamples, n))
    means = sorted(fmean(values[place] for place in row) for row in drawn.tolist())
    near = 1e-12 * max(map(abs, values))
    below = sum(one < mean - near for one in means) + sum(abs(one - mean) <= near for one in means) / 2
    without = [fmean([*values[:at], *values[at + 1 :]]) for at in range(n)]
    away = [fmean(without) - one for one in without]
    acceleration = sum(one**3 for one in away) / (6 * sum(one**2 for one in away) ** 1.5)
    bias, ends = normal.inv_cdf(below / resamples), []
    for level in (0.025, 0.975):
        shifted = bias + normal.inv_cdf(level)
        place = normal.cdf(bias + shifted / (1 - acceleration * shifted)) * (resamples - 1)
        ends.append(means[int(place)] + place % 1 * (means[int(place) + 1] - means[int(place)]))
    return ends[0], ends[1]


@pytest.mark.parametrize(
    ("values", "resamples"), [(list(SKEWED), 8333), (SPATIAL, 9999), (list(np.linspace(-1, 4, 11) ** 3), 9999)]
)
def test_the_bootstraps_interval_is_that_of_the_book(values, resamples) -> None:
    assert bca(values) == pytest.approx(by_hand([float(one) for one in values], resamples), rel=1e-6)


@pytest.mark.parametrize("n", [40, MOST_RESAMPLED + 1])
def test_intervals_cover_the_mean_of_skewed_numbers_about_as_often_as_they_say(n: int) -> None:
    generator = np.random.default_rng(11)
    covered = 0
    for _sample in range(100):
        found = mean_interval(generator.lognormal(size=n).tolist())
        assert found is not None and found.low is not None and found.high is not None
        assert found.method == ("bca" if n == 40 else "t")
        covered += found.low <= np.exp(0.5) <= found.high
    assert 0.88 < covered / 100 < 0.99


def test_the_same_values_always_have_the_same_interval() -> None:
    assert mean_interval(list(SKEWED)) == mean_interval(list(SKEWED))
    assert mean_interval(list(SKEWED)).method == "bca"  # type: ignore[union-attr]


def test_repetitions_are_resampled_with_their_item() -> None:
    generator = np.random.default_rng(5)
    items = generator.normal(size=(40, 1)) + generator.normal(scale=0.3, size=(40, 3))
    naive = np.sort([items[generator.integers(0, 40, 40)].mean() for _ in range(20_000)])
    found = mean_interval(list(items.mean(axis=1)))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((naive[500], naive[19_500]), abs=0.03)


def test_too_few_numbers_have_students_interval() -> None:
    values = [1.0, 2.0, 4.5, 3.0]
    found = mean_interval(values)
    # Any table of t: 3.182446 with three degrees of freedom.
    half = 3.1824463 * stdev(values) / 2
    assert found is not None and found.method == "t"
    assert (found.low, found.high) == (pytest.approx(2.625 - half, abs=1e-6), pytest.approx(2.625 + half, abs=1e-6))
    bounded = mean_interval([0.9, 0.2, 0.95])
    assert bounded is not None and bounded.low == 0 and bounded.high == 1
    # Student's own example (Biometrika 6, 1908): the gain in sleep of ten patients.
    sleep = student([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert (sleep.low, sleep.high) == (pytest.approx(0.7001, abs=1e-4), pytest.approx(2.4599, abs=1e-4))


def test_one_number_or_equal_numbers_tell_no_spread() -> None:
    for values in ([0.7], [0.7] * 9, [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3]):
        found = mean_interval(values)
        assert found is not None and found.low is None and found.method == ""
    assert mean_interval([]) is None and paired_difference([], []) is None


def test_paired_right_and_wrong_answers() -> None:
    before, after = [1.0] * 8 + [0.0] * 2, [1.0] * 5 + [0.0] * 3 + [1.0] * 2
    found = paired_difference(before, after)
    assert found is not None and found.mean == pytest.approx(-0.1) and found == agresti_min(2, 3, 10)
    # By hand: 2.5 and 3.5 of 12, their difference, and its standard error.
    p, q, n = 2.5 / 12, 3.5 / 12, 12
    half = 1.959963985 * ((p + q - (p - q) ** 2) / n) ** 0.5
    assert (found.low, found.high) == pytest.approx((p - q - half, p - q + half), abs=1e-6)


def test_equal_runs_differ_by_nothing_but_not_for_certain() -> None:
    found = paired_difference([1.0] * 10, [1.0] * 10)
    assert found is not None and found.mean == 0
    assert found.low is not None and found.high is not None and found.low < 0 < found.high


def test_paired_numbers() -> None:
    before, after = list(SKEWED), list(SKEWED * 1.1 + 0.2)
    found = paired_difference(before, after)
    assert found is not None and found.method == "bca" and found.n == 60
    assert (found.low, found.high) == bca([new - old for old, new in zip(before, after, strict=True)])


def test_only_noughts_and_ones_are_shares() -> None:
    assert is_share([0.0, 1.0]) and not is_share([0.5, 1.0]) and not is_share([])
