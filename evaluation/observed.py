"""Stored observations and traces as what evaluators look at, with what is known of the dataset's items they answer."""

from collections import defaultdict
from collections.abc import Sequence

from datasets.jsontext import to_value
from datasets.models import DatasetRunItem
from evaluation.scoring.base import Subject
from evaluation.scoring.parts import tool_calls
from tracing.records import Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery


def observations(project_id: str, ids: Sequence[str]) -> dict[str, Subject]:
    """The subjects of observations by their ids; those that are not there are left out. At most 1,000 at once."""
    found = (
        store()
        .observations(
            ObservationQuery(
                project_id=project_id, ids=tuple(ids), with_bodies=True, window=Cursor(limit=max(1, len(ids)))
            )
        )
        .rows
    )
    links = _links(project_id, {one.trace_id for one in found})
    return {one.id: _of_observation(one, _link_of(links[one.trace_id], one)) for one in found}


def traces(project_id: str, ids: Sequence[str]) -> dict[str, Subject]:
    """The subjects of whole traces by their ids; those that are not there are left out. At most 1,000 at once."""
    found = (
        store()
        .traces(
            TraceQuery(project_id=project_id, ids=tuple(ids), with_bodies=True, window=Cursor(limit=max(1, len(ids))))
        )
        .rows
    )
    links = _links(project_id, {one.id for one in found})
    return {one.id: _of_trace(one, _link_of_trace(links[one.id])) for one in found}


def _of_observation(one: Observation, link: DatasetRunItem | None) -> Subject:
    output = to_value(one.output)
    return Subject(
        trace_id=one.trace_id,
        observation_id=one.id,
        environment=one.environment,
        input=to_value(one.input),
        output=output,
        metadata=to_value(one.metadata),
        tool_calls=tool_calls(output),
        expected_output=_expected(link),
        item_metadata=_item_metadata(link),
        latency=one.latency,
        cost=one.total_cost,
        usage=one.usage_details,
    )


def _of_trace(one: Trace, link: DatasetRunItem | None) -> Subject:
    output = to_value(one.output)
    return Subject(
        trace_id=one.id,
        environment=one.environment,
        input=to_value(one.input),
        output=output,
        metadata=to_value(one.metadata),
        tool_calls=tool_calls(output),
        expected_output=_expected(link),
        item_metadata=_item_metadata(link),
        latency=one.latency,
        cost=one.total_cost,
        usage={"input": one.input_tokens, "output": one.output_tokens, "total": one.total_tokens},
    )


def _links(project_id: str, trace_ids: set[str]) -> dict[str, list[DatasetRunItem]]:
    """The run items that name these traces, newest first: the item as it was answered last counts."""
    found: dict[str, list[DatasetRunItem]] = defaultdict(list)
    rows = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=trace_ids).select_related("version")
    for link in rows.order_by("-created_at", "-id"):
        found[link.trace_id].append(link)
    return found


def _link_of(links: Sequence[DatasetRunItem], one: Observation) -> DatasetRunItem | None:
    """The run item that an observation answers: one that names it or, for the root, one that names its whole trace."""
    named = next((link for link in links if link.observation_id == one.id), None)
    if named is None and one.is_root:
        return next((link for link in links if not link.observation_id), None)
    return named


def _link_of_trace(links: Sequence[DatasetRunItem]) -> DatasetRunItem | None:
    """The run item that a whole trace answers; none where it holds the answers to several items."""
    whole = [link for link in links if not link.observation_id] or links
    return whole[0] if len({link.item_id for link in whole}) == 1 else None


def _expected(link: DatasetRunItem | None) -> object:
    return None if link is None else to_value((link.version or link).expected_output)


def _item_metadata(link: DatasetRunItem | None) -> object:
    return None if link is None else to_value((link.version or link).metadata)
