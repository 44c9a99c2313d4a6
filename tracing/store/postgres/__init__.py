"""The store in PostgreSQL: one table for each kind of thing, statements instead of loops.

`columns` says what is stored and how it merges, `places` where the columns of the wire stand; `write`, `lists`,
`detail`, `metrics` and `deletion` are the verbs.
"""

from collections.abc import Sequence
from typing import Any

from tracing.records import Changes, Observation, Score, Session, Trace, TraceDetail
from tracing.store.base import (
    Deletion,
    MetricsQuery,
    ObservationQuery,
    Page,
    ScoreQuery,
    SessionQuery,
    TraceQuery,
)
from tracing.store.postgres import deletion as deleting
from tracing.store.postgres import detail, lists, rollup_refresh, signatures, write
from tracing.store.postgres import metrics as measuring


class PostgresStore:
    """`tracing.store.base.Store` over Django's connection."""

    def write(self, project_id: str, changes: Changes) -> None:
        write.write(project_id, changes)

    def get_trace(self, project_id: str, trace_id: str) -> TraceDetail | None:
        return detail.get_trace(project_id, trace_id)

    def traces(self, query: TraceQuery) -> Page[Trace]:
        return lists.traces(query)

    def observations(self, query: ObservationQuery) -> Page[Observation]:
        return lists.observations(query)

    def sessions(self, query: SessionQuery) -> Page[Session]:
        return lists.sessions(query)

    def scores(self, query: ScoreQuery) -> Page[Score]:
        return lists.scores(query)

    def metrics(self, query: MetricsQuery) -> Sequence[dict[str, Any]]:
        return measuring.metrics(query)

    def refresh(self) -> int:
        return rollup_refresh.refresh() + signatures.sign()

    def delete(self, deletion: Deletion) -> int:
        return deleting.delete(deletion)
