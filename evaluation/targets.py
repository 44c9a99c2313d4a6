"""What executions score: traces and observations by their ids."""

from collections.abc import Sequence
from typing import NamedTuple

from evaluation import observed
from evaluation.scoring.base import Subject


class Target(NamedTuple):
    """An observation, or a trace where `observation_id` is empty."""

    trace_id: str
    observation_id: str = ""


def subjects_at(project_id: str, targets: Sequence[Target]) -> dict[Target, Subject]:
    """The subjects of those targets that are there; at most 1,000 at once."""
    observations = [target.observation_id for target in targets if target.observation_id]
    traces = [target.trace_id for target in targets if not target.observation_id]
    found: list[Subject] = []
    if observations:
        found += observed.observations(project_id, observations).values()
    if traces:
        found += observed.traces(project_id, traces).values()
    return {Target(one.trace_id, one.observation_id or ""): one for one in found}
