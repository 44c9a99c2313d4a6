"""Examples that the tests of datasets share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.ids import new_id
from datasets.jsontext import to_text
from tests.conftest import Api
from tracing.records import Changes, ObservationChange, ScoreChange, TraceChange
from tracing.store import store

CAPITALS = [
    ({"country": "Италия"}, "Рим"),
    ({"country": "Испания"}, "Мадрид"),
    ({"country": "Бразилия"}, "Бразилиа"),
]


@pytest.fixture
def dataset(api: Api) -> dict[str, Any]:
    """The dataset `Capitals`, without items."""
    body = {"name": "Capitals", "description": "Optional description", "metadata": {"clearml_id": "CLEARML_ID"}}
    return api.post("v2/datasets", body).json()


@pytest.fixture
def add_item(api: Api, dataset: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Posts one item to `Capitals` and returns the answer."""

    def add(**body: object) -> dict[str, Any]:
        answer = api.post("dataset-items", {"datasetName": "Capitals", **body})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return add


@pytest.fixture
def capitals(add_item: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Three items, in the order in which they were added."""
    return [add_item(input=given, expectedOutput=wanted) for given, wanted in CAPITALS]


MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Measured:
    """Writes what programs measure, as ingestion would."""

    project_id: str

    def trace(
        self, trace_id: str, output: object, cost: float | None = None, tokens: int | None = None, **trace: Any
    ) -> None:
        """A trace of 1.5 s with one generation in it."""
        start = trace.pop("timestamp", MOMENT)
        text = to_text(output)
        observation = ObservationChange(
            id=f"{trace_id}-o",
            trace_id=trace_id,
            seen_at=start,
            type="GENERATION",
            start_time=start,
            end_time=start + timedelta(seconds=1.5),
            output=text,
            input=trace.get("input"),
            level=trace.pop("level", None),
            status_message=trace.pop("status_message", None),
            cost_details={"total": cost} if cost is not None else None,
            total_cost=cost,
            usage_details={"total": tokens} if tokens else None,
        )
        change = TraceChange(id=trace_id, seen_at=start, timestamp=start, output=text, **trace)
        store().write(self.project_id, Changes(traces=[change], observations=[observation]))

    def score(self, name: str, value: float | str, **target: Any) -> None:
        """A score of a trace, an observation or a run."""
        numeric = not isinstance(value, str)
        change = ScoreChange(
            id=new_id(),
            name=name,
            data_type=target.pop("data_type", "NUMERIC" if numeric else "CATEGORICAL"),
            value=float(value) if numeric else None,
            string_value=None if numeric else str(value),
            source=target.pop("source", "API"),
            timestamp=MOMENT,
            **target,
        )
        store().write(self.project_id, Changes(scores=[change]))


@pytest.fixture
def measured(project) -> Measured:
    return Measured(project.id)


@pytest.fixture
def run(api: Api, capitals: list[dict[str, Any]], measured: Measured) -> Callable[..., str]:
    """Makes a run over `Capitals`: `run("name", ["Рим", "Лондон", None])`, None for what has not arrived; its id."""

    def make(name: str, outputs: list[object], *, score: str = "exact_match") -> str:
        run_id = ""
        for item, output in zip(capitals, outputs, strict=True):
            trace_id = f"{name}-{item['id']}"
            if output is not None:
                measured.trace(trace_id, output, cost=0.25, name="capital", input=to_text(item["input"]))
                if score:
                    measured.score(score, float(output == item["expectedOutput"]), trace_id=trace_id)
            body = {"runName": name, "datasetItemId": item["id"], "traceId": trace_id}
            run_id = api.post("dataset-run-items", body).json()["datasetRunId"]
        return run_id

    return make
