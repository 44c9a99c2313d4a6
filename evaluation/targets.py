"""What executions score: traces and observations by their ids, and the answers of runs among them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from datasets.models import DatasetRunItem
from evaluation import observed
from evaluation.scoring.base import Subject
from tracing.records import Observation


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


def links_in(project_id: str, trace_ids: Sequence[str]) -> dict[Target, DatasetRunItem]:
    """The answers of runs that stand in these traces, by what they name: the trace, or one of its observations."""
    rows = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=set(trace_ids)).select_related("run")
    return {Target(row.trace_id, row.observation_id): row for row in rows.order_by("created_at", "pk")}


def link_of(links: Mapping[Target, DatasetRunItem], observation: Observation) -> DatasetRunItem | None:
    """The answer that an observation is: named itself, or the root of a trace that is one."""
    named = links.get(Target(observation.trace_id, observation.id))
    return named or (links.get(Target(observation.trace_id)) if observation.is_root else None)
