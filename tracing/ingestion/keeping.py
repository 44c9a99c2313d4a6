"""An empty text never takes the place of one that is stored (api.md, section 3: the last truthy one wins).

Within a batch `merging` sees to it; here what came in earlier batches is looked at. Only batches that carry something
empty pay for the question.
"""

from collections.abc import Iterable, Sequence

from tracing.ingestion.merging import EMPTY
from tracing.records import Changes, Observation, ObservationChange, Trace, TraceChange
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery

SIDES = ("input", "output")


def keep_stored_texts(project_id: str, changes: Changes, *, whole: bool) -> None:
    """Take empty inputs and outputs out of changes to things that have some already. Mutates the changes.

    `whole`: every observation comes in one piece, so that there is nothing to keep.
    """
    if ids := _with_empty(changes.traces):
        window = Cursor(limit=len(ids))
        _keep(changes.traces, store().traces(TraceQuery(project_id=project_id, ids=ids, window=window)).rows)
    if not whole and (ids := _with_empty(changes.observations)):
        query = ObservationQuery(project_id=project_id, ids=ids, window=Cursor(limit=len(ids)))
        _keep(changes.observations, store().observations(query).rows)


def _with_empty(changes: Iterable[TraceChange | ObservationChange]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.id for one in changes if any(getattr(one, side) in EMPTY for side in SIDES)))


def _keep(changes: Iterable[TraceChange | ObservationChange], rows: Sequence[Trace | Observation]) -> None:
    stored = {row.id: row for row in rows}
    for change in changes:
        row = stored.get(change.id)
        for side in SIDES:
            # Whatever says something has a preview.
            if row is not None and getattr(change, side) in EMPTY and getattr(row, f"{side}_preview"):
                setattr(change, side, None)
