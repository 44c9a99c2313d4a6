"""The id of a decided score: one per thing and config, whoever made it last."""

from evaluation.annotation import Target, score_id

# Stands where an author would.
_NOBODY = "adjudicated"


def final_id(project_id: str, target: Target, config_id: str) -> str:
    """The id of the decided score of a thing under a config."""
    return score_id(project_id, target, config_id, _NOBODY)
