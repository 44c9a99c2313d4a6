"""One trace with everything in it: four queries."""

from tracing.records import TraceDetail
from tracing.store.postgres import reading, texts
from tracing.store.postgres.sql import fetch

_OBSERVATION = reading.observation_columns(trace=True)
_TRACE_SQL = (
    f"SELECT {', '.join([*reading.TRACE.values(), *reading.TRACE_TAIL])}"  # noqa: S608
    " FROM tracing_trace t WHERE t.project_id = (SELECT %s) AND t.id = %s"
)
_OBSERVATIONS_SQL = (
    f"SELECT {', '.join([*_OBSERVATION.values(), *reading.OBSERVATION_TAIL])} FROM tracing_observation o"  # noqa: S608
    " JOIN tracing_trace t ON t.project_id = o.project_id AND t.id = o.trace_id"
    " WHERE o.project_id = (SELECT %s) AND o.trace_id = %s ORDER BY o.start_time, o.id"
)
_SCORES_SQL = (
    f"SELECT {', '.join(reading.SCORE.values())} FROM tracing_score s"  # noqa: S608
    " WHERE s.project_id = (SELECT %s) AND s.trace_id = %s ORDER BY s.timestamp, s.id"
)


def get_trace(project_id: str, trace_id: str) -> TraceDetail | None:
    """See `Store.get_trace`."""
    found = fetch(_TRACE_SQL, (project_id, trace_id))
    if not found:
        return None
    rows = fetch(_OBSERVATIONS_SQL, (project_id, trace_id))
    chains = [*reading.trace_chains(found), *reading.observation_chains(rows, _OBSERVATION)]
    read = texts.load(project_id, chains, whole=True)
    [trace] = reading.traces(project_id, found, bodies=True, read=read)
    observations = reading.observations(project_id, rows, _OBSERVATION, bodies=True, read=read)
    scores = reading.scores(fetch(_SCORES_SQL, (project_id, trace_id)))
    return TraceDetail(trace=trace, observations=tuple(observations), scores=tuple(scores))
