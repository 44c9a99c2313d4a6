"""How a decided score is told from the single ones: by its id, and by what it says of itself."""

from datasets.jsontext import to_value
from evaluation.annotation import Target, score_id
from tracing.records import Score

# Stands where an author would: one decision per thing and config, whoever made it last.
_NOBODY = "adjudicated"
MARK = "adjudicated"


def final_id(project_id: str, target: Target, config_id: str) -> str:
    """The id of the decided score of a thing under a config."""
    return score_id(project_id, target, config_id, _NOBODY)


def is_final(score: Score) -> bool:
    """Whether a score says that it was decided by a third person."""
    told = to_value(score.metadata)
    return isinstance(told, dict) and told.get(MARK) is True
