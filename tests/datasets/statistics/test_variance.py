"""The split of variance, checked with a textbook, by matrices, and on made-up data whose parts are known."""

import numpy as np
import pytest

from datasets.statistics.variance import components

# Sokal & Rohlf, Biometry, box 10.1: left wing lengths of mosquitoes, 3 cages, 4 females each, measured twice.
MOSQUITOES = [
    [[58.5, 59.5], [77.8, 80.9], [84.0, 83.6], [70.1, 68.3]],
    [[69.8, 69.8], [56.0, 54.5], [50.7, 49.3], [63.8, 65.8]],
    [[56.6, 57.5], [77.8, 79.2], [69.9, 69.2], [62.1, 64.5]],
]


def by_matrices(judged) -> tuple[float, float, float]:
    """The same estimates from projections: the expectation of y'Ay is the trace of A V for each part of V."""
    items = np.asarray([i for i, item in enumerate(judged) for answer in item for _ in answer])
    answers = np.asarray([k for k, answer in enumerate([a for item in judged for a in item]) for _ in answer])
    y = np.asarray([value for item in judged for answer in item for value in answer])

    def incidence(of):
        return (of[:, None] == np.unique(of)[None, :]).astype(float)

    def onto(z):
        return z @ np.linalg.pinv(z)

    za, zb, one = incidence(items), incidence(answers), np.ones((len(y), 1))
    forms = [onto(za) - onto(one), onto(zb) - onto(za), np.eye(len(y)) - onto(zb)]
    parts = [za @ za.T, zb @ zb.T, np.eye(len(y))]
    system = np.asarray([[np.trace(form @ part) for part in parts] for form in forms])
    return tuple(np.linalg.solve(system, [y @ form @ y for form in forms]))


def test_a_textbooks_nested_analysis_of_variance() -> None:
    found = components(MOSQUITOES)
    assert found is not None and found.counts == (3, 12, 24)
    assert found.judge == pytest.approx(1.3017, abs=5e-5)
    assert found.sampling == pytest.approx(94.9424, abs=5e-5)
    assert found.items == pytest.approx(17.7064, abs=5e-5)


def test_unequal_numbers_of_repetitions_and_judgements() -> None:
    generator = np.random.default_rng(8)
    judged = []
    for _item in range(30):
        level = generator.normal(0, 2)
        item = []
        for _answer in range(generator.integers(1, 5)):
            answer = level + generator.normal(0, 1)
            item.append(list(answer + generator.normal(0, 0.5, generator.integers(1, 4))))
        judged.append(item)
    found = components(judged)
    assert found is not None
    assert (found.items, found.sampling, found.judge) == pytest.approx(by_matrices(judged), abs=1e-6)


def test_the_parts_of_made_up_data_are_found_again() -> None:
    generator = np.random.default_rng(9)
    items, answers = generator.normal(0, 1.0, (800, 1, 1)), generator.normal(0, 0.7, (800, 3, 1))
    found = components((items + answers + generator.normal(0, 0.4, (800, 3, 2))).tolist())
    assert found is not None
    assert (found.items, found.sampling, found.judge) == pytest.approx((1.0, 0.49, 0.16), rel=0.15)


def test_what_was_not_repeated_is_not_told_apart() -> None:
    once = components([[[1.0]], [[3.0]], [[5.0]]])
    assert once is not None and (once.items, once.sampling, once.judge) == (4.0, None, None)
    repeated = components([[[1.0], [2.0]], [[5.0], [6.0]], [[3.0], [4.0]]])
    assert repeated is not None and repeated.sampling == 0.5 and repeated.judge is None
    judged = components([[[1.0, 2.0]], [[5.0, 6.0]]])
    assert judged is not None and judged.sampling is None and judged.judge == 0.5
    assert components([[[0.1 + 0.2], [0.3]]] * 7) is None, "the last bits of a float are no variance"
    assert components([[[1.0]]]) is None and components([[[1.0]], [[1.0]]]) is None
    assert components([[[1.0], []], [[]], [[2.0]]]) == components([[[1.0]], [[2.0]]])


def test_chance_does_not_make_a_variance_negative() -> None:
    found = components([[[0.0], [10.0]], [[10.0], [0.0]]])
    assert found is not None and found.items == 0 and found.sampling == 50
