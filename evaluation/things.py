"""What the items of a queue name: read from the store, with what was expected of it where it answers a dataset item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.comparison import versions_of
from datasets.models import DatasetRunItem
from evaluation.annotation import Target
from evaluation.models import ObjectType, QueueItem
from tracing.filters import Filter
from tracing.records import JsonText, Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, SessionQuery, TraceQuery

TURNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is judged. `name`, `run`, `model` and `metadata` are what a blind desk does not show.

    `arrived` is False as long as nothing of that id is there. `turns` are the traces of a session, oldest first.
    """

    kind: str
    id: str
    arrived: bool = False
    name: str = ""
    run: str = ""
    model: str = ""
    trace_id: str = ""
    input: JsonText | None = None
    output: JsonText | None = None
    expected: JsonText | None = None
    metadata: JsonText | None = None
    input_preview: str = ""
    output_preview: str = ""
    turns: tuple[Trace, ...] = ()


def target_of(project_id: str, item: QueueItem) -> Target | None:
    """What a score of the item is a score of; None for an observation that has not arrived: its trace is unknown."""
    return targets_of(project_id, [item]).get(item.pk)


def targets_of(project_id: str, items: Sequence[QueueItem]) -> dict[str, Target]:
    """The same for several, by the items' ids, in one question for all."""
    ids = [item.object_id for item in items if item.object_type == ObjectType.OBSERVATION]
    traces = {one.id: one.trace_id for one in _observations(project_id, ids, bodies=False, with_texts=False)}
    targets = ((item.pk, _target(item, traces)) for item in items)
    return {pk: target for pk, target in targets if target is not None}


def things_of(project_id: str, items: Sequence[QueueItem], *, bodies: bool = False) -> dict[str, Thing]:
    """What the items name, by the items' ids; whole texts and the turns of sessions only with `bodies`."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in ObjectType.values}
    for item in items:
        by_kind[item.object_type].append(item.object_id)
    traces = {one.id: one for one in _traces(project_id, by_kind[ObjectType.TRACE], bodies=bodies)}
    observations = {one.id: one for one in _observations(project_id, by_kind[ObjectType.OBSERVATION], bodies=bodies)}
    trace_ids = {*traces, *(one.trace_id for one in observations.values())}
    links = _links(project_id, trace_ids)
    expected = {pk: row.expected_output for pk, row in versions_of([*links.values()], "expected_output").items()}
    found: dict[str, Thing] = {}
    for item in items:
        if item.object_type == ObjectType.SESSION:
            found[item.pk] = _session(project_id, item.object_id, bodies=bodies)
            continue
        if item.object_type == ObjectType.TRACE:
            record: Trace | Observation | None = traces.get(item.object_id)
            link = links.get((item.object_id, ""))
        else:
            record = observations.get(item.object_id)
            trace_id = record.trace_id if isinstance(record, Observation) else ""
            link = links.get((trace_id, item.object_id)) or links.get((trace_id, ""))
        found[item.pk] = _thing(item, record, link, expected)
    return found


def _target(item: QueueItem, traces: Mapping[str, str]) -> Target | None:
    if item.object_type == ObjectType.SESSION:
        return Target("", session_id=item.object_id)
    if item.object_type == ObjectType.TRACE:
        return Target(item.object_id)
    trace_id = traces.get(item.object_id)
    return Target(trace_id, item.object_id) if trace_id else None


def _thing(
    item: QueueItem,
    record: Trace | Observation | None,
    link: DatasetRunItem | None,
    expected: Mapping[int, JsonText | None],
) -> Thing:
    if record is None:
        return Thing(kind=item.object_type, id=item.object_id)
    observation = record if isinstance(record, Observation) else None
    return Thing(
        kind=item.object_type,
        id=item.object_id,
        arrived=True,
        name=record.name or "",
        run=link.run.name if link else "",
        model=(observation.model or "") if observation else "",
        trace_id=observation.trace_id if observation else record.id,
        input=record.input,
        output=record.output,
        expected=(expected.get(link.version_id) if link.version_id else link.expected_output) if link else None,
        metadata=record.metadata,
        input_preview=record.input_preview,
        output_preview=record.output_preview,
    )


def _session(project_id: str, session_id: str, *, bodies: bool) -> Thing:
    rows = store().sessions(SessionQuery(project_id=project_id, ids=(session_id,), window=Cursor(limit=1))).rows
    if not rows:
        return Thing(kind=ObjectType.SESSION, id=session_id)
    turns: tuple[Trace, ...] = ()
    if bodies:
        query = TraceQuery(
            project_id=project_id,
            filters=(Filter("stringOptions", "sessionId", "any of", (session_id,)),),
            order=("timestamp", "asc"),
            window=Cursor(limit=TURNS),
            with_bodies=True,
        )
        turns = store().traces(query).rows
    return Thing(
        kind=ObjectType.SESSION,
        id=session_id,
        arrived=True,
        name=session_id,
        input_preview=rows[0].input_preview,
        output_preview=rows[0].output_preview,
        turns=turns,
    )


def _links(project_id: str, trace_ids: set[str]) -> dict[tuple[str, str], DatasetRunItem]:
    """The answers of runs in these traces, by trace and observation; a trace with one answer is that answer."""
    found: dict[tuple[str, str], DatasetRunItem] = {}
    counts: dict[str, int] = {}
    rows = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=trace_ids).select_related("run")
    for link in rows.order_by("created_at", "pk") if trace_ids else ():
        found[link.trace_id, link.observation_id] = link
        counts[link.trace_id] = counts.get(link.trace_id, 0) + 1
    for (trace_id, _observation_id), link in list(found.items()):
        if counts[trace_id] == 1:
            found.setdefault((trace_id, ""), link)
    return found


def _traces(project_id: str, ids: Sequence[str], *, bodies: bool) -> Sequence[Trace]:
    if not ids:
        return ()
    query = TraceQuery(project_id=project_id, ids=tuple(ids), window=Cursor(limit=len(ids)), with_bodies=bodies)
    return store().traces(query).rows


def _observations(project_id: str, ids: Sequence[str], *, bodies: bool, **asked: Any) -> Sequence[Observation]:
    if not ids:
        return ()
    window = Cursor(limit=len(ids))
    query = ObservationQuery(project_id=project_id, ids=tuple(ids), window=window, with_bodies=bodies, **asked)
    return store().observations(query).rows
