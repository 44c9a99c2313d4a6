"""What the routes of tracing answer, for the API's description (`operations.py`).

`Any` is whatever JSON a client once sent. A field of type `Unset` may be missing: its group was not asked for.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET

from common.api.describing import CursorMeta, Unset
from common.api.fields import WireStruct

Level = Literal["DEBUG", "DEFAULT", "WARNING", "ERROR"]
Source = Literal["API", "ANNOTATION", "EVAL"]
DataType = Literal["NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION"]
Metadata = dict[str, Any]

# --- Ingestion --------------------------------------------------------------------------------------


class EventTaken(WireStruct, frozen=True):
    id: str
    status: Literal[201]


class EventRefused(WireStruct, frozen=True):
    id: str
    status: Literal[400, 401]
    message: str
    error: str


class BatchOutcome(WireStruct, frozen=True):
    """What became of each event of a batch."""

    successes: list[EventTaken]
    errors: list[EventRefused]


class PartialSuccess(WireStruct, kw_only=True, frozen=True):
    """Spans of an export that could not be taken."""

    rejected_spans: int | str | Unset = UNSET
    error_message: str | Unset = UNSET


class ExportOutcome(WireStruct, kw_only=True, frozen=True):
    """OTLP's ExportTraceServiceResponse."""

    partial_success: PartialSuccess | Unset = UNSET


# --- Traces and sessions ----------------------------------------------------------------------------


class SessionTrace(WireStruct, kw_only=True, frozen=True):
    id: str
    project_id: str
    timestamp: datetime
    name: str | None
    session_id: str | None
    user_id: str | None
    release: str | None
    version: str | None
    environment: str
    tags: list[str]
    public: bool
    bookmarked: bool
    external_id: None
    html_path: str
    created_at: datetime
    updated_at: datetime
    input: Any | Unset = UNSET
    output: Any | Unset = UNSET
    metadata: Any | Unset = UNSET


class TraceRow(SessionTrace, kw_only=True, frozen=True):
    """A trace in a list, with ids of observations and scores; latency in seconds, cost in dollars, -1 unasked."""

    latency: float
    total_cost: float
    observations: list[str]
    scores: list[str]


class Session(WireStruct, frozen=True):
    id: str
    created_at: datetime
    project_id: str
    environment: str


class SessionDetail(Session, frozen=True):
    traces: list[SessionTrace]


# --- Observations -----------------------------------------------------------------------------------


class Usage(WireStruct, frozen=True):
    unit: str
    input: int
    output: int
    total: int
    input_cost: float | None
    output_cost: float | None
    total_cost: float | None


class Observation(WireStruct, frozen=True):
    """An observation as the first generation reads it: usage and cost under several names, latency in seconds."""

    id: str
    trace_id: str | None
    project_id: str
    parent_observation_id: str | None
    type: str
    name: str | None
    start_time: datetime
    end_time: datetime | None
    completion_start_time: datetime | None
    level: Level
    status_message: str | None
    environment: str
    version: str | None
    created_at: datetime
    updated_at: datetime
    input: Any
    output: Any
    metadata: Any
    model: str | None
    model_id: str | None
    model_parameters: Any
    prompt_id: str | None
    prompt_name: str | None
    prompt_version: int | None
    usage_details: dict[str, int]
    cost_details: dict[str, float]
    usage: Usage
    unit: str
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    calculated_input_cost: float | None
    calculated_output_cost: float | None
    calculated_total_cost: float | None
    input_price: float | None
    output_price: float | None
    total_price: float | None
    latency: float | None
    time_to_first_token: float | None


class ObservationV2(WireStruct, kw_only=True, frozen=True):
    """An observation of the second generation: input and output are texts, prices are decimal texts."""

    id: str
    trace_id: str | None
    start_time: datetime
    end_time: datetime | None
    project_id: str
    parent_observation_id: str | None
    type: str
    model_id: str | None
    input_price: str | None
    output_price: str | None
    total_price: str | None
    name: str | Unset | None = UNSET
    level: Level | Unset = UNSET
    status_message: str | Unset | None = UNSET
    version: str | Unset | None = UNSET
    environment: str | Unset = UNSET
    bookmarked: bool | Unset | None = UNSET
    public: bool | Unset | None = UNSET
    user_id: str | Unset | None = UNSET
    session_id: str | Unset | None = UNSET
    is_root_observation: bool | Unset = UNSET
    completion_start_time: datetime | Unset | None = UNSET
    created_at: datetime | Unset = UNSET
    updated_at: datetime | Unset = UNSET
    input: str | Unset | None = UNSET
    output: str | Unset | None = UNSET
    metadata: Metadata | Unset = UNSET
    provided_model_name: str | Unset | None = UNSET
    internal_model_id: str | Unset | None = UNSET
    model_parameters: Any | Unset = UNSET
    usage_details: dict[str, int] | Unset = UNSET
    cost_details: dict[str, float] | Unset = UNSET
    total_cost: float | Unset | None = UNSET
    usage_pricing_tier_name: str | Unset | None = UNSET
    prompt_id: str | Unset | None = UNSET
    prompt_name: str | Unset | None = UNSET
    prompt_version: int | Unset | None = UNSET
    latency: float | Unset | None = UNSET
    time_to_first_token: float | Unset | None = UNSET
    tags: list[str] | Unset = UNSET
    release: str | Unset | None = UNSET
    trace_name: str | Unset | None = UNSET


