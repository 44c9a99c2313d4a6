"""What happened, written straight into the store: these tests are about reading it back over the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Keys
from tracing.records import Changes, ObservationChange, ScoreChange, TraceChange
from tracing.store import store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def trace(id: str, **fields: object) -> TraceChange:
    return TraceChange(id=id, seen_at=NOON, timestamp=fields.pop("timestamp", NOON), **fields)


def observation(id: str, trace_id: str, **fields: object) -> ObservationChange:
    start = fields.pop("start_time", NOON)
    return ObservationChange(id=id, trace_id=trace_id, seen_at=start, start_time=start, **fields)


def generation(id: str, trace_id: str, **fields: object) -> ObservationChange:
    """A finished and priced call of gpt-4o: 2 s, 0.5 s to the first token, 10 tokens in (4 cached), 5 out."""
    usual = {
        "type": "GENERATION",
        "name": "answer",
        "model": "gpt-4o",
        "model_id": "openai:gpt-4o",
        "model_parameters": '{"temperature":0}',
        "end_time": at(2),
        "completion_start_time": at(0.5),
        "usage_details": {"input": 6, "input_cached_tokens": 4, "output": 5, "total": 15},
        "cost_details": {"input": 0.6, "input_cached_tokens": 0.1, "output": 0.3, "total": 1.0},
        "total_cost": 1.0,
        "input": '[{"role":"user","content":"Столица Франции?"}]',
        "output": '"Париж"',
        "metadata": {"plan": '"gold"', "n": "1"},
    }
    return observation(id, trace_id, **{**usual, **fields})


def score(id: str, **fields: object) -> ScoreChange:
    usual = {"name": "quality", "data_type": "NUMERIC", "value": 0.5, "string_value": None, "source": "API"}
    return ScoreChange(id=id, **{**usual, "timestamp": NOON, **fields})


Write = Callable[..., None]


@pytest.fixture
def write(project: Keys) -> Write:
    """Stores traces, observations and scores for the project of `api`."""

    def written(*things: TraceChange | ObservationChange | ScoreChange, keys: Keys = project) -> None:
        changes = Changes(
            traces=[thing for thing in things if isinstance(thing, TraceChange)],
            observations=[thing for thing in things if isinstance(thing, ObservationChange)],
            scores=[thing for thing in things if isinstance(thing, ScoreChange)],
        )
        store().write(keys.id, changes)

    return written


def ids(answer: object) -> list[str]:
    """The ids of a page, in order."""
    return [row["id"] for row in answer.json()["data"]]
