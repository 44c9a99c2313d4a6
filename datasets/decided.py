"""Scores that a third person gave where people differed: they count, and the single ones beside them do not."""

from collections.abc import Sequence

from datasets.jsontext import to_value
from tracing.records import Score

# What such a score says of itself in its metadata (`evaluation.adjudication`).
MARK = "adjudicated"


def is_decided(score: Score) -> bool:
    """Whether a score says that it was decided by a third person."""
    if not score.metadata or MARK not in score.metadata:
        return False
    told = to_value(score.metadata)
    return isinstance(told, dict) and told.get(MARK) is True


def counting(scores: Sequence[Score]) -> Sequence[Score]:
    """Of the scores of one thing under one key those that count."""
    if len(scores) < 2:
        return scores
    return [score for score in scores if is_decided(score)] or scores
