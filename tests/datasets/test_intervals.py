"""Means and their intervals, checked against published values."""

import pytest

from datasets.intervals import estimate, is_share, paired_difference, t_quantile


@pytest.mark.parametrize(("freedom", "expected"), [(1, 12.706), (9, 2.262), (11, 2.201), (20, 2.086), (100, 1.984)])
def test_the_quantiles_of_t_are_those_of_the_tables(freedom: int, expected: float) -> None:
    assert t_quantile(freedom) == pytest.approx(expected, abs=6e-4)


def test_a_mean_of_numbers_has_students_interval() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found is not None and found.mean == 3 and found.n == 5
    assert (found.low, found.high) == (pytest.approx(1.0367, abs=1e-3), pytest.approx(4.9633, abs=1e-3))


def test_a_share_has_wilsons_interval() -> None:
    found = estimate([1.0] * 9 + [0.0])  # R: binom::binom.wilson(9, 10)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.5958, abs=1e-4), pytest.approx(0.9821, abs=1e-4))


def test_ten_of_ten_right_is_not_certainty() -> None:
    found = estimate([1.0] * 10)
    assert found is not None and found.mean == 1
    assert (found.low, found.high) == (pytest.approx(0.7225, abs=1e-4), 1.0)


def test_one_number_or_equal_numbers_tell_no_spread() -> None:
    assert estimate([0.7]).low is None  # type: ignore[union-attr]
    assert estimate([0.7, 0.7]).low is None  # type: ignore[union-attr]
    assert estimate([]) is None and paired_difference([], []) is None


def test_paired_right_and_wrong_answers() -> None:
    before, after = [1.0] * 8 + [0.0] * 2, [1.0] * 5 + [0.0] * 3 + [1.0] * 2
    found = paired_difference(before, after)
    assert found is not None and found.mean == pytest.approx(-0.1) and found.n == 10
    assert found.low == pytest.approx(-0.4806, abs=1e-4) and found.high == pytest.approx(0.3140, abs=1e-4)


def test_equal_runs_differ_by_nothing_but_not_for_certain() -> None:
    found = paired_difference([1.0] * 10, [1.0] * 10)
    assert found is not None and found.mean == 0
    assert found.low is not None and found.high is not None and found.low < 0 < found.high


def test_paired_numbers() -> None:
    found = paired_difference([1.0, 2.0, 4.0], [2.0, 4.0, 7.0])
    assert found is not None and found.mean == 2 and found.low == pytest.approx(-0.484, abs=1e-3)


def test_only_noughts_and_ones_are_shares() -> None:
    assert is_share([0.0, 1.0]) and not is_share([0.5, 1.0]) and not is_share([])
