"""Writing a batch: at most eight statements, whatever the size of the batch.

Two requests often write the same trace at once. Every transaction takes its row locks in the same order (sessions,
traces, observations, scores; each by id), so that they wait for each other and never in a circle. A batch locks the
traces of all its observations before it touches these; hence the totals, summed anew from the observations at the end,
see everything that was committed before and nobody else sums the same trace meanwhile. A trace that is new, with
observations that are all new, brings its totals with it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from tracing.records import Changes, ObservationChange, SessionChange, TraceChange
from tracing.store.postgres import columns, packs, rows
from tracing.store.postgres.arrays import array
from tracing.store.postgres.folding import DEEP, fold
from tracing.store.postgres.sql import fetch, run
from tracing.store.postgres.texts import Chain, chain
from tracing.store.postgres.totals import SUM_UP, of_batch

ATTEMPTS = 3

# Answer with the rows that were written, and whether they were there already (xmax is their old version's end); of
# observations with those, and then with the number of new ones.
_STOOD = "xmax <> 0"
_UPSERT_TRACES = f"{columns.upsert('tracing_trace', columns.TRACE)} RETURNING id, pack, earlier, {_STOOD}"
_UPSERT_OBSERVATIONS = (
    f"WITH merged AS ({columns.upsert('tracing_observation', columns.OBSERVATION)}"  # noqa: S608
    f" RETURNING id, trace_id, pack, earlier, {_STOOD} AS stood)"
    " SELECT id, trace_id, pack, earlier FROM merged WHERE stood"
    " UNION ALL SELECT NULL, NULL, count(*), NULL FROM merged WHERE NOT stood"
)
_UPSERT_SCORES = columns.upsert("tracing_score", columns.SCORE)

_ADD_SESSIONS = """
INSERT INTO tracing_session (project_id, id, created_at, environment, bookmarked, public)
SELECT %s, id, now(), environment, false, false FROM unnest(%b::text[], %b::text[]) AS batch(id, environment)
ON CONFLICT DO NOTHING
"""
_MARK_SESSIONS = """
UPDATE tracing_session old
SET bookmarked = coalesce(new.bookmarked, old.bookmarked), public = coalesce(new.public, old.public)
FROM unnest(%b::text[], %b::boolean[], %b::boolean[]) AS new(id, bookmarked, public)
WHERE old.project_id = (SELECT %s) AND old.id = new.id
"""
_TRACES_OF = "SELECT id, trace_id FROM tracing_observation WHERE project_id = (SELECT %s) AND id = ANY(%s)"

_DROP_EMPTY = """
DELETE FROM tracing_trace t WHERE project_id = (SELECT %s) AND id = ANY(%s) AND NOT explicit AND observation_count = 0
AND NOT EXISTS (SELECT FROM tracing_score s WHERE s.project_id = t.project_id AND s.trace_id = t.id)
"""


def write(project_id: str, changes: Changes) -> None:
    """Merge the changes; see `Store.write`."""
    if connection.in_atomic_block:
        _write(project_id, changes)
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                _write(project_id, changes)
            return
        except OperationalError as error:
            # Only an observation that moves out of its wrapper can take locks out of order.
            if attempt == ATTEMPTS or not isinstance(error.__cause__, DeadlockDetected):
                raise


def _write(project_id: str, changes: Changes) -> None:
    homes, wrappers = _homes(project_id, changes.observations)
    traces = _with_implied(changes, homes)
    observations = sorted(changes.observations, key=lambda change: change.id)
    parts = [*rows.trace_parts(traces), *rows.observation_parts(observations, homes)]
    hashes = {part.key: part.fingerprint for part in parts if part.key.startswith(packs.TRACE)}
    packed = packs.add(project_id, parts)
    deep: dict[str, list[Chain]] = {}
    steps = rows.observations(observations, homes, packed) if observations else {}
    _write_sessions(project_id, traces, changes.sessions)
    if traces:
        arriving = columns.arriving(project_id, columns.TRACE, rows.traces(traces, packed, hashes, of_batch(steps)))
        written = fetch(_UPSERT_TRACES, arriving, prepare=True)
        deep["tracing_trace"] = [chain(packs.TRACE, *row[:3]) for row in written if len(row[2] or ()) >= DEEP]
        _drop_unused(project_id, packed, written)
    if observations:
        arriving = columns.arriving(project_id, columns.OBSERVATION, steps)
        *stood, (_, _, new, _) = fetch(_UPSERT_OBSERVATIONS, arriving, prepare=True)
        deep["tracing_observation"] = [
            chain(packs.OBSERVATION, id, pack, earlier) for id, _, pack, earlier in stood if len(earlier or ()) >= DEEP
        ]
        # They may have stood in a wrapper, whose id is theirs, until now.
        wrappers.update(id for id, trace_id, *_ in stood if id != trace_id)
        touched = wrappers.union(homes.values(), (trace_id for _, trace_id, *_ in stood))
        if new == len(observations):  # else one of them may stand in another trace than this batch believes
            touched.difference_update(id for id, _, _, old in written if not old)
        if ids := sorted(touched):
            run(SUM_UP, (ids, project_id, project_id, ids))
        if wrappers:
            run(_DROP_EMPTY, (project_id, sorted(wrappers)))
    if changes.scores:
        scores = sorted(changes.scores, key=lambda change: change.id)
        run(_UPSERT_SCORES, columns.arriving(project_id, columns.SCORE, rows.scores(scores)), prepare=True)
    fold(project_id, deep)


def _drop_unused(project_id: str, packed: Mapping[str, int], written: Iterable[tuple[Any, ...]]) -> None:
    """What was said of a trace and adds nothing is not kept, unless what observations say stands beside it."""
    used = {pack for key, pack in packed.items() if not key.startswith(packs.TRACE)}
    for _, pack, earlier, _ in written:
        used.update((pack, *(earlier or ())))
    packs.drop(project_id, sorted(set(packed.values()) - used))


def _homes(project_id: str, observations: Iterable[ObservationChange]) -> tuple[dict[str, str], set[str]]:
    """The trace of each observation; and the wrappers that may turn out to be needless."""
    homes = {change.id: change.trace_id for change in observations}
    nameless = sorted(id for id, trace_id in homes.items() if trace_id is None)
    stored: dict[str, str] = dict(fetch(_TRACES_OF, (project_id, nameless))) if nameless else {}
    return {id: trace_id or stored.get(id, id) for id, trace_id in homes.items()}, set(nameless)


def _with_implied(changes: Changes, homes: dict[str, str]) -> list[TraceChange]:
    """The trace changes, with one for each trace that only an observation mentions; by id."""
    traces = {change.id: change for change in changes.traces}
    for change in changes.observations:
        home = homes[change.id]
        if home not in traces:
            traces[home] = TraceChange(
                id=home,
                seen_at=change.start_time or change.seen_at,
                explicit=False,
                name=change.name if change.trace_id is None else None,
                environment=change.environment,
            )
    return [traces[id] for id in sorted(traces)]


def _write_sessions(project_id: str, traces: Iterable[TraceChange], marks: list[SessionChange]) -> None:
    seen: dict[str, str | None] = {}
    for change in traces:
        if change.session_id:
            seen[change.session_id] = seen.get(change.session_id) or change.environment
    if seen:
        ids = sorted(seen)
        environments = array("text", [seen[id] for id in ids])
        run(_ADD_SESSIONS, (project_id, array("text", ids), environments), prepare=True)
    if marks:
        said = [array("boolean", [getattr(mark, name) for mark in marks]) for name in ("bookmarked", "public")]
        run(_MARK_SESSIONS, (array("text", [mark.id for mark in marks]), *said, project_id))
