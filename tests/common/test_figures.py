"""Numbers as people read them."""

import pytest

from common.templatetags.promptlab import count, duration, figure, money, percent, roughly, short_count


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0"),
        (12.3, "$12.30"),
        (0.5, "$0.50"),
        (0.0005115, "$0.000512"),
        (0.00000123, "$0.00000123"),
        (1234.5, "$1234.50"),
    ],
)
def test_money_keeps_three_digits_that_say_something(amount: float, shown: str) -> None:
    assert money(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0004, "0 ms"), (0.4114, "411 ms"), (1.299, "1.30 s"), (75, "1 min 15 s"), (7260, "2 h 1 min")],
)
def test_durations_carry_their_unit(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (4.4, "4 s"),
        (23.33, "25 s"),
        (42.29, "40 s"),
        (58, "1 min"),
        (170, "3 min"),
        (1130, "20 min"),
        (3500, "1 h"),
        (5000, "1.5 h"),
        (80000, "22 h"),
        (300000, "3 d"),
    ],
)
def test_estimates_are_no_more_exact_than_people_say_them(seconds: float, said: str) -> None:
    assert roughly(seconds) == said


def test_counts_and_shares() -> None:
    assert (count(1234567), short_count(12345), short_count(4_100_000), percent(0.667)) == (
        "1,234,567",
        "12.3K",
        "4.1M",
        "67 %",
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(-5.0417, "−5.042"), (-0.0, "0"), (-0.0004, "0"), (0.5, "0.5"), (100, "100"), (-3, "−3")]
)
def test_measured_numbers_have_a_minus_as_wide_as_a_digit_and_zero_has_none(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_nothing_is_a_dash() -> None:
    assert all("–" in str(show(None)) for show in (money, duration, roughly, count, short_count, percent))
