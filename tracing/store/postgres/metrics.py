"""Aggregations over one view, in one query (and one more for each histogram).

From the rollup where it holds what is asked (`rollup_reading`), else from the measured rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid
from tracing.filters import Filter
from tracing.store.base import Measure, MetricsQuery
from tracing.store.postgres import rollup_reading
from tracing.store.postgres.filters import Condition, checked, compile_filter
from tracing.store.postgres.judging import as_conditions
from tracing.store.postgres.rollup_cubes import UNPRICED
from tracing.store.postgres.sql import fetch
from tracing.store.postgres.views import (
    AGGREGATIONS,
    AS_TEXT,
    GRANULARITIES,
    IDENTITY,
    OF_TYPE,
    SPREADS,
    SUMS,
    TIME,
    TYPED,
    VIEWS,
    View,
)

# Percentiles over more rows than these come from the rollup's histograms, which are right within 1 %.
EXACT_UP_TO = 10_000


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
    query = replace(query, filters=_as_asked(query.filters))
    figures = {f"{one.aggregation}_{one.measure}": _figure(view, query, one) for one in query.measures}
    if not figures:
        raise Invalid("metrics must name at least one measure.", "metrics")
    question = _question(view, query, [sql for sql, _ in figures.values()])
    plain = {name: sql for name, (sql, histogram) in figures.items() if not histogram}
    columns = {**question.keys, **plain}
    # A question for histograms only still wants its groups.
    columns = columns or {"": "count(*)"}
    order = _order(query, columns, question.keys)
    plan = rollup_reading.plan(query)
    if plan and not (plan.percentiles and _few(view, query)):
        sql, params = rollup_reading.statement(query, plan)
    else:
        sql, params = _statement(question, columns)
    sql += order
    if query.limit is not None:
        sql, params = f"{sql} LIMIT %s", [*params, query.limit]
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


def _statement(question: _Question, columns: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Over the measured rows themselves."""
    sql = f"SELECT {', '.join(columns.values())} FROM {question.source} WHERE {question.where}"  # noqa: S608
    if question.keys:
        sql += f" GROUP BY {', '.join(str(n + 1) for n in range(len(question.keys)))}"
    return sql, list(question.params)


def _few(view: View, query: MetricsQuery) -> bool:
    """Whether the window holds so few rows that percentiles are better exact than quick."""
    sql = (
        f"SELECT count(*) FROM (SELECT FROM {view.entity.source()} WHERE {view.entity.alias}.project_id = (SELECT %s)"  # noqa: S608
        f" AND {view.time} >= %s AND {view.time} < %s LIMIT %s) few"
    )
    [(n,)] = fetch(sql, (query.project_id, query.since, query.until, EXACT_UP_TO + 1))
    return bool(n <= EXACT_UP_TO)


def _known(table: Mapping[str, Any], name: str, field: str, what: str) -> Any:
    if name not in table:
        raise Invalid(f"{field}: {what} knows no {name!r}; it knows {', '.join(table)}.", field)
    return table[name]


def _figure(view: View, query: MetricsQuery, asked: Measure) -> tuple[str, bool]:
    """The SQL of a figure; for a histogram, of what it counts, and True."""
    measures = dict(view.measures)
    for dimension, instead in OF_TYPE.items():
        if dimension in query.dimensions:
            measures.update(instead)
    expression, kind = _known(measures, asked.measure, "metrics", f"view {query.view}")
    name = asked.aggregation
    if (asked.measure, name) == ("count", "sum"):
        name = "count"
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
        return SUMS[kind].format(expression), False
    return _known(AGGREGATIONS, name, "metrics", "aggregation").format(expression), False


def _question(view: View, query: MetricsQuery, figures: Sequence[str]) -> _Question:
    keys = {name: _known(view.dimensions, name, "dimensions", f"view {query.view}") for name in query.dimensions}
    if "usageType" in keys and "costType" in keys:
        raise Invalid("dimensions: usageType and costType cannot be asked together.", "dimensions")
    if query.granularity is not None:
        if query.granularity not in GRANULARITIES:
            raise Invalid(f"granularity must be one of {', '.join(GRANULARITIES)}.", "timeDimension.granularity")
        keys[TIME] = f"date_trunc('{query.granularity}', {view.time} AT TIME ZONE 'UTC')"
    project = f"{view.entity.alias}.project_id = (SELECT %s) AND {view.time} >= %s AND {view.time} < %s"
    window = Condition(project, (query.project_id, query.since, query.until))
    conditions = [window, *_conditions(view, query, window)]
    if view.scope:
        conditions.append(Condition(view.scope))
    if query.unpriced:
        if query.view != "observations":
            raise Invalid("unpriced asks about observations only.", "view")
        conditions.append(Condition(UNPRICED))
    spreads = [SPREADS[name] for name in keys if name in SPREADS]
    wheres = [condition.sql for condition in conditions]
    return _Question(
        keys,
        " ".join((view.entity.source(*keys.values(), *figures, *wheres, *spreads), *spreads)),
        " AND ".join(wheres),
        tuple(param for condition in conditions for param in condition.params),
    )


def _as_asked(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Versions of prompts are numbers that clients also compare as texts."""
    return tuple(
        replace(one, column=one.column + AS_TEXT) if one.column in TYPED and one.type.startswith("string") else one
        for one in filters
    )


def _conditions(view: View, query: MetricsQuery, window: Condition) -> list[Condition]:
    """By columns of the things themselves, whatever they are, and by every dimension; a refusal names the filter."""
    columns, own = view.filterable(), []
    conditions = []
    for position, one in enumerate(query.filters):
        if one.column not in columns.places:
            known = ", ".join(sorted(name for name in columns.places if not name.endswith(AS_TEXT)))
            place = f"filters[{position}].column"
            raise Invalid(f"{place}: view {query.view} has no {one.column!r}; it has {known}.", place)
        try:
            checked(columns, one)
        except Invalid as fault:
            raise Invalid(f"filters[{position}]: {fault.message}", f"filters[{position}].type") from fault
        if one.column in view.entity.places:
            own.append(one)
        else:
            conditions.append(compile_filter(columns, one))
    return [*conditions, *as_conditions(view.entity, own, window)]


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
