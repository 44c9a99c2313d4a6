"""Where each column of the wire stands in the database. Mapping is a table.

Aliases: `t` trace, `o` observation, `s` score, `n` session, `sums` the totals of a session over its traces. An
expression that mentions an alias beyond its own table makes the query join it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tracing.filters import OBSERVATION_COLUMNS, SCORE_COLUMNS, SESSION_COLUMNS, TRACE_COLUMNS
from tracing.records import LEVELS

BEGINNING = 100  # as `trace_user` has it


@dataclass(frozen=True, slots=True)
class Place:
    """An expression; `rank` is what it sorts by where that differs; `required` says it is never null; `beginning` is
    the expression of an index over its first `BEGINNING` characters."""

    sql: str
    rank: str = ""
    required: bool = False
    beginning: str = ""

    @property
    def sorted_by(self) -> str:
        """What the order goes by."""
        return self.rank or self.sql


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of thing: its table, what may be joined to it, and the kinds and places of its columns."""

    name: str
    alias: str
    table: str
    joins: Mapping[str, str]
    kinds: Mapping[str, str]
    places: Mapping[str, Place]

    def source(self, *fragments: str) -> str:
        """`table alias` with the joins that the given SQL needs."""
        needed: dict[str, None] = {}
        for alias, join in self.joins.items():
            if any(re.search(rf"\b{alias}\.", fragment) for fragment in fragments):
                needed[join] = None
        return " ".join((f"{self.table} {self.alias}", *needed))


def _must(sql: str, rank: str = "") -> Place:
    return Place(sql, rank, required=True)


def _level(column: str) -> Place:
    names = ", ".join(f"'{level}'" for level in LEVELS)
    return _must(f"(ARRAY[{names}])[coalesce({column}, 1) + 1]", f"coalesce({column}, 1)")


def _seconds(start: str, end: str) -> Place:
    return Place(f"extract(epoch FROM {end} - {start})::float8")


def _environment(alias: str) -> Place:
    return _must(f"coalesce({alias}.environment, 'default')")


# Filters by score look for scores of the row: the column's place is the condition that finds them.
_SCORES_OF_TRACE = Place("s.project_id = t.project_id AND s.trace_id = t.id")
_SCORES_OF_STEP = Place("s.project_id = o.project_id AND s.trace_id = o.trace_id AND s.observation_id = o.id")
_SCORES_OF_SESSION = Place("s.project_id = n.project_id AND s.session_id = n.id")

_USER = Place("t.user_id", beginning=f"left(t.user_id, {BEGINNING})")
_TOTAL_TOKENS = _must("t.total_tokens")
# What stands in the packs is not compared by the database (see `judging`).
_PACKED = Place("")

TRACES = Entity(
    "traces",
    "t",
    "tracing_trace",
    {},
    TRACE_COLUMNS,
    {
        "id": _must("t.id"),
        "name": Place("t.name"),
        "timestamp": _must("t.timestamp"),
        "createdAt": _must("t.created_at"),
        "updatedAt": _must("coalesce(t.updated_at, t.created_at)"),
        "userId": _USER,
        "sessionId": Place("t.session_id"),
        "environment": _environment("t"),
        "version": Place("t.version"),
        "release": Place("t.release"),
        "tags": _must("t.tags"),
        "public": _must("coalesce(t.public, false)"),
        "bookmarked": _must("coalesce(t.bookmarked, false)"),
        "input": _PACKED,
        "output": _PACKED,
        "metadata": Place("t.metadata"),
        "latency": _seconds("t.first_start", "t.last_end"),
        "inputTokens": _must("t.input_tokens"),
        "outputTokens": _must("t.output_tokens"),
        "totalTokens": _TOTAL_TOKENS,
        "tokens": _TOTAL_TOKENS,
        "inputCost": Place("t.input_cost"),
        "outputCost": Place("t.output_cost"),
        "totalCost": Place("t.total_cost"),
        "observationCount": _must("t.observation_count"),
        "level": _level("t.level"),
        "errorCount": _must("t.error_count"),
        "warningCount": _must("t.warning_count"),
        "debugCount": _must("t.debug_count"),
        "defaultCount": _must("(t.observation_count - t.error_count - t.warning_count - t.debug_count)"),
        "scores_avg": _SCORES_OF_TRACE,
        "scores": _SCORES_OF_TRACE,
        "score_categories": _SCORES_OF_TRACE,
        "score_booleans": _SCORES_OF_TRACE,
    },
)

_MODEL = Place("o.model")
_TOKENS = Place("o.total_tokens")
_TRACE_TAGS = Place("t.tags")
_ROOT = "(o.parent_observation_id IS NULL OR o.as_root IS TRUE)"

