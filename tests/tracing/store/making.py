"""Short ways to say what happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tracing.records import Changes, ObservationChange, ScoreChange, TraceChange

NOON = datetime(2025, 3, 10, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def trace(id: str = "t1", **said: Any) -> TraceChange:
    return TraceChange(**{"id": id, "seen_at": NOON, "timestamp": NOON, **said})


def step(id: str = "o1", trace_id: str | None = "t1", **said: Any) -> ObservationChange:
    return ObservationChange(**{"id": id, "trace_id": trace_id, "seen_at": NOON, "start_time": NOON, **said})


def generation(id: str = "g1", trace_id: str | None = "t1", **said: Any) -> ObservationChange:
    defaults: dict[str, Any] = {
        "type": "GENERATION",
        "name": "answer",
        "end_time": at(2),
        "model": "gpt-4o-mini",
        "usage_details": {"input": 10, "output": 5, "total": 15},
        "cost_details": {"input": 0.001, "output": 0.002, "total": 0.003},
        "total_cost": 0.003,
    }
    return step(id, trace_id, **{**defaults, **said})


def score(id: str = "s1", **said: Any) -> ScoreChange:
    defaults: dict[str, Any] = {"name": "right", "data_type": "NUMERIC", "value": 1.0, "string_value": None}
    if not {"trace_id", "session_id", "dataset_run_id"} & said.keys():
        defaults["trace_id"] = "t1"
    return ScoreChange(**{"id": id, "source": "API", "timestamp": NOON, **defaults, **said})


def batch(*changes: TraceChange | ObservationChange | ScoreChange) -> Changes:
    """The changes sorted into their kinds."""
    return Changes(
        traces=[change for change in changes if isinstance(change, TraceChange)],
        observations=[change for change in changes if isinstance(change, ObservationChange)],
        scores=[change for change in changes if isinstance(change, ScoreChange)],
    )
