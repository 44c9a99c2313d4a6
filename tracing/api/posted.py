"""What programs send of traces, observations and scores, for the API's description.

The doors read it more leniently, and texts as they came, by structs of their own (`tracing/ingestion/event_bodies.py`).
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET

from common.api.describing import Unset
from common.api.fields import WireStruct
from tracing.api import answers


class EventBody(WireStruct, frozen=True):
    """One event; `body` depends on `type`."""

    id: str
    type: Literal[
        "trace-create",
        "span-create",
        "span-update",
        "generation-create",
        "generation-update",
        "event-create",
        "agent-create",
        "tool-create",
        "chain-create",
        "retriever-create",
        "evaluator-create",
        "embedding-create",
        "guardrail-create",
        "observation-create",
        "observation-update",
        "score-create",
        "sdk-log",
    ]
    timestamp: datetime
    body: dict[str, Any]
    metadata: Any = None


class BatchBody(WireStruct, frozen=True):
    batch: list[EventBody]
    metadata: Any = None


class TraceBody(WireStruct, frozen=True):
    """The body of the event `trace-create`."""

    id: str | None = None
    timestamp: datetime | None = None
    name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    release: str | None = None
    version: str | None = None
    environment: str | None = None
    tags: list[str] | None = None
    public: bool | None = None
    input: Any = None
    output: Any = None
    metadata: Any = None


class ObservationBody(WireStruct, frozen=True):
    """The body of the events `span-create`, `generation-create` and `event-create`."""

    id: str | None = None
    trace_id: str | None = None
    parent_observation_id: str | None = None
    name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    completion_start_time: datetime | None = None
    level: answers.Level | None = None
    status_message: str | None = None
    environment: str | None = None
    version: str | None = None
    model: str | None = None
    model_parameters: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    usage_details: dict[str, Any] | None = None
    cost_details: dict[str, Any] | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    input: Any = None
    output: Any = None
    metadata: Any = None


class ChangedBody(ObservationBody, kw_only=True, frozen=True):
    """As in the event of an update; what is left out stays."""

    id: str


class ExportBody(WireStruct, kw_only=True, frozen=True):
    """OTLP's ExportTraceServiceRequest; ids are hexadecimal, 64-bit numbers may be texts."""

    resource_spans: list[dict[str, Any]] | Unset = UNSET


class ScoreBody(WireStruct, frozen=True):
    """Exactly one of traceId (with or without observationId), sessionId and datasetRunId."""

    name: str
    value: float | str
    id: str | None = None
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    dataset_run_id: str | None = None
    data_type: answers.DataType | None = None
    config_id: str | None = None
    queue_id: str | None = None
    source: Literal["API", "ANNOTATION"] | None = None
    comment: str | None = None
    metadata: Any = None
    environment: str | None = None
    timestamp: datetime | None = None
