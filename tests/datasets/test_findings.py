"""What comparisons find, and what they say of it."""

import pytest

from datasets.answers import ScoreKey
from datasets.comparison import summarise
from datasets.findings import Against, find, hold_against
from datasets.matrix import held_against_highest
from datasets.sheets import LARGEST, Sheet
from datasets.statistics.paired import mcnemar, permutation, wilcoxon
from datasets.verdicts import p_text, rounded_up, signed, verdict, verdicts

KEY = ScoreKey("exact", "EVAL", "NUMERIC")


def sheet(values: list[float | None], repetitions: int = 1, **more) -> Sheet:
    """A run whose answer to item i has this score; None: the run has no such item."""
    items = [f"i{at}" for at, value in enumerate(values) if value is not None for _ in range(repetitions)]
    told = [(float(value),) for value in values if value is not None for _ in range(repetitions)]
    n = len(items)
    given = {
        "links": tuple(f"{at}" for at in range(n)),
        "items": tuple(items),
        "said": (1,) * n,
        "failed": (False,) * n,
        "latency": (1.0,) * n,
        "cost": (0.5,) * n,
        "tokens": (None,) * n,
        "scores": {KEY: tuple(told)},
        "shared": frozenset(),
    }
    return Sheet(**(given | more))


def compared(*sheets: Sheet, ranks: bool = False) -> tuple[Against | None, ...]:
    return find(sheets, [summarise(one) for one in sheets], 0, ranks=ranks).against[KEY]


def test_right_and_wrong_answers_are_tested_by_mcnemar_and_corrected_by_holm() -> None:
    base = [0.0] * 12 + [1.0] * 8
    better, equal = [1.0] * 10 + [0.0] * 2 + [1.0] * 8, base
    _none, one, two = compared(sheet(base), sheet(better), sheet(equal))
    assert one and two
    assert (one.wins, one.ties, one.losses, one.test) == (10, 10, 0, "mcnemar")
    assert one.p == mcnemar(10, 0).p and one.corrected == pytest.approx(2 * one.p) and one.shown
    assert two.p == 1 and not two.shown and two.needed is None and two.least == 7
    assert one.effect and one.effect.kind == "odds-ratio"


def test_numbers_are_tested_by_their_means_or_by_their_ranks() -> None:
    base, other = [0.1, 0.2, 0.35, 0.4, 0.5, 0.6, 0.7], [0.2, 0.3, 0.3, 0.6, 0.9, 0.8, 0.75]
    changes = [new - old for old, new in zip(base, other, strict=True)]
    means, ranks = compared(sheet(base), sheet(other))[1], compared(sheet(base), sheet(other), ranks=True)[1]
    assert means and ranks and means.effect and ranks.effect
    assert means.p == permutation(changes).p and means.effect.kind == "dz"
    assert ranks.p == wilcoxon(changes).p and ranks.effect.kind == "rank-biserial"
    assert means.needed and means.detectable and means.detectable > 0


def test_missing_pairs_are_told_and_left_out() -> None:
    found = compared(sheet([1, 0, 1, None, None]), sheet([1, 1, None, 0, 1]))[1]
    assert found and (found.pairs, found.only_baseline, found.only_this) == (2, 1, 2)
    nothing = compared(sheet([1, None]), sheet([None, 1]))[1]
    assert nothing and nothing.p is None and nothing.difference is None and nothing.corrected is None


def test_asking_twice_does_not_look_like_twice_as_many_items() -> None:
    base, other = [0.0] * 6 + [1.0] * 2, [1.0] * 5 + [0.0] * 1 + [1.0] * 2
    once, twice = compared(sheet(base), sheet(other))[1], compared(sheet(base, 2), sheet(other, 2))[1]
    assert once and twice and once.p == twice.p and once.difference == twice.difference


def test_a_verdict_says_what_ten_items_cannot_show() -> None:
    base, other = [1.0] * 7 + [0.0] * 3, [1.0] * 7 + [1.0] * 2 + [0.0]
    found = find([sheet(base), sheet(other)], [summarise(sheet(base)), summarise(sheet(other))], 0)
    (told,) = verdicts(["a", "b"], found)
    assert told.kind == "" and "No difference in exact is shown" in told.text
    assert "At least 6 items must change one way and none the other" in told.text
    assert "here 2 got better and 0 worse" in told.text and "about 37 items are needed" in told.text


def test_five_items_can_show_nothing_at_all() -> None:
    found = compared(sheet([0.0] * 5), sheet([1.0] * 5))[1]
    assert found and not found.shown
    assert "5 items can show no difference at all" in verdict("b", KEY, True, found).text


def test_a_verdict_names_the_test_and_the_corrected_p() -> None:
    base, other = [0.0] * 20, [1.0] * 12 + [0.0] * 8
    found = compared(sheet(base), sheet(other), sheet(base))[1]
    assert found
    text = verdict("b", KEY, True, found).text
    assert "“b” is better than the baseline in exact by +60 pp" in text
    assert "McNemar’s test, exact, p < 0.001 after Holm’s correction over 2 comparisons" in text
    worse = compared(sheet(other), sheet(base))[1]
    assert worse and verdict("b", KEY, True, worse).kind == "bad"


