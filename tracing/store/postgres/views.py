"""What metrics can ask of each view: measures, dimensions, aggregations. Mapping is a table (api.md, section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tracing.store.postgres.places import OBSERVATIONS, SCORES, TRACES, Entity, Place

GRANULARITIES = ("minute", "hour", "day", "week", "month")
TIME = "time_dimension"
# Dimensions that are no texts, when they are filtered by; and those that clients compare as texts all the same.
KINDS = {"booleanValue": "boolean", "observationPromptVersion": "number", "value": "number"}
TYPED = frozenset({"promptVersion", "observationPromptVersion"})
AS_TEXT = " as text"
WHOLE, REAL, MONEY, IDENTITY = "whole", "real", "money", "identity"


@dataclass(frozen=True, slots=True)
class View:
    """What can be asked of a view; `scope` restricts it."""

    entity: Entity
    time: str
    measures: Mapping[str, tuple[str, str]]  # name: (expression, kind)
    dimensions: Mapping[str, str]
    scope: str = ""

    def filterable(self) -> Entity:
        """The dimensions as columns to filter by; those of the entity itself come first."""
        kinds = {name: KINDS.get(name, "string") for name in self.dimensions}
        texts = {f"{name}{AS_TEXT}": Place(f"{self.dimensions[name]}::text") for name in TYPED & self.dimensions.keys()}
        places = {name: Place(sql) for name, sql in self.dimensions.items()}
        return replace(
            self.entity, kinds=kinds | dict.fromkeys(texts, "string") | dict(self.entity.kinds),
            places=places | texts | dict(self.entity.places),
        )  # fmt: skip


# How each kind of figure is summed. Money goes through numeric: the same in whatever order the rows come.
SUMS = {WHOLE: "sum({})::bigint", REAL: "sum({})", MONEY: "sum(({})::numeric)::float8"}
AGGREGATIONS = {
    "count": "count({})",
    "uniq": "count(DISTINCT {})",
    "avg": "avg({})::float8",
    "min": "min({})",
    "max": "max({})",
    **{f"p{n}": f"percentile_cont({n / 100}) WITHIN GROUP (ORDER BY {{}})" for n in (50, 75, 90, 95, 99)},
}


def _milliseconds(start: str, end: str) -> tuple[str, str]:
    return f"extract(epoch FROM {end} - {start})::float8 * 1000", REAL


def _month(moment: str) -> str:
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM')"


_O_STREAMED = "nullif(extract(epoch FROM o.end_time - o.completion_start_time)::float8, 0)"
_O_SECONDS = "nullif(extract(epoch FROM o.end_time - o.start_time)::float8, 0)"
_SCORES_OF_TRACE = "(SELECT count(*) FROM tracing_score x WHERE x.project_id = t.project_id AND x.trace_id = t.id)"
_SCORES_OF_STEP = (
    "(SELECT count(*) FROM tracing_score x WHERE x.project_id = o.project_id AND x.trace_id = o.trace_id"
    " AND x.observation_id = o.id)"
)

_TRACES = View(
    TRACES,
    "t.timestamp",
    {
        "count": ("t.id", IDENTITY),
        "latency": _milliseconds("t.first_start", "t.last_end"),
        "inputTokens": ("t.input_tokens", WHOLE),
        "outputTokens": ("t.output_tokens", WHOLE),
        "totalTokens": ("t.total_tokens", WHOLE),
        "inputCost": ("t.input_cost", MONEY),
        "outputCost": ("t.output_cost", MONEY),
        "totalCost": ("t.total_cost", MONEY),
        "errorCount": ("t.error_count", WHOLE),
        "warningCount": ("t.warning_count", WHOLE),
        "observations": ("t.observation_count", WHOLE),
        "observationsCount": ("t.observation_count", WHOLE),
        "scoresCount": (_SCORES_OF_TRACE, WHOLE),
        "uniqueUserIds": ("t.user_id", IDENTITY),
        "uniqueSessionIds": ("t.session_id", IDENTITY),
    },
    {
        "id": "t.id",
        "name": "t.name",
        "traceName": "t.name",
        "userId": "t.user_id",
        "sessionId": "t.session_id",
        "tags": "tags.tag",
        "environment": TRACES.places["environment"].sql,
        "version": "t.version",
        "release": "t.release",
        "level": TRACES.places["level"].sql,
        "timestampMonth": _month("t.timestamp"),
    },
)
_OBSERVATIONS = View(
    OBSERVATIONS,
    "o.start_time",
    {
        "count": ("o.id", IDENTITY),
        "latency": _milliseconds("o.start_time", "o.end_time"),
        "streamingLatency": _milliseconds("o.completion_start_time", "o.end_time"),
        "timeToFirstToken": _milliseconds("o.start_time", "o.completion_start_time"),
        "inputTokens": ("o.input_tokens", WHOLE),
        "outputTokens": ("o.output_tokens", WHOLE),
        "totalTokens": ("o.total_tokens", WHOLE),
        "inputCost": ("o.input_cost", MONEY),
        "outputCost": ("o.output_cost", MONEY),
        "totalCost": ("o.total_cost", MONEY),
        "tokensPerSecond": (f"o.total_tokens / {_O_SECONDS}", REAL),
        "outputTokensPerSecond": (f"o.output_tokens / {_O_STREAMED}", REAL),
        "countScores": (_SCORES_OF_STEP, WHOLE),
        "traces": ("o.trace_id", IDENTITY),
        "uniqueTraceIds": ("o.trace_id", IDENTITY),
        "uniqueUserIds": ("t.user_id", IDENTITY),
        "uniqueSessionIds": ("t.session_id", IDENTITY),
    },
    {
        "id": "o.id",
        "traceId": "o.trace_id",
        "parentObservationId": "o.parent_observation_id",
        "name": "o.name",
        "type": OBSERVATIONS.places["type"].sql,
        "level": OBSERVATIONS.places["level"].sql,
        "environment": OBSERVATIONS.places["environment"].sql,
        "version": "o.version",
        "model": "o.model",
        "providedModelName": "o.model",
        "promptName": "o.prompt_name",
        "promptVersion": "o.prompt_version",
        "isRootObservation": OBSERVATIONS.places["isRootObservation"].sql,
        "startTimeMonth": _month("o.start_time"),
        "traceName": "t.name",
        "userId": "t.user_id",
        "sessionId": "t.session_id",
        "release": "t.release",
        "traceRelease": "t.release",
        "traceVersion": "t.version",
        "tags": "tags.tag",
        "usageType": "usage.kind",
        "costType": "cost.kind",
    },
)
_SCORE_DIMENSIONS = {
    "id": "s.id",
    "observationId": "s.observation_id",
    "name": "s.name",
    "source": "s.source",
    "dataType": "s.data_type",
    "configId": "s.config_id",
    "environment": "s.environment",
    "timestampMonth": _month("s.timestamp"),
    "timestampDay": "to_char(s.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "traceId": "s.trace_id",
    "traceName": "t.name",
    "userId": "t.user_id",
    "sessionId": "coalesce(s.session_id, t.session_id)",
    "tags": "tags.tag",
    "traceRelease": "t.release",
    "traceVersion": "t.version",
    "release": "t.release",
    "version": "t.version",
    "observationName": "o.name",
    "observationModelName": "o.model",
    "observationPromptName": "o.prompt_name",
    "observationPromptVersion": "o.prompt_version",
    "datasetRunId": "s.dataset_run_id",
}
_SCORE_MEASURES = {
    "count": ("s.id", IDENTITY),
    "traces": ("s.trace_id", IDENTITY),
    "uniqueTraceIds": ("s.trace_id", IDENTITY),
    "uniqueUserIds": ("t.user_id", IDENTITY),
}
_VALUED = {**_SCORE_MEASURES, "value": ("s.value", REAL)}
_NUMBERED = {**_SCORE_DIMENSIONS, "value": "s.value"}
_NAMED = {**_SCORE_DIMENSIONS, "stringValue": "s.string_value"}
_JUDGED = {"booleanValue": "(s.value = 1)"}

VIEWS: Mapping[str, View] = {
    "traces": _TRACES,
    "observations": _OBSERVATIONS,
    "scores-numeric": View(SCORES, "s.timestamp", _VALUED, _NUMBERED, "s.data_type IN ('NUMERIC', 'BOOLEAN')"),
    "scores-boolean": View(SCORES, "s.timestamp", _VALUED, _NAMED | _NUMBERED | _JUDGED, "s.data_type = 'BOOLEAN'"),
    "scores-categorical": View(
        SCORES, "s.timestamp", _SCORE_MEASURES, _NAMED, "s.data_type IN ('CATEGORICAL', 'BOOLEAN')"
    ),
}


def _by_type(alias: str, details: str, incoming: str, outgoing: str) -> str:
    """Details by type; those that only say what the sums say are not stored."""
    return (
        f"JOIN LATERAL (SELECT * FROM jsonb_each_text({details}) UNION ALL"  # noqa: S608
        f" SELECT * FROM (VALUES ('input', ({incoming})::text), ('output', ({outgoing})::text)) sums(kind, amount)"
        f" WHERE {details} IS NULL AND {incoming} IS NOT NULL"
        f") AS {alias}(kind, amount) ON {alias}.kind <> 'total'"
    )


# Dimensions that make several rows of one. With a type of usage or cost, the total is that of the type.
SPREADS = {
    "tags": "LEFT JOIN LATERAL unnest(t.tags) AS tags(tag) ON true",
    "usageType": _by_type("usage", "o.usage_details", "o.input_tokens", "o.output_tokens"),
    "costType": _by_type("cost", "o.cost_details", "o.input_cost", "o.output_cost"),
}
OF_TYPE = {
    "usageType": {"totalTokens": ("usage.amount::numeric", WHOLE), "usageByType": ("usage.amount::numeric", WHOLE)},
    "costType": {"totalCost": ("cost.amount::float8", MONEY), "costByType": ("cost.amount::float8", MONEY)},
}
