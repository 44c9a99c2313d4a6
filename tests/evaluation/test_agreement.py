"""Coefficients of agreement against published examples and computations by their definitions, in exact fractions."""

import itertools
import random
from collections import Counter
from fractions import Fraction

import pytest

from evaluation.agreement.alpha import krippendorff
from evaluation.agreement.kappa import cohen, fleiss
from evaluation.agreement.shares import exact_share

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


def fleiss_by_definition(items: list[str]) -> Fraction:
    """κ of items that were judged equally often."""
    n, said = len(items), len(items[0])
    counts = [Counter(item) for item in items]
    agreed = Fraction(sum(k * (k - 1) for item in counts for k in item.values()), n * said * (said - 1))
    chance = sum(Fraction(k, n * said) ** 2 for k in sum(counts, Counter()).values())
    return (agreed - chance) / (1 - chance)


def cohen_by_definition(table: list[list[int]], *, weighted: bool = False) -> tuple[Fraction, float]:
    """κ and its standard error: what each cell moves it by, squared (the delta method), which is what Fleiss, Cohen and
    Everitt wrote out."""
    n, places = sum(map(sum, table)), range(len(table))

    def kappa(p: dict[tuple[int, int], Fraction]) -> Fraction:
        rows, columns = ([sum(p[cell] for cell in p if cell[side] == at) for at in places] for side in (0, 1))
        cost = {(i, j): (i - j) ** 2 if weighted else int(i != j) for i, j in p}
        return 1 - sum(cost[c] * p[c] for c in p) / sum(cost[i, j] * rows[i] * columns[j] for i, j in p)

    shares = {(i, j): Fraction(table[i][j], n) for i in places for j in places}
    step = Fraction(1, 10**9)
    # The share of one cell more, of all others less.
    moved = {
        cell: (kappa({c: p * (1 - step) + step * (c == cell) for c, p in shares.items()}) - kappa(shares)) / step
        for cell in shares
    }  # fmt: skip
    return kappa(shares), float(sum(p * moved[cell] ** 2 for cell, p in shares.items()) / n) ** 0.5


def test_fleiss_kappa_is_that_of_1971() -> None:
    items = DIAGNOSES.split()
    ratings = [{str(who): int(said) for who, said in enumerate(patient)} for patient in items]
    found = fleiss(ratings)
    assert (found.value, found.n) == (pytest.approx(float(fleiss_by_definition(items)), abs=1e-9), 30)
    assert found.value == pytest.approx(0.430, abs=0.0005)
    assert exact_share(ratings).value == pytest.approx(0.5556, abs=0.0005)
    # The interval holds what is found when items are drawn anew, in the share that it says.
    chance = random.Random(3)
    anew = sorted(float(fleiss_by_definition(chance.choices(items, k=30))) for _ in range(400))
    assert found.low == pytest.approx(anew[10], abs=0.03) and found.high == pytest.approx(anew[-10], abs=0.03)


def test_fleiss_kappa_leaves_out_items_that_were_not_judged_as_often_as_most() -> None:
    ratings = [dict(enumerate(said)) for said in ("aab", "abb", "bbb", "aaa", "ab", "bb", "aabb")]
    found = fleiss([{str(who): said for who, said in one.items()} for one in ratings])
    assert (found.value, found.n) == (pytest.approx(float(fleiss_by_definition(["aab", "abb", "bbb", "aaa"]))), 4)


def test_cohen_s_kappa_is_that_of_1960() -> None:
    found = cohen(pairs_of(DIAGNOSED))
    assert found.value == pytest.approx((0.70 - 0.41) / (1 - 0.41), abs=1e-9)
    assert (found.n, found.low < found.value < found.high) == (200, True)


@pytest.mark.parametrize("weighted", [False, True])
def test_kappa_and_its_interval_are_those_of_their_definitions(weighted: bool) -> None:
    for table in (DIAGNOSED, [[5, 1, 0, 0], [2, 7, 3, 0], [0, 1, 6, 2], [0, 0, 0, 0]]):
        found, (kappa, error) = cohen(pairs_of(table), weighted=weighted), cohen_by_definition(table, weighted=weighted)
        assert found.value == pytest.approx(float(kappa), abs=1e-9)
        assert found.low == pytest.approx(float(kappa) - 1.959964 * error, abs=1e-6)
        assert found.high == pytest.approx(min(1, float(kappa) + 1.959964 * error), abs=1e-6)
    # Two people need not use all categories; their order is what is told.
    told = [("low", "high"), ("low", "low"), ("mid", "mid"), ("high", "mid")]
    order = ["low", "mid", "high", "never"]
    table = [[told.count((one, other)) for other in order] for one in order]
    kappa, _error = cohen_by_definition(table, weighted=weighted)
    assert cohen(told, weighted=weighted, categories=order).value == pytest.approx(float(kappa), abs=1e-9)


def test_the_interval_of_alpha_is_the_same_for_the_same_seed_and_covers_a_known_spread() -> None:
    """With both values equally frequent, α is nearly 2 p − 1 of the share p of items on which two people agree."""
    ratings = [{"a": i % 2, "b": i % 2 if i < 140 else 1 - i % 2} for i in range(200)]
    found = krippendorff(ratings, seed=7)
    assert found == krippendorff(ratings, seed=7) != krippendorff(ratings, seed=8, resamples=50)
    spread = 1.96 * 2 * (0.7 * 0.3 / 200) ** 0.5
    assert found.low == pytest.approx(0.4 - spread, abs=0.02)
    assert found.high == pytest.approx(0.4 + spread, abs=0.02)


def test_few_items_without_a_difference_are_not_certainty() -> None:
    """Wilson's interval of 5 of 5 begins at 5 / (5 + z²); nothing was seen of which α or κ could vary."""
    same = [{"a": i % 2, "b": i % 2} for i in range(5)]
    share = exact_share(same)
    assert (share.value, share.low, share.high) == (1, pytest.approx(5 / (5 + 1.959964**2), abs=1e-6), 1)
    for found in (krippendorff(same), krippendorff(same, "interval"), fleiss(same), cohen([(0, 0), (1, 1), (1, 1)])):
        assert (found.value, found.low, found.high) == (1, None, None)


def test_what_the_data_cannot_tell_is_left_undefined() -> None:
    same = [{"a": 1, "b": 1}] * 5
    for coefficient in (krippendorff(same), krippendorff(same, "interval"), krippendorff(same, "ordinal"),
                        fleiss(same), cohen([(1, 1)] * 5), cohen([(1, 1)] * 5, weighted=True)):  # fmt: skip
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
    assert cohen(same, categories=labels).value == 1
