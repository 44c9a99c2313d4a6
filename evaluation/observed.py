"""Stored observations and traces as what evaluators look at, with what is known of the dataset's items they answer."""

from collections.abc import Sequence

from datasets.jsontext import to_value
from datasets.models import DatasetRunItem
from evaluation.answered import link_of, link_of_trace, links_in
from evaluation.scoring.base import Subject
from evaluation.scoring.parts import tool_calls
from tracing.records import Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery


def observations(project_id: str, ids: Sequence[str]) -> dict[str, Subject]:
    """The subjects of observations by their ids; those that are not there are left out. At most 1,000 at once."""
    window = Cursor(limit=max(1, len(ids)))
    query = ObservationQuery(project_id=project_id, ids=tuple(ids), with_bodies=True, window=window)
    found = store().observations(query).rows
    links = links_in(project_id, (one.trace_id for one in found))
    return {one.id: _of_observation(one, link_of(links.get(one.trace_id, ()), one)) for one in found}


def traces(project_id: str, ids: Sequence[str]) -> dict[str, Subject]:
    """The subjects of whole traces by their ids; those that are not there are left out. At most 1,000 at once."""
    window = Cursor(limit=max(1, len(ids)))
    query = TraceQuery(project_id=project_id, ids=tuple(ids), with_bodies=True, window=window)
    found = store().traces(query).rows
    links = links_in(project_id, (one.id for one in found))
    return {one.id: _of_trace(one, link_of_trace(links.get(one.id, ()))) for one in found}


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
    )


def _expected(link: DatasetRunItem | None) -> object:
    return None if link is None else to_value((link.version or link).expected_output)


def _item_metadata(link: DatasetRunItem | None) -> object:
    return None if link is None else to_value((link.version or link).metadata)
