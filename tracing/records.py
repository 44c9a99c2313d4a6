"""What happened, as plain frozen values: the only shapes that cross the seam to the store.

JSON text (`JsonText`): a string that holds one JSON value exactly as the client sent it (key order, big numbers, and
escapes such as `\\u0000` or a lone surrogate, which PostgreSQL text holds without trouble in their escaped form). A
plain string value is quoted: `"Paris"`. A string that itself holds JSON is stored decoded (`"2"` sent reads back as 2;
wire notes, sections 0.4 and 0.5). Readers embed it in answers without parsing.

Times are aware datetimes in UTC; durations are seconds; money is US dollars; usage counts units (tokens mostly).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

JsonText = str

OBSERVATION_TYPES = (
    "SPAN",
    "GENERATION",
    "EVENT",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "EMBEDDING",
    "GUARDRAIL",
)
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")


# --- What is read -----------------------------------------------------------------------------------


class Step(NamedTuple):
    """An observation's place in its trace."""

    id: str
    parent_observation_id: str | None
    start_time: datetime
    end_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One request or operation, with totals kept up to date over its observations.

    Lists carry `input_preview`/`output_preview` (plain text, at most 300 characters, for people) and leave
    `input`/`output`/`metadata` None unless the query asked for bodies.
    """

    project_id: str
    id: str
    timestamp: datetime
    name: str | None
    user_id: str | None
    session_id: str | None
    environment: str
    release: str | None
    version: str | None
    tags: tuple[str, ...]
    public: bool
    bookmarked: bool
    created_at: datetime
    updated_at: datetime
    input_preview: str
    output_preview: str
    input: JsonText | None = None
    output: JsonText | None = None
    metadata: JsonText | None = None
    # Totals over the observations.
    latency: float | None  # seconds from the first start to the last end; None without a finished observation
    total_cost: float | None  # None: nothing was priced
    input_tokens: int
    output_tokens: int
    total_tokens: int
    observation_count: int
    error_count: int
    warning_count: int
    level: str  # the highest level among the observations
    # Filled only where a query asks for them (`with_ids=True`), oldest first.
    observation_ids: tuple[str, ...] = ()
    score_ids: tuple[str, ...] = ()
    # Filled only where a query asks for it (`with_outline=True`), by start.
    outline: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A single step of a trace: span, generation, event, tool call…"""

    project_id: str
    id: str
    trace_id: str
    parent_observation_id: str | None
    type: str
    name: str | None
    start_time: datetime
    end_time: datetime | None
    completion_start_time: datetime | None
    level: str
    status_message: str | None
    environment: str
    version: str | None
    created_at: datetime
    updated_at: datetime
    # Generations.
    model: str | None  # as the client named it
    model_id: str | None  # the definition that priced it: a project's or a built-in one
    model_parameters: JsonText | None
    usage_details: Mapping[str, int] = field(default_factory=dict)
    cost_details: Mapping[str, float] = field(default_factory=dict)
    provided_usage_details: Mapping[str, int] = field(default_factory=dict)
    provided_cost_details: Mapping[str, float] = field(default_factory=dict)
    total_cost: float | None = None
    prompt_id: str | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    input_preview: str = ""
    output_preview: str = ""
    input: JsonText | None = None
    output: JsonText | None = None
    metadata: JsonText | None = None
    # Experiments of SDK 5 exist only as these attributes (api.md, section 6.6): experiment id, item id…
    experiment: Mapping[str, str] | None = None
    is_root: bool = False  # without a parent, or marked by an SDK as the first of its own below foreign spans
    # Of the trace, filled only where a query asks for them (`with_trace=True`).
    trace_name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    tags: tuple[str, ...] = ()
    release: str | None = None

    @property
    def latency(self) -> float | None:
        """Seconds from start to end."""
        return (self.end_time - self.start_time).total_seconds() if self.end_time else None

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from start to the first token of the completion, never less than 0: clients take the two times from
        clocks that differ by a millisecond."""
        first = self.completion_start_time
        return max(0.0, (first - self.start_time).total_seconds()) if first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A judgement of exactly one thing: a trace (or one of its observations), a session or a dataset run.

    NUMERIC: `value`. BOOLEAN: `value` 0 or 1 and `string_value` "True"/"False". CATEGORICAL: `string_value`, with the
    category's number in `value` (0 without a config). TEXT and CORRECTION: `string_value`, `value` None.
    """

    project_id: str
    id: str
    name: str
    data_type: str
    value: float | None
    string_value: str | None
    source: str
    timestamp: datetime
    created_at: datetime
    updated_at: datetime
    environment: str
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    dataset_run_id: str | None = None
    config_id: str | None = None
    queue_id: str | None = None
    author_user_id: str | None = None
    comment: str | None = None
    metadata: JsonText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation: the traces that carry one session id, with totals over them."""

    project_id: str
    id: str
    created_at: datetime
    environment: str
    bookmarked: bool
    public: bool
    trace_count: int
    first_timestamp: datetime | None
    last_timestamp: datetime | None
    user_ids: tuple[str, ...]
    total_cost: float | None
    total_tokens: int
    error_count: int
    input_preview: str  # of the first trace
    output_preview: str  # of the last trace


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceDetail:
    """A trace with everything in it, bodies included; observations by start time."""

    trace: Trace
    observations: tuple[Observation, ...]
    scores: tuple[Score, ...]


# --- What is written: None means "keep what is there" ---------------------------------------------------


@dataclass(slots=True, kw_only=True)
class TraceChange:
    """What one or several events say about a trace.

    `explicit=False` (a trace only implied by an observation, a name taken from the root span) fills gaps and never
    replaces what is there. Among explicit ones the last wins, except that the first explicit timestamp and environment
    stay. Without an explicit timestamp the earliest moment known of the trace stands for it.
    """

    id: str
    seen_at: datetime  # time of the event; stands in for a timestamp nobody gave
    explicit: bool = True
    timestamp: datetime | None = None
    name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    environment: str | None = None
    release: str | None = None
    version: str | None = None
    tags: tuple[str, ...] = ()
    public: bool | None = None
    bookmarked: bool | None = None
    input: JsonText | None = None
    output: JsonText | None = None
    metadata: dict[str, JsonText] | None = None


@dataclass(slots=True, kw_only=True)
class ObservationChange:
    """What one or several events say about an observation.

    `trace_id` None: the event names no trace. Then the stored observation's trace is kept; without a stored one the
    store makes a wrapper trace with the observation's id and name, until an event names the trace. The first given
    trace, start and environment stay; the highest level stays; `usage_details`, `cost_details` and their like are
    replaced as a whole, and an empty one keeps what is there. A trace that no `TraceChange` mentions is made.
    """

    id: str
    trace_id: str | None
    seen_at: datetime  # stands in for a start nobody gave
    type: str | None = None
    parent_observation_id: str | None = None
    name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    completion_start_time: datetime | None = None
    level: str | None = None
    status_message: str | None = None
    environment: str | None = None
    version: str | None = None
    model: str | None = None
    model_id: str | None = None
    model_parameters: JsonText | None = None
    provided_usage_details: dict[str, int] | None = None
    provided_cost_details: dict[str, float] | None = None
    usage_details: dict[str, int] | None = None
    cost_details: dict[str, float] | None = None
    total_cost: float | None = None
    prompt_id: str | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    input: JsonText | None = None
    output: JsonText | None = None
    metadata: dict[str, JsonText] | None = None
    experiment: dict[str, str] | None = None
    as_root: bool | None = None  # counts as a root although it has a parent (`langfuse.internal.is_app_root`)


@dataclass(slots=True, kw_only=True)
class SessionChange:
    """What people say about a session; the session itself appears when a trace names it."""

    id: str
    bookmarked: bool | None = None
    public: bool | None = None


@dataclass(slots=True, kw_only=True)
class ScoreChange:
    """A checked score, ready to store (see `tracing.scores`)."""

    id: str
    name: str
    data_type: str
    value: float | None
    string_value: str | None
    source: str
    timestamp: datetime
    environment: str = "default"
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    dataset_run_id: str | None = None
    config_id: str | None = None
    queue_id: str | None = None
    author_user_id: str | None = None
    comment: str | None = None
    metadata: JsonText | None = None


@dataclass(slots=True, kw_only=True)
class Changes:
    """One batch: at most one change per id, merged in Python before it reaches the store.

    Ids of all kinds, session ids included, are keys of an index: at most 800 characters and 2,000 bytes (the door
    checks).
    """

    traces: list[TraceChange] = field(default_factory=list)
    observations: list[ObservationChange] = field(default_factory=list)
    scores: list[ScoreChange] = field(default_factory=list)
    sessions: list[SessionChange] = field(default_factory=list)
