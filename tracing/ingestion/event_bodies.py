"""The shapes of events of `POST /api/public/ingestion` (api.md, section 3). Keys we do not know are ignored."""

from datetime import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct):
    """The wrapper of every event."""

    id: str
    type: str
    timestamp: datetime
    body: msgspec.Raw


class Named(msgspec.Struct):
    """As much of a broken event as its refusal needs."""

    id: Any = ""


class Placed(msgspec.Struct):
    """As much of a body as the check of its environment needs."""

    environment: Any = None


class TraceBody(msgspec.Struct, rename="camel"):
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
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


class ObservationBody(msgspec.Struct, rename="camel"):
    id: str | None = None
    trace_id: str | None = None
    parent_observation_id: str | None = None
    type: str | None = None
    name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    completion_start_time: datetime | None = None
    level: str | None = None
    status_message: str | None = None
    environment: str | None = None
    version: str | None = None
    model: str | None = None
    model_parameters: msgspec.Raw = msgspec.Raw()
    usage: dict[str, Any] | None = None
    usage_details: dict[str, Any] | None = None
    cost_details: dict[str, Any] | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


class ScoreBody(msgspec.Struct, rename="camel"):
    """Values are checked by `tracing.scores`, the one place that knows what a score may be."""

    id: Any = None
    trace_id: Any = None
    observation_id: Any = None
    session_id: Any = None
    dataset_run_id: Any = None
    name: Any = None
    value: Any = None
    data_type: Any = None
    config_id: Any = None
    queue_id: Any = None
    source: Any = None
    comment: Any = None
    environment: Any = None
    metadata: msgspec.Raw = msgspec.Raw()
