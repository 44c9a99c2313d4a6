"""What a score varies with: the items, the sampling of answers, the judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum


@dataclass(frozen=True, slots=True)
class Components:
    """The variance of one judgement of one answer to one item, split into what it comes from.

    `sampling` is None without repetitions of items, `judge` without repeated judgements of answers: what cannot be
    told apart is then part of the one before. Counts: items, answers, judgements.
    """

    items: float
    sampling: float | None
    judge: float | None
    counts: tuple[int, int, int]

    @property
    def total(self) -> float:
        return self.items + (self.sampling or 0.0) + (self.judge or 0.0)


def components(judged: Sequence[Sequence[Sequence[float]]]) -> Components | None:
    """Split the variance of `judged[item][repetition][judgement]`; None with fewer than two items or no variation.

    The estimates of a nested analysis of variance with random effects, from the expected mean squares with unequal
    numbers (Henderson's method 1): Searle, Casella & McCulloch, Variance Components, 1992, chapter 5; Sokal & Rohlf,
    Biometry, 3rd edition 1995, chapter 10. Where chance brings a negative one, it counts as zero.
    """
    items = [[list(answer) for answer in item if answer] for item in judged]
    items = [item for item in items if item]
    answers = [answer for item in items for answer in item]
    values = [value for answer in answers for value in answer]
    a, b, n = len(items), len(answers), len(values)
    if a < 2:
        return None
    whole = fsum(values) / n
    of_items = [(fsum(fsum(one) for one in item), sum(len(one) for one in item)) for item in items]
    between_items = fsum(size * (total / size - whole) ** 2 for total, size in of_items)
    between_answers = fsum(
        len(one) * (fsum(one) / len(one) - total / size) ** 2
        for item, (total, size) in zip(items, of_items, strict=True)
        for one in item
    )
    within = fsum((value - fsum(one) / len(one)) ** 2 for one in answers for value in one)
    # How often each component stands in the mean squares of the level above.
    squares = fsum(len(one) ** 2 for one in answers)
    shares = fsum(len(one) ** 2 / size for item, (_total, size) in zip(items, of_items, strict=True) for one in item)
    sizes = fsum(size**2 for _total, size in of_items)
    judge = within / (n - b) if n > b else None
    sampling = None
    if b > a:
        sampling = max(0.0, (between_answers / (b - a) - (judge or 0.0)) / ((n - shares) / (b - a)))
    among = between_items / (a - 1) - (judge or 0.0) - (shares - squares / n) / (a - 1) * (sampling or 0.0)
    found = Components(max(0.0, among / ((n - sizes / n) / (a - 1))), sampling, judge, (a, b, n))
    # What is left of equal values that were added up is no variance.
    return found if found.total > (1e-12 * max(1.0, *map(abs, values))) ** 2 else None
