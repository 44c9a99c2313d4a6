"""A run as columns of plain values: what figures and comparisons are made of, small enough to be remembered whole."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from datasets.answers import Answer, ScoreKey, score_keys, shared_traces
from datasets.decided import counting
from datasets.joining import under

NUMBERS = ("NUMERIC", "BOOLEAN")
# Beyond this nobody judges, and sums of cubes would not fit into a float.
LARGEST = 1e90


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An entry per answer, in the order of the run items `links` (primary keys); repetitions share an item id.

    `said` tells outputs apart by their previews (None: not arrived). `scores` holds every judgement of each answer:
    numbers, labels of categories, or an empty text for a text. `shared` are traces that hold several answers.
    """

    links: tuple[str, ...]
    items: tuple[str, ...]
    said: tuple[int | None, ...]
    failed: tuple[bool, ...]
    latency: tuple[float | None, ...]
    cost: tuple[float | None, ...]
    tokens: tuple[int | None, ...]
    scores: dict[ScoreKey, tuple[tuple[float | str, ...], ...]]
    shared: frozenset[str]

    def groups(self) -> dict[str, list[int]]:
        """The places of each item's answers, items in the order in which they were answered first."""
        found: dict[str, list[int]] = {}
        for at, item in enumerate(self.items):
            found.setdefault(item, []).append(at)
        return found

    def numbers(self, key: ScoreKey) -> list[list[float]]:
        """The numeric judgements of each answer; none where the run has no such score."""
        told = under(self.scores, key) or ((),) * len(self.items)
        return [[value for value in values if not isinstance(value, str)] for values in told]


def sheet_of(answers: Sequence[Answer]) -> Sheet:
    """The sheet of one run's answers."""
    return Sheet(
        links=tuple(answer.link.pk for answer in answers),
        items=tuple(answer.item_id for answer in answers),
        said=tuple(_fingerprint(answer.output_preview) if answer.arrived else None for answer in answers),
        failed=tuple(answer.failed for answer in answers),
        latency=tuple(answer.latency for answer in answers),
        cost=tuple(answer.cost for answer in answers),
        tokens=tuple(answer.tokens for answer in answers),
        scores={key: tuple(_told(answer, key) for answer in answers) for key in score_keys(answers)},
        shared=frozenset(shared_traces([answer.link for answer in answers])),
    )


def item_values(sheet: Sheet, key: ScoreKey) -> dict[str, float]:
    """The score of each item that has one: the mean over its repetitions, each the mean of its judgements."""
    answered: dict[str, list[float]] = {}
    for item, values in zip(sheet.items, sheet.numbers(key), strict=True):
        if values:
            answered.setdefault(item, []).append(values[0] if len(values) == 1 else fmean(values))
    return {item: values[0] if len(values) == 1 else fmean(values) for item, values in answered.items()}


def answer_values(sheet: Sheet, key: ScoreKey) -> list[float]:
    """The score of each answer that has one: the mean of its judgements."""
    return [fmean(values) for values in sheet.numbers(key) if values]


def _told(answer: Answer, key: ScoreKey) -> tuple[float | str, ...]:
    given = counting(answer.scores.get(key, ()))
    if key.data_type in NUMBERS:
        return tuple(max(-LARGEST, min(LARGEST, score.value)) for score in given if score.value is not None)
    if key.data_type == "CATEGORICAL":
        return tuple(score.string_value or "" for score in given)
    return ("",) * len(given)


def _fingerprint(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
