"""Aggregations over one view, in one query (and one more for each histogram)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid
from tracing.store.base import Measure, MetricsQuery
from tracing.store.postgres.filters import Condition, compile_filters
from tracing.store.postgres.places import OBSERVATIONS, SCORES, TRACES, Entity
from tracing.store.postgres.sql import fetch

GRANULARITIES = ("minute", "hour", "day", "week", "month")
TIME = "time_dimension"
WHOLE, REAL, MONEY, IDENTITY = "whole", "real", "money", "identity"


@dataclass(frozen=True, slots=True)
class View:
    """What can be asked of a view; `scope` restricts it."""

    entity: Entity
    time: str
    measures: Mapping[str, tuple[str, str]]  # name: (expression, kind)
    dimensions: Mapping[str, str]
    scope: str = ""


# How each kind of figure is summed. Money goes through numeric: the same in whatever order the rows come.
_SUMS = {WHOLE: "sum({})::bigint", REAL: "sum({})", MONEY: "sum(({})::numeric)::float8"}
_AGGREGATIONS = {
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
        "outputTokensPerSecond": (f"o.output_tokens / {_O_SECONDS}", REAL),
        "countScores": (_SCORES_OF_STEP, WHOLE),
        "traces": ("o.trace_id", IDENTITY),
        "uniqueTraceIds": ("o.trace_id", IDENTITY),
        "uniqueUserIds": ("t.user_id", IDENTITY),
        "uniqueSessionIds": ("t.session_id", IDENTITY),
    },
    {
        "id": "o.id",
        "traceId": "o.trace_id",
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

VIEWS: Mapping[str, View] = {
    "traces": _TRACES,
    "observations": _OBSERVATIONS,
    "scores-numeric": View(SCORES, "s.timestamp", _VALUED, _NUMBERED, "s.data_type IN ('NUMERIC', 'BOOLEAN')"),
    "scores-boolean": View(SCORES, "s.timestamp", _VALUED, _NAMED | _NUMBERED, "s.data_type = 'BOOLEAN'"),
    "scores-categorical": View(
        SCORES, "s.timestamp", _SCORE_MEASURES, _NAMED, "s.data_type IN ('CATEGORICAL', 'BOOLEAN')"
    ),
}

# Dimensions that make several rows of one. With a type of usage or cost, the total is that of the type.
_SPREADS = {
    "tags": "LEFT JOIN LATERAL unnest(t.tags) AS tags(tag) ON true",
    "usageType": "JOIN LATERAL jsonb_each_text(o.usage_details) AS usage(kind, amount) ON usage.kind <> 'total'",
    "costType": "JOIN LATERAL jsonb_each_text(o.cost_details) AS cost(kind, amount) ON cost.kind <> 'total'",
}
_OF_TYPE = {
    "usageType": {"totalTokens": ("usage.amount::numeric", WHOLE), "usageByType": ("usage.amount::numeric", WHOLE)},
    "costType": {"totalCost": ("cost.amount::float8", MONEY), "costByType": ("cost.amount::float8", MONEY)},
}


@dataclass(frozen=True, slots=True)
class _Question:
    """The parts of the statement that figures and histograms share."""

    keys: Mapping[str, str]  # name in the answer: expression to group by
    source: str
    where: str
    params: tuple[Any, ...]


def metrics(query: MetricsQuery) -> Sequence[dict[str, Any]]:
    """See `MetricsQuery`; raises Invalid naming what the view does not know."""
    view = _known(VIEWS, query.view, "view", "metrics")
    figures = {f"{one.aggregation}_{one.measure}": _figure(view, query, one) for one in query.measures}
    if not figures:
        raise Invalid("metrics must name at least one measure.", "metrics")
    question = _question(view, query, [sql for sql, _ in figures.values()])
    plain = {name: sql for name, (sql, histogram) in figures.items() if not histogram}
    columns = {**question.keys, **plain}
    # A question for histograms only still wants its groups.
    columns = columns or {"": "count(*)"}
    sql = f"SELECT {', '.join(columns.values())} FROM {question.source} WHERE {question.where}"  # noqa: S608
    if question.keys:
        sql += f" GROUP BY {', '.join(str(n + 1) for n in range(len(question.keys)))}"
    sql += _order(query, columns, question.keys)
    params = question.params
    if query.limit is not None:
        sql, params = f"{sql} LIMIT %s", (*params, query.limit)
    rows = [dict(zip(columns, row, strict=True)) for row in fetch(sql, params)]
    for row in rows:
        row.pop("", None)
    for name, (expression, histogram) in figures.items():
        if histogram:
            bars = _histogram(question, expression, query.bins)
            for row in rows:
                row[name] = bars.get(tuple(row[key] for key in question.keys), [])
    for row in rows:
        if isinstance(row.get(TIME), datetime):
            row[TIME] = row[TIME].replace(tzinfo=UTC)
    return rows


def _known(table: Mapping[str, Any], name: str, field: str, what: str) -> Any:
    if name not in table:
        raise Invalid(f"{field}: {what} knows no {name!r}; it knows {', '.join(table)}.", field)
    return table[name]


def _figure(view: View, query: MetricsQuery, asked: Measure) -> tuple[str, bool]:
    """The SQL of a figure; for a histogram, of what it counts, and True."""
    measures = dict(view.measures)
    for dimension, instead in _OF_TYPE.items():
        if dimension in query.dimensions:
            measures.update(instead)
    expression, kind = _known(measures, asked.measure, "metrics", f"view {query.view}")
    name = asked.aggregation
    if kind == IDENTITY:
        if name not in ("count", "uniq"):
            raise Invalid(f"metrics: {asked.measure} can only be counted (count, uniq), not {name!r}.", "metrics")
        plain_count = name == "count" and asked.measure == "count"
        return ("count(*)" if plain_count else f"count(DISTINCT {expression})"), False
    if name == "histogram":
        if not 1 <= query.bins <= 100:
            raise Invalid("config.bins must be between 1 and 100.", "config.bins")
        return f"({expression})::float8", True
    if name == "sum":
        return _SUMS[kind].format(expression), False
    return _known(_AGGREGATIONS, name, "metrics", "aggregation").format(expression), False


def _question(view: View, query: MetricsQuery, figures: Sequence[str]) -> _Question:
    keys = {name: _known(view.dimensions, name, "dimensions", f"view {query.view}") for name in query.dimensions}
    if "usageType" in keys and "costType" in keys:
        raise Invalid("dimensions: usageType and costType cannot be asked together.", "dimensions")
    if query.granularity is not None:
        if query.granularity not in GRANULARITIES:
            raise Invalid(f"granularity must be one of {', '.join(GRANULARITIES)}.", "timeDimension.granularity")
        keys[TIME] = f"date_trunc('{query.granularity}', {view.time} AT TIME ZONE 'UTC')"
    project = f"{view.entity.alias}.project_id = (SELECT %s) AND {view.time} >= %s AND {view.time} < %s"
    conditions = [
        Condition(project, (query.project_id, query.since, query.until)),
        *compile_filters(view.entity, query.filters),
    ]
    if view.scope:
        conditions.append(Condition(view.scope))
    if query.unpriced:
        if view is not _OBSERVATIONS:
            raise Invalid("unpriced asks about observations only.", "view")
        conditions.append(Condition("o.model IS NOT NULL AND o.total_cost IS NULL"))
    spreads = [_SPREADS[name] for name in keys if name in _SPREADS]
    wheres = [condition.sql for condition in conditions]
    return _Question(
        keys,
        " ".join((view.entity.source(*keys.values(), *figures, *wheres, *spreads), *spreads)),
        " AND ".join(wheres),
        tuple(param for condition in conditions for param in condition.params),
    )


def _order(query: MetricsQuery, columns: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """By what was asked; else by time, or by the first figure, largest first. Then by group, to be the same always."""
    positions = {name: n + 1 for n, name in enumerate(columns)}
    asked = list(query.order)
    if not asked:
        first = next((name for name in columns if name not in keys), "")
        asked = [(TIME, "asc")] if TIME in keys else [(first, "desc")] if first else []
    parts = []
    for field, direction in asked:
        if field not in positions:
            raise Invalid(f"orderBy: {field!r} is not part of the answer; it has {', '.join(columns)}.", "orderBy")
        parts.append(f"{positions[field]} {'DESC' if direction == 'desc' else 'ASC'} NULLS LAST")
    parts += [str(positions[name]) for name in keys]
    return f" ORDER BY {', '.join(parts)}" if parts else ""


Bars = list[tuple[float, float, int]]


def _histogram(question: _Question, expression: str, bins: int) -> dict[tuple[Any, ...], Bars]:
    """For each group, `bins` bars of equal width as (from, to, count); one bar where all values are the same."""
    keys = ", ".join(f"{sql} AS key{n}" for n, sql in enumerate(question.keys.values()))
    names = [f"key{n}" for n in range(len(question.keys))]
    group = f"PARTITION BY {', '.join(names)}" if names else ""
    sql = f"""
    WITH counted AS (
        SELECT {f"{keys}," if keys else ""} {expression} AS value FROM {question.source} WHERE {question.where}
    ), spread AS (
        SELECT *, min(value) OVER ({group}) AS low, max(value) OVER ({group}) AS high
        FROM counted WHERE value IS NOT NULL
    )
    SELECT {", ".join([*names, "low", "high"])},
        CASE WHEN low = high THEN 0 ELSE least(width_bucket(value, low, high, {bins:d}), {bins:d}) - 1 END AS bar,
        count(*)
    FROM spread GROUP BY {", ".join(str(n + 1) for n in range(len(names) + 3))}
    """  # noqa: S608
    bars: dict[tuple[Any, ...], Bars] = {}
    for *key, low, high, bar, count in fetch(sql, question.params):
        width = (high - low) / bins
        if tuple(key) not in bars:
            empty = [(low + n * width, low + (n + 1) * width, 0) for n in range(bins)]
            bars[tuple(key)] = empty if width else [(low, high, 0)]
        row = bars[tuple(key)]
        row[bar] = (row[bar][0], row[bar][1], count)
    return bars