OBSERVATIONS = Entity(
    "observations",
    "o",
    "tracing_observation",
    {"t": "JOIN tracing_trace t ON t.project_id = o.project_id AND t.id = o.trace_id"},
    OBSERVATION_COLUMNS,
    {
        "id": _must("o.id"),
        "type": _must("coalesce(o.type, 'SPAN')"),
        "name": Place("o.name"),
        "traceId": _must("o.trace_id"),
        "parentObservationId": Place("o.parent_observation_id"),
        "startTime": _must("o.start_time"),
        "endTime": Place("o.end_time"),
        "completionStartTime": Place("o.completion_start_time"),
        "createdAt": _must("o.created_at"),
        "updatedAt": _must("coalesce(o.updated_at, o.created_at)"),
        "environment": _environment("o"),
        "level": _level("o.level"),
        "statusMessage": Place("o.status_message"),
        "version": Place("o.version"),
        "isRootObservation": _must(_ROOT),
        "positionInTrace": Place(_ROOT),
        "latency": _seconds("o.start_time", "o.end_time"),
        "timeToFirstToken": _seconds("o.start_time", "o.completion_start_time"),
        "tokensPerSecond": Place("o.output_tokens / nullif(extract(epoch FROM o.end_time - o.start_time)::float8, 0)"),
        "inputTokens": Place("o.input_tokens"),
        "outputTokens": Place("o.output_tokens"),
        "totalTokens": _TOKENS,
        "tokens": _TOKENS,
        "inputCost": Place("o.input_cost"),
        "outputCost": Place("o.output_cost"),
        "totalCost": Place("o.total_cost"),
        "model": _MODEL,
        "providedModelName": _MODEL,
        "modelId": Place("o.model_id"),
        "promptId": Place("o.prompt_id"),
        "promptName": Place("o.prompt_name"),
        "promptVersion": Place("o.prompt_version"),
        "input": _PACKED,
        "output": _PACKED,
        "metadata": _PACKED,
        "experiment": Place("o.experiment"),
        "traceName": Place("t.name"),
        "traceEnvironment": _environment("t"),
        "traceTags": _TRACE_TAGS,
        "tags": _TRACE_TAGS,
        "userId": _USER,
        "sessionId": Place("t.session_id"),
        "release": Place("t.release"),
        "scores_avg": _SCORES_OF_STEP,
        "scores": _SCORES_OF_STEP,
        "score_categories": _SCORES_OF_STEP,
        "score_booleans": _SCORES_OF_STEP,
    },
)

SESSION_SUMS = """LEFT JOIN LATERAL (
    SELECT count(*) AS trace_count, min(t.timestamp) AS first_timestamp, max(t.timestamp) AS last_timestamp,
        coalesce(array_agg(DISTINCT t.user_id) FILTER (WHERE t.user_id IS NOT NULL), '{}') AS user_ids,
        sum(t.total_cost::numeric)::float8 AS total_cost, coalesce(sum(t.total_tokens), 0)::bigint AS total_tokens,
        coalesce(sum(t.error_count), 0)::bigint AS error_count
    FROM tracing_trace t WHERE t.project_id = n.project_id AND t.session_id = n.id
) sums ON true"""
_SESSION_TAGS = """ARRAY(
    SELECT DISTINCT tag FROM tracing_trace tagged, unnest(tagged.tags) tag
    WHERE tagged.project_id = n.project_id AND tagged.session_id = n.id
)"""
_USERS = _must("sums.user_ids")

SESSIONS = Entity(
    "sessions",
    "n",
    "tracing_session",
    {"sums": SESSION_SUMS},
    SESSION_COLUMNS,
    {
        "id": _must("n.id"),
        "createdAt": _must("n.created_at"),
        "environment": _environment("n"),
        "bookmarked": _must("n.bookmarked"),
        "public": _must("n.public"),
        "traceCount": _must("sums.trace_count"),
        "firstTimestamp": Place("sums.first_timestamp"),
        "lastTimestamp": Place("sums.last_timestamp"),
        "duration": _seconds("sums.first_timestamp", "sums.last_timestamp"),
        "userIds": _USERS,
        "userId": _USERS,
        "tags": _must(_SESSION_TAGS),
        "totalCost": Place("sums.total_cost"),
        "totalTokens": _must("sums.total_tokens"),
        "errorCount": _must("sums.error_count"),
        "scores_avg": _SCORES_OF_SESSION,
        "score_categories": _SCORES_OF_SESSION,
        "score_booleans": _SCORES_OF_SESSION,
    },
)

SCORES = Entity(
    "scores",
    "s",
    "tracing_score",
    {
        "t": "LEFT JOIN tracing_trace t ON t.project_id = s.project_id AND t.id = s.trace_id",
        "o": "LEFT JOIN tracing_observation o ON o.project_id = s.project_id AND o.id = s.observation_id",
    },
    SCORE_COLUMNS,
    {
        "id": _must("s.id"),
        "timestamp": _must("s.timestamp"),
        "createdAt": _must("s.created_at"),
        "updatedAt": _must("s.updated_at"),
        "name": _must("s.name"),
        "dataType": _must("s.data_type"),
        "value": Place("s.value"),
        "stringValue": Place("s.string_value"),
        "source": _must("s.source"),
        "environment": _must("s.environment"),
        "traceId": Place("s.trace_id"),
        "observationId": Place("s.observation_id"),
        "sessionId": Place("s.session_id"),
        "datasetRunId": Place("s.dataset_run_id"),
        "configId": Place("s.config_id"),
        "queueId": Place("s.queue_id"),
        "authorUserId": Place("s.author_user_id"),
        "comment": Place("s.comment"),
        "metadata": Place("s.metadata"),
        "traceName": Place("t.name"),
        "userId": _USER,
        "tags": _TRACE_TAGS,
        "traceTags": _TRACE_TAGS,
        "observationName": Place("o.name"),
    },
)
