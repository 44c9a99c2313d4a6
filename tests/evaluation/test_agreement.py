"""Coefficients of agreement against published examples and independent implementations."""

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa, to_table

from evaluation.agreement import cohen, exact_share, fleiss, krippendorff

# Krippendorff (2011), example C: four observers, twelve units, some not judged by all.
OBSERVERS = {
    "A": "1 2 3 3 2 1 4 1 2 . . .",
    "B": "1 2 3 3 2 2 4 1 2 5 . 3",
    "C": ". 3 3 3 2 3 4 2 2 5 1 .",
    "D": "1 2 3 3 2 4 4 1 2 5 1 .",
}
# Fleiss (1971), table 1: six psychiatrists each about thirty patients, five diagnoses.
DIAGNOSES = (
    "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445"
    " 333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"
)
# Cohen (1960), table 2: two judges about 200 patients, as frequencies.
DIAGNOSED = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]


def observed(rows: dict[str, str]) -> list[dict[str, int]]:
    columns = {who: said.split() for who, said in rows.items()}
    length = len(next(iter(columns.values())))
    return [{who: int(said[unit]) for who, said in columns.items() if said[unit] != "."} for unit in range(length)]


def pairs_of(table: list[list[int]]) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]


def alpha_by_definition(ratings: list[dict[str, int]], level: str) -> Fraction:
    """α pair by pair, in exact fractions."""
    units = [list(item.values()) for item in ratings if len(item) > 1]
    values = [value for unit in units for value in unit]
    counts = {value: values.count(value) for value in set(values)}

    def delta(one: int, other: int) -> Fraction:
        if level == "nominal":
            return Fraction(one != other)
        if level == "interval":
            return Fraction((one - other) ** 2)
        low, high = min(one, other), max(one, other)
        between = sum(n for value, n in counts.items() if low <= value <= high)
        return (between - Fraction(counts[low] + counts[high], 2)) ** 2 if low != high else Fraction(0)

    within = sum(sum(delta(a, b) for a, b in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    across = sum(delta(a, b) for a, b in itertools.permutations(values, 2)) / (len(values) - 1)
    return 1 - Fraction(within) / across


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_krippendorff_s_with_judgements_missing(level, published: float) -> None:
    ratings = observed(OBSERVERS)
    found = krippendorff(ratings, level)
    assert found.value == pytest.approx(published, abs=0.0005)
    assert found.value == pytest.approx(float(alpha_by_definition(ratings, level)), abs=1e-12)
    assert found.n == 11, "the twelfth unit was judged once and says nothing"
    assert found.low <= found.value <= found.high


def test_alpha_agrees_with_its_definition_on_random_data() -> None:
    chance = random.Random(5)
    ratings = [
        {who: chance.randint(1, 5) for who in "abcd" if chance.random() < 0.7}
        for _ in range(60)
    ]  # fmt: skip
    for level in ("nominal", "ordinal", "interval"):
        found = krippendorff(ratings, level, resamples=0).value
        assert found == pytest.approx(float(alpha_by_definition(ratings, level)), abs=1e-9), level


def test_fleiss_kappa_is_that_of_1971() -> None:
    ratings = [{str(who): int(said) for who, said in enumerate(patient)} for patient in DIAGNOSES.split()]
    table = [[patient.count(str(category)) for category in range(1, 6)] for patient in DIAGNOSES.split()]
    found = fleiss(ratings)
    assert (found.value, found.n) == (pytest.approx(fleiss_kappa(table), abs=1e-9), 30)
    assert found.value == pytest.approx(0.430, abs=0.0005)
    assert exact_share(ratings).value == pytest.approx(0.5556, abs=0.0005)


def test_cohen_s_kappa_is_that_of_1960() -> None:
    found = cohen(pairs_of(DIAGNOSED))
    assert found.value == pytest.approx((0.70 - 0.41) / (1 - 0.41), abs=1e-9)
    assert (found.n, found.low < found.value < found.high) == (200, True)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_weighted_kappa_agrees_with_another_implementation(weights) -> None:
    others = cohens_kappa(DIAGNOSED, wt=weights, return_results=False)
    assert cohen(pairs_of(DIAGNOSED), weights=weights).value == pytest.approx(others, abs=1e-9)
    # Three people need not fill all categories; their order is what is told.
    told = [("low", "high"), ("low", "low"), ("mid", "mid"), ("high", "mid")]
    order = ["low", "mid", "high", "never"]
    places = np.array([[order.index(a), order.index(b)] for a, b in told])
    table = to_table(places, bins=np.arange(5) - 0.5)[0]
    others = cohens_kappa(table, wt=weights, return_results=False)
    assert cohen(told, weights=weights, categories=order).value == pytest.approx(others, abs=1e-9)


def test_the_interval_is_the_same_for_the_same_seed_and_covers_a_known_spread() -> None:
    """Of 200 items, 140 agree: the percentile interval is the binomial one, within chance."""
    ratings = [{"a": 1, "b": int(i < 140)} for i in range(200)]
    found = exact_share(ratings, seed=7)
    assert found == exact_share(ratings, seed=7) != exact_share(ratings, seed=8, resamples=50)
    spread = 1.96 * (0.7 * 0.3 / 200) ** 0.5
    assert found.low == pytest.approx(0.7 - spread, abs=0.01)
    assert found.high == pytest.approx(0.7 + spread, abs=0.01)


def test_what_the_data_cannot_tell_is_left_undefined() -> None:
    same = [{"a": 1, "b": 1}] * 5
    for coefficient in (krippendorff(same), krippendorff(same, "interval"), krippendorff(same, "ordinal"),
                        fleiss(same), cohen([(1, 1)] * 5)):  # fmt: skip
        assert (coefficient.value, coefficient.n, coefficient.low) == (None, 5, None)
    assert exact_share(same).value == 1
    for nothing in (krippendorff([{"a": 1}]), fleiss([]), cohen([]), exact_share([])):
        assert (nothing.value, nothing.n) == (None, 0)
    once = krippendorff([{"a": 1, "b": 2}])
    assert (once.value, once.low) == (0.0, None), "one item tells nothing about the spread"


def test_thousands_of_different_numbers_and_hundreds_of_categories_take_no_table_of_all_pairs() -> None:
    chance = random.Random(2)
    told = [{"a": (mark := chance.random()), "b": mark + chance.gauss(0, 0.1)} for _ in range(2000)]
    found = krippendorff(told, "ordinal", resamples=20)
    # Without ties the middle ranks are the ranks, and α of ranks as numbers is the same.
    ranks = {mark: place for place, mark in enumerate(sorted(mark for one in told for mark in one.values()))}
    ranked = [{person: ranks[mark] for person, mark in one.items()} for one in told]
    assert found.value == pytest.approx(krippendorff(ranked, "interval", resamples=0).value, abs=1e-9)
    labels = [f"label {n}" for n in range(500)]
    same = [(label, label) for label in labels] * 4
    assert cohen(same, categories=labels, resamples=20).value == 1
