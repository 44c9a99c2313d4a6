"""What data can show: published sizes of studies, integration by hand, and trying it out."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy.special import stdtrit

from datasets.statistics.paired import mcnemar
from datasets.statistics.pareto import pareto_front
from datasets.statistics.power import (
    detectable_mean,
    detectable_shares,
    items_for_mean,
    items_for_shares,
    least_changes,
    power_of_mean,
)


def test_how_many_items_must_change_one_way() -> None:
    assert least_changes() == 6 and mcnemar(6, 0).p <= 0.05 < mcnemar(5, 0).p
    for comparisons in range(1, 40):
        level = 0.05 / comparisons
        least = least_changes(level)
        assert mcnemar(least, 0).p <= level < mcnemar(least - 1, 0).p
    assert least_changes(0.0625) == 5


def by_hand(n: int, dz: float, alpha: float = 0.05) -> float:
    """The chance that the mean exceeds its standard error often enough, summed over what the deviation may be."""
    degrees, critical, normal = n - 1, stdtrit(n - 1, 1 - alpha / 2), NormalDist()
    log = math.log(2) + degrees / 2 * math.log(degrees / 2) - math.lgamma(degrees / 2)
    width = 6 / (2 * degrees) ** 0.5
    step = (1 + width) / 20_000
    at = [step * (place + 0.5) for place in range(20_000)]
    return sum(
        step
        * math.exp(log + (degrees - 1) * math.log(s) - degrees * s * s / 2)
        * normal.cdf(dz * n**0.5 - critical * s)
        for s in at
    )


@pytest.mark.parametrize(("n", "dz"), [(3, 2.0), (10, 0.9), (34, 0.5), (200, 0.2), (1000, 0.05)])
def test_the_power_of_a_mean_is_the_integral_over_its_deviation(n: int, dz: float) -> None:
    assert power_of_mean(n, dz) == power_of_mean(n, -dz) == pytest.approx(by_hand(n, dz), abs=1e-6)


def test_the_power_of_a_mean_is_told_however_large_the_difference() -> None:
    for alpha in (0.05, 0.05 / 7, 0.05 / 63):
        for n in (2, 3, 10, 200, 10_000):
            told = [power_of_mean(n, float(dz), alpha) for dz in np.geomspace(1e-9, 1e15, 60)]
            assert told == sorted(told) and told[-1] == 1


def test_items_for_a_mean() -> None:
    # G*Power's manual and Cohen's tables: dz of 0.2, 0.5 and 0.8 need 199, 34 and 15 pairs.
    assert [items_for_mean(dz) for dz in (0.2, 0.5, 0.8)] == [199, 34, 15]
    assert items_for_mean(-0.5) == 34 and items_for_mean(0) is None
    # Above ten thousand by the normal distribution: (1.95996 + 0.84162)^2 / 0.0001.
    assert items_for_mean(0.01) == 78_489
    # Differences without end, or none to speak of, end all the same.
    assert items_for_mean(30.0) == 2 and items_for_mean(1e15, 0.05 / 7) == 2 and items_for_mean(1e-12) == 10_000_000


@pytest.mark.parametrize("n", [2, 4, 20, 51, 1000])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 7, 0.05 / 63])
def test_what_a_mean_can_show_is_shown_four_times_of_five(n: int, alpha: float) -> None:
    found = detectable_mean(n, 3.0, alpha)
    assert found is not None and power_of_mean(n, found / 3, alpha) == pytest.approx(0.8, abs=1e-9)


def test_a_single_pair_shows_nothing() -> None:
    assert detectable_mean(1, 3.0) is None


def test_items_for_shares() -> None:
    # Connor 1987, equation 2, by hand: (1.95996 sqrt(.15) + 1.28155 sqrt(.15 - .0025))^2 / .0025 = 626.2.
    assert items_for_shares(0.05, 0.15, power=0.9) == 627
    assert items_for_shares(0.0, 0.2) is None and items_for_shares(1.0, 1.0) == 6


def test_as_many_items_show_the_difference_about_as_often_as_promised() -> None:
    n = items_for_shares(0.1, 0.3)
    assert n is not None
    generator = np.random.default_rng(6)
    shown = sum(mcnemar(*generator.multinomial(n, [0.2, 0.1, 0.7])[:2]).p <= 0.05 for _ in range(2000)) / 2000
    # The exact test is a little shy.
    assert 0.74 < shown < 0.83


def test_what_shares_can_show_is_the_inverse() -> None:
    n = items_for_shares(0.07, 0.2)
    assert n is not None and detectable_shares(n, 0.2) == pytest.approx(0.07, abs=2e-4)
    assert detectable_shares(10, 0.3) == 0.6


def test_the_pareto_front() -> None:
    # Cost, latency, and quality with a minus.
    points = [
        (1.0, 1.0, -0.5),
        (2.0, 1.0, -0.5),
        (3.0, 3.0, -0.9),
        (1.0, 1.0, -0.5),
        (None, 0.0, -1.0),
        (4.0, 0.5, 0.0),
    ]
    assert pareto_front(points) == [True, False, True, True, False, True]
    naive = [tuple(row) for row in np.random.default_rng(1).integers(0, 6, (60, 3)).astype(float)]
    for point, on_front in zip(naive, pareto_front(naive), strict=True):
        beaten = any(all(a <= b for a, b in zip(other, point, strict=True)) and other != point for other in naive)
        assert on_front is not beaten