def test_an_interval_without_nought_is_no_proof_and_the_verdict_says_why() -> None:
    """Few items, or many comparisons."""
    found = compared(sheet([0.0] * 8), sheet([1.0] * 5 + [0.0] * 3))[1]
    assert found and found.difference and found.difference.low and found.difference.low > 0 and not found.shown
    told = verdict("b", KEY, True, found)
    assert told.kind == "" and "leaves out zero (95 %: +13 pp to +87 pp; 8 items)" in told.text
    assert "no difference is shown: the test decides" in told.text and "with so few items" in told.text
    many = compared(*[sheet([0.0] * 8)] * 3, sheet([1.0] * 6 + [0.0] * 2))[3]
    assert many and many.p and many.p < 0.05 and not many.shown
    assert "the corrected test at all of them" in verdict("d", KEY, True, many).text


def test_scores_that_are_equal_everywhere_are_no_difference() -> None:
    found = compared(sheet([0.3, 0.4, 0.5]), sheet([0.3, 0.4, 0.5]))[1]
    assert found and found.p == 1 and found.difference and found.difference.low is None and found.effect is None
    assert "have the same exact on each of the 3 items" in verdict("b", KEY, False, found).text


def test_a_difference_that_is_the_same_everywhere_is_told_with_its_test() -> None:
    found = compared(sheet([0.1] * 12), sheet([0.3] * 12))[1]
    assert found and found.shown and found.difference and found.difference.low is None
    told = verdict("b", KEY, False, found)
    assert told.kind == "good" and "on each of the 12 items alike" in told.text


def test_a_single_item_is_told_in_the_singular() -> None:
    found = compared(sheet([0.0]), sheet([1.0]))[1]
    assert found
    told = verdict("b", KEY, True, found).text
    assert "with 1 item it may be anything" in told and "1 item can show no difference at all" in told


def test_the_best_must_stand_against_all_others() -> None:
    strong = {f"i{at}": 1.0 for at in range(20)}
    weak = {f"i{at}": float(at < 8) for at in range(20)}
    near = {f"i{at}": float(at < 19) for at in range(20)}
    highest, against = held_against_highest([weak, strong], [0.4, 1.0])
    assert highest == 1 and against[0] and against[0].shown and against[1] is None
    _highest, against = held_against_highest([weak, strong, near], [0.4, 1.0, 0.95])
    assert [one.shown for one in against if one] == [True, False]


def test_the_front_ignores_what_no_run_tells() -> None:
    cheap, dear = sheet([1, 0, 0], cost=(0.1,) * 3), sheet([1, 1, 0], cost=(0.9,) * 3)
    beaten = sheet([1, 0, 0], cost=(0.2,) * 3)
    sheets = [cheap, dear, beaten]
    assert find(sheets, [summarise(one) for one in sheets], 0).front == (True, True, False)
    sheets = [cheap, sheet([1, 1, 1], cost=(None,) * 3)]
    assert find(sheets, [summarise(one) for one in sheets], 0).front == (True, None), "who knows what it costs?"
    free = [sheet([1, 0, 0], cost=(None,) * 3), sheet([1, 1, 0], cost=(None,) * 3)]
    assert find(free, [summarise(one) for one in free], 0).front == (False, True)


def test_spread_is_told_where_something_repeats() -> None:
    once, twice = sheet([1, 0, 1]), sheet([1, 0, 1], 2)
    found = find([once, twice], [summarise(once), summarise(twice)], 0)
    assert found.spread[0] is None and found.spread[1] is not None and found.spread[1].sampling == 0


def test_figures_in_words() -> None:
    assert signed(0.1234, True) == "+12 pp" and signed(-0.5, False) == "−0.5" and signed(0.0001, False) == "0"
    assert p_text(0.0004) == "p < 0.001" and p_text(0.0312) == "p = 0.031" and p_text(0.5) == "p = 0.50"
    assert [rounded_up(n) for n in (7, 34, 199, 1234, 76543)] == [7, 34, 200, 1300, 77000]


def test_all_of_it_is_corrected_together() -> None:
    values = [{f"i{at}": float(at < n) for at in range(30)} for n in (10, 20, 24, 10)]
    found = hold_against(values, 0)
    assert [one.comparisons for one in found if one] == [3, 3, 3]
    assert all(one.corrected >= one.p for one in found if one and one.corrected is not None and one.p is not None)


def test_numbers_of_any_size_are_held_against_each_other() -> None:
    huge = sheet([LARGEST, -LARGEST, LARGEST, 1.0, 2.0, 0.0])
    for other in (sheet([0.1] * 6), sheet([0.3, 0.3 + 1e-16, 0.3, 0.3, 0.3, 0.3]), huge):
        found = compared(huge, other)[1]
        assert found and verdict("b", KEY, False, found).text
        back = compared(other, huge)[1]
        assert back and verdict("b", KEY, False, back).text
    shifted = compared(sheet([0.1, 0.2, 0.3, 0.7, 0.4, 0.9]), sheet([0.2, 0.3, 0.4, 0.8, 0.5, 1.0]))[1]
    assert shifted and shifted.needed is None and shifted.effect is None and shifted.p == 2 / 64
