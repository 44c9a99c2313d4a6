"""Which answers of runs stored traces and observations are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from datasets.models import DatasetRunItem
from tracing.records import Observation


def links_in(project_id: str, trace_ids: Iterable[str]) -> Mapping[str, Sequence[DatasetRunItem]]:
    """The answers of runs that name these traces or something in them, with their runs and the items as they were, by
    the trace; the newest first, because an item as it was answered last counts."""
    found: defaultdict[str, list[DatasetRunItem]] = defaultdict(list)
    rows = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=set(trace_ids))
    for link in rows.select_related("run", "version").order_by("-created_at", "-id"):
        found[link.trace_id].append(link)
    return found


def link_of(links: Sequence[DatasetRunItem], observation: Observation) -> DatasetRunItem | None:
    """The answer that an observation is: one that names it or, for the root, one that names its whole trace."""
    named = next((link for link in links if link.observation_id == observation.id), None)
    if named is None and observation.is_root:
        return next((link for link in links if not link.observation_id), None)
    return named


def link_of_trace(links: Sequence[DatasetRunItem]) -> DatasetRunItem | None:
    """The answer that a whole trace is; none where it holds the answers to several items."""
    whole = [link for link in links if not link.observation_id] or links
    return whole[0] if len({link.item_id for link in whole}) == 1 else None
