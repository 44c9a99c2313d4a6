"""Both doors, and what can be read after them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Api
from tests.tracing.ingestion.making import PROTOBUF, batch


@dataclass
class Doors:
    """Sends through the whole stack; reads back over the API."""

    api: Api

    def ingest(self, *events: Any, **headers: str) -> Any:
        """The answer to a batch of events."""
        return self.api.post("ingestion", batch(*events), **headers)

    def accept(self, *events: Any) -> None:
        """A batch of which nothing may be refused."""
        answer = self.ingest(*events)
        assert answer.status_code == 207, answer.content
        assert answer.json()["errors"] == []
        assert [made["id"] for made in answer.json()["successes"]] == [given["id"] for given in events]

    def export(self, body: bytes, content_type: str = PROTOBUF, **headers: str) -> Any:
        """The answer to an OTLP export."""
        path = "/api/public/otel/v1/traces"
        return self.api.client.generic("POST", path, data=body, content_type=content_type, **headers)

    def trace(self, trace_id: str) -> dict[str, Any]:
        answer = self.api.get(f"traces/{trace_id}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def observation(self, observation_id: str) -> dict[str, Any]:
        answer = self.api.get(f"observations/{observation_id}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def everything(self) -> str:
        """All that can be read in the project, without the times of writing."""
        traces = self.api.get("traces", limit=100).json()["data"]
        details = [self.trace(trace["id"]) for trace in traces]
        scores = self.api.get("scores", limit=100).json()["data"]
        return json.dumps(_without(["updatedAt", "createdAt"], [details, scores]), sort_keys=True)


def _without(names: list[str], value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(names, item) for key, item in value.items() if key not in names}
    return [_without(names, item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def doors(api: Api) -> Doors:
    return Doors(api)


@pytest.fixture
def refusals() -> Callable[[Any], dict[str, str]]:
    """The messages of a 207's refusals by the event's id."""

    def read(answer: Any) -> dict[str, str]:
        assert answer.status_code == 207, answer.content
        return {error["id"]: error["message"] for error in answer.json()["errors"]}

    return read
