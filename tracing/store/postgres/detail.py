"""One trace with everything in it: three queries."""

from dataclasses import replace

from tracing.records import TraceDetail
from tracing.store.postgres import reading
from tracing.store.postgres.sql import fetch

_OBSERVATION = reading.observation_columns(bodies=True, trace=True)
_make_observation = reading.observation_maker(_OBSERVATION)

_TRACE_SQL = (
    f"SELECT {', '.join(reading.TRACE.values())}, t.input, t.output, t.metadata::text, t.root_id"  # noqa: S608
    " FROM tracing_trace t WHERE t.project_id = (SELECT %s) AND t.id = %s"
)
_OBSERVATIONS_SQL = (
    f"SELECT {', '.join(_OBSERVATION.values())} FROM tracing_observation o"  # noqa: S608
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
    *narrow, given, answered, metadata, root_id = found[0]
    rows = fetch(_OBSERVATIONS_SQL, (project_id, trace_id))
    observations = tuple(_make_observation(*row) for row in rows)
    texts = reading.trace_bodies((trace_id, given, answered, metadata))
    for root in observations:
        if root.id == root_id:
            texts["input"] = root.input if given is None else given
            texts["output"] = root.output if answered is None else answered
    trace = replace(reading.make_trace(*narrow), **texts)
    scores = tuple(reading.make_score(*row) for row in fetch(_SCORES_SQL, (project_id, trace_id)))
    return TraceDetail(trace=trace, observations=observations, scores=scores)
