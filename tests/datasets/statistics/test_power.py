"""What data can show: published sizes of studies, statsmodels, and trying it out."""

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

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


@pytest.mark.parametrize(("n", "dz"), [(2, 0.5), (10, 0.9), (34, 0.5), (200, 0.2), (1000, 0.05)])
def test_the_power_of_a_mean_is_that_of_statsmodels(n: int, dz: float) -> None:
    assert power_of_mean(n, dz) == pytest.approx(TTestPower().power(dz, n, 0.05), abs=1e-6)


def test_items_for_a_mean() -> None:
    # G*Power's manual and Cohen's tables: dz of 0.2, 0.5 and 0.8 need 199, 34 and 15 pairs.
    assert [items_for_mean(dz) for dz in (0.2, 0.5, 0.8)] == [199, 34, 15]
    assert items_for_mean(-0.5) == 34 and items_for_mean(0) is None
    assert items_for_mean(0.01) == pytest.approx(TTestPower().solve_power(0.01, power=0.8, alpha=0.05), rel=1e-3)
    # Differences without end, or none to speak of, end all the same.
    assert items_for_mean(30.0) == 2 and items_for_mean(1e15, 0.05 / 7) == 2 and items_for_mean(1e-12) == 10_000_000


def test_what_a_mean_can_show() -> None:
    theirs = TTestPower().solve_power(nobs=20, power=0.8, alpha=0.05)
    assert detectable_mean(20, 3.0) == pytest.approx(3 * theirs, abs=1e-6)
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
