"""Deleting in batches, each a transaction of its own: writers wait for moments, and a broken run has done its part."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction

from common.errors import Invalid
from tracing.store.base import Deletion
from tracing.store.postgres import packs
from tracing.store.postgres.rollup_refresh import LOCK
from tracing.store.postgres.sql import fetch, run
from tracing.store.postgres.texts import chain

BATCH = 1_000

# The oldest first: what came together stands in the same packs, and those go whole. Locked in the order in which
# writers lock.
_TRACES = (
    "SELECT id, session_id FROM tracing_trace WHERE project_id = %s AND id = ANY(ARRAY("
    "SELECT id FROM tracing_trace WHERE project_id = %s AND {0} ORDER BY timestamp LIMIT %s"
    ")) AND {0} ORDER BY id FOR UPDATE"
)
_OBSERVATIONS = (
    "DELETE FROM tracing_observation WHERE project_id = %s AND trace_id = ANY(%s) RETURNING id, pack, earlier"
)
_SCORES_OF = "DELETE FROM tracing_score WHERE project_id = %s AND trace_id = ANY(%s)"
_THEMSELVES = "DELETE FROM tracing_trace WHERE project_id = %s AND id = ANY(%s) RETURNING id, pack, earlier"
_EMPTY_SESSIONS = """
DELETE FROM tracing_session n WHERE project_id = %s AND id = ANY(%s) AND NOT EXISTS (
    SELECT FROM tracing_trace t WHERE t.project_id = n.project_id AND t.session_id = n.id
) RETURNING id
"""
_SESSION_SCORES = "DELETE FROM tracing_score WHERE project_id = %s AND session_id = ANY(%s)"
_SCORES = "DELETE FROM tracing_score WHERE project_id = %s AND id = ANY(%s)"
_ANY_ROWS = """
DELETE FROM {0} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {0} WHERE project_id = %s LIMIT %s))
"""


def delete(deletion: Deletion) -> int:
    """See `Store.delete`. Deleting a project counts its traces."""
    return _KINDS[deletion.kind](deletion)


def _traces(deletion: Deletion) -> int:
    if not deletion.ids and deletion.before is None:
        raise Invalid("Say which traces to delete: by id, or all before a time.", "traceIds")
    gone = 0
    for ids in _slices(deletion.ids) if deletion.ids else [None]:
        conditions: list[tuple[str, Any]] = []
        if ids is not None:
            conditions.append(("id = ANY(%s::text[])", ids))
        if deletion.before is not None:
            conditions.append(("timestamp < %s", deletion.before))
        sql = _TRACES.format(" AND ".join(condition for condition, _ in conditions))
        values = [param for _, param in conditions]
        params = (deletion.project_id, deletion.project_id, *values, BATCH, *values)
        gone += _until_done(partial(_some_traces, deletion.project_id, sql, params))
    return gone


def _some_traces(project_id: str, sql: str, params: tuple[Any, ...]) -> int:
    found = fetch(sql, params)
    if not found:
        return 0
    ids = [id for id, _ in found]
    steps = fetch(_OBSERVATIONS, (project_id, ids))
    run(_SCORES_OF, (project_id, ids))
    chains = [chain(packs.OBSERVATION, *row) for row in steps]
    chains += [chain(packs.TRACE, *row) for row in fetch(_THEMSELVES, (project_id, ids))]
    if sessions := sorted({session_id for _, session_id in found if session_id}):
        emptied = [id for (id,) in fetch(_EMPTY_SESSIONS, (project_id, sessions))]
        if emptied:
            run(_SESSION_SCORES, (project_id, emptied))
    # A pack may also hold parts that no row names any more, because they said the same again.
    gone = {key for key, _ in chains}
    packs.forget(project_id, dict.fromkeys((id for _, some in chains for id in some), gone))
    return len(ids)


def _scores(deletion: Deletion) -> int:
    return sum(run(_SCORES, (deletion.project_id, ids)) for ids in _slices(tuple(sorted(set(deletion.ids)))))


def _project(deletion: Deletion) -> int:
    counts = {
        table: _until_done(partial(run, _ANY_ROWS.format(table), (deletion.project_id, BATCH)))
        for table in ("tracing_observation", "tracing_score", "tracing_trace", "tracing_session", "tracing_pack")
    }
    with transaction.atomic():
        # Who sums up hours of these rows at this moment writes before us, not after us.
        run("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        for table in ("tracing_rollup", "tracing_rollup_mark"):
            run(f"DELETE FROM {table} WHERE project_id = %s", (deletion.project_id,))  # noqa: S608
    return counts["tracing_trace"]


def _slices(ids: tuple[str, ...]) -> list[list[str]]:
    return [list(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]


def _until_done(some: Callable[[], int]) -> int:
    """Repeat a batch until it finds nothing more; how many went."""
    total = 0
    while True:
        with transaction.atomic():
            gone = some()
        total += gone
        if gone < BATCH:
            return total


_KINDS: dict[str, Callable[[Deletion], int]] = {"traces": _traces, "scores": _scores, "project": _project}