# --- Scores -----------------------------------------------------------------------------------------


class Score(WireStruct, frozen=True):
    """A score; `value` is the number of it, `stringValue` the word of a category, a boolean, a text or a correction."""

    id: str
    project_id: str
    trace_id: str | None
    observation_id: str | None
    name: str
    data_type: DataType
    value: float | None
    string_value: str | None
    source: Source
    timestamp: datetime
    created_at: datetime
    updated_at: datetime
    environment: str
    config_id: str | None
    queue_id: str | None
    author_user_id: str | None
    comment: str | None
    metadata: Any


class ScoredTrace(WireStruct, frozen=True):
    user_id: str | None
    tags: list[str]
    environment: str
    session_id: str | None


class ListedScore(Score, kw_only=True, frozen=True):
    """A score with what is known of its trace."""

    trace: ScoredTrace | Unset | None = UNSET


class ScoreV2(Score, frozen=True):
    """A score of a trace, an observation, a session or a run."""

    session_id: str | None
    dataset_run_id: str | None


class ListedScoreV2(ScoreV2, kw_only=True, frozen=True):
    trace: ScoredTrace | Unset | None = UNSET


class Subject(WireStruct, kw_only=True, frozen=True):
    """What a score is about; `traceId` only for observations."""

    kind: Literal["trace", "observation", "session", "experiment"]
    id: str
    trace_id: str | Unset | None = UNSET


class ScoreV3(WireStruct, kw_only=True, frozen=True):
    """A score whose `value` has the type that `dataType` says."""

    id: str
    project_id: str
    name: str
    value: float | bool | str | None
    data_type: DataType
    source: Source
    timestamp: datetime
    environment: str
    created_at: datetime
    updated_at: datetime
    comment: str | Unset | None = UNSET
    config_id: str | Unset | None = UNSET
    metadata: Metadata | Unset | None = UNSET
    author_user_id: str | Unset | None = UNSET
    queue_id: str | Unset | None = UNSET
    subject: Subject | Unset = UNSET


class LimitedMeta(CursorMeta, kw_only=True, frozen=True):
    limit: int


class ScoresV3(WireStruct, frozen=True):
    data: list[ScoreV3]
    meta: LimitedMeta


class ScoreMade(WireStruct, frozen=True):
    id: str


class RefusedScore(WireStruct, frozen=True):
    message: str


class ScoresTaken(WireStruct, frozen=True):
    """What became of a list of which not all could be taken."""

    accepted: int
    rejected: int
    errors: list[RefusedScore]


class Category(WireStruct, frozen=True):
    label: str
    value: float


class ScoreConfig(WireStruct, frozen=True):
    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    project_id: str
    data_type: Literal["NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"]
    is_archived: bool
    min_value: float | None
    max_value: float | None
    categories: list[Category] | None
    description: str | None


class TraceDetail(SessionTrace, kw_only=True, frozen=True):
    """A trace with everything in it."""

    latency: float
    total_cost: float
    observations: list[Observation]
    scores: list[Score]


# --- Metrics ----------------------------------------------------------------------------------------


class MetricsRows(WireStruct, frozen=True):
    """A row for each group: its dimensions, `time_dimension`, and `<aggregation>_<measure>` for each metric."""

    data: list[dict[str, Any]]


class ModelUsage(WireStruct, frozen=True):
    model: str | None
    input_usage: int
    output_usage: int
    total_usage: int
    count_traces: int
    count_observations: int
    total_cost: float


class Day(WireStruct, frozen=True):
    date: str
    count_traces: int
    count_observations: int
    total_cost: float
    usage: list[ModelUsage]


# --- Comments and media -----------------------------------------------------------------------------


class CommentMade(WireStruct, frozen=True):
    id: str


class Comment(WireStruct, frozen=True):
    id: str
    project_id: str
    created_at: datetime
    updated_at: datetime
    object_type: Literal["TRACE", "OBSERVATION", "SESSION", "PROMPT"]
    object_id: str
    content: str
    author_user_id: str | None


class Upload(WireStruct, frozen=True):
    """Where to PUT the content; null when it is already here."""

    media_id: str
    upload_url: str | None


class Media(WireStruct, frozen=True):
    """`url` can be fetched without a key until `urlExpiry`."""

    media_id: str
    content_type: str
    content_length: int
    uploaded_at: datetime
    url: str
    url_expiry: str
