"""Answers from the rollup: whole days and hours from their sums, everything else from the measured rows.

One statement, hence one moment: it sees the marks, the sums and the rows as one commit left them. Percentiles are right
within 1 % (`rollup_bars`), every other figure is exactly what the rows would give.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from tracing.filters import Filter
from tracing.store.base import MetricsQuery
from tracing.store.postgres import rollup_bars
from tracing.store.postgres.filters import compile_filters
from tracing.store.postgres.places import Entity, Place
from tracing.store.postgres.rollup_cubes import ALIASES, CASTS, CUBES, DAY, HOUR, SOURCES, Cube, Figure
from tracing.store.postgres.rollup_refresh import day_of
from tracing.store.postgres.views import MONEY, TIME, VIEWS, WHOLE

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
PERCENTILES = {f"p{n}": n / 100 for n in (50, 75, 90, 95, 99)}
_BACK = {WHOLE: "bigint", MONEY: "float8"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How the sums of a cube answer a question."""

    cube: Cube
    keys: Mapping[str, str]  # name in the answer: expression over the parts
    figures: Mapping[str, str]  # the same for what is summed
    percentiles: Mapping[str, tuple[str, float]]  # name: column of the histogram, share
    columns: Mapping[str, tuple[str, str]]  # column of the rollup: name of its figure, part
    conditions: tuple[str, ...]
    params: tuple[Any, ...]


def plan(query: MetricsQuery) -> Plan | None:
    """How to answer a well-formed question from the rollup; None when it does not hold what is asked."""
    source = SOURCES[query.view]
    if query.granularity == "minute" or _whole(query.since, query.until, AN_HOUR) is None:
        return None
    aliases = ALIASES.get(query.view, {})
    dimensions = {name: aliases.get(name, name) for name in query.dimensions}
    filters = [replace(one, column=aliases.get(one.column, one.column)) for one in query.filters]
    if query.unpriced:
        filters.append(Filter("string", "unpriced", "=", "yes"))
    if VIEWS[query.view].scope:
        filters.append(Filter("stringOptions", "dataType", "any of", DATA_TYPES[query.view]))
    wanted = {*dimensions.values(), *(one.column for one in filters)}
    fitting = ((cube, _figures(query, cube)) for cube in CUBES if cube.source is source and _fits(cube, query, wanted))
    cube, figures = next(((cube, figures) for cube, figures in fitting if figures), (None, None))
    if cube is None or figures is None:
        return None
    places = {name: _place(cube, name) for name in cube.dimensions}
    kinds = {**source.entity.kinds, "unpriced": "string"}
    entity = Entity(source.entity.name, "c", "", {}, kinds, {name: Place(sql) for name, sql in places.items()})
    conditions = compile_filters(entity, filters)
    keys = {name: places[dimension] for name, dimension in dimensions.items()}
    if query.granularity:
        keys[TIME] = f"date_trunc('{query.granularity}', c.start AT TIME ZONE 'UTC')"
    sums, percentiles, columns = figures
    return Plan(
        cube,
        keys,
        sums,
        percentiles,
        columns,
        tuple(condition.sql for condition in conditions),
        tuple(chain.from_iterable(condition.params for condition in conditions)),
    )


DATA_TYPES = {
    "scores-numeric": ("NUMERIC", "BOOLEAN"),
    "scores-boolean": ("BOOLEAN",),
    "scores-categorical": ("CATEGORICAL", "BOOLEAN"),
}


def _fits(cube: Cube, query: MetricsQuery, wanted: set[str]) -> bool:
    """Whether it has the dimensions and, if it has days only, a use for them."""
    if not wanted.issubset(cube.dimensions):
        return False
    return not cube.daily or (query.granularity != "hour" and _whole(query.since, query.until, A_DAY) is not None)


def _place(cube: Cube, dimension: str) -> str:
    column = f"c.{cube.column(dimension)}"
    return f"{column}::{CASTS[dimension]}" if dimension in CASTS else column


Figures = tuple[dict[str, str], dict[str, tuple[str, float]], dict[str, tuple[str, str]]]


def _figures(query: MetricsQuery, cube: Cube) -> Figures | None:
    """Sums, percentiles and the columns they need; None when one of them is not kept."""
    sums: dict[str, str] = {}
    percentiles: dict[str, tuple[str, float]] = {}
    columns: dict[str, tuple[str, str]] = {}
    for asked in query.measures:
        name = f"{asked.aggregation}_{asked.measure}"
        if asked.measure == "count" and asked.aggregation in ("count", "sum"):
            sums[name] = "coalesce(sum(c.n), 0)::bigint"
            continue
        figure = cube.source.figures.get(asked.measure)
        if figure is None:
            return None
        parts = {part: column for column, part in cube.parts(figure).items()}
        if asked.aggregation in PERCENTILES:
            needed: tuple[str, ...] = ("bars",)
        else:
            needed = {"count": ("sum", "n"), "avg": ("sum", "n")}.get(asked.aggregation, (asked.aggregation,))
        if not parts.keys() >= set(needed):
            return None
        columns |= {parts[part]: (figure.name, part) for part in needed}
        if asked.aggregation in PERCENTILES:
            percentiles[name] = (parts["bars"], PERCENTILES[asked.aggregation])
        else:
            sums[name] = _final(asked.aggregation, figure)
    return sums, percentiles, columns


def _final(aggregation: str, figure: Figure) -> str:
    """The figure over parts, in the type that the measured rows would give it."""
    cast = f"::{_BACK[figure.kind]}" if figure.kind in _BACK else ""
    match aggregation:
        case "count":
            return f"coalesce({_counted(figure)}, 0)::bigint"
        case "avg":
            return f"(sum(c.{figure.name}_sum) / nullif({_counted(figure)}, 0))::float8"
        case "sum":
            return f"sum(c.{figure.name}_sum){cast}"
        case _:
            return f"{aggregation}(c.{figure.name}_{aggregation})"


def _counted(figure: Figure) -> str:
    """How many values there were: see `RollupRow`."""
    return f"sum(coalesce(c.{figure.name}_n, c.n)) FILTER (WHERE c.{figure.name}_sum IS NOT NULL)"


# --- The statement ------------------------------------------------------------------------------------


def statement(query: MetricsQuery, plan: Plan) -> tuple[str, list[Any]]:
    """Selects the keys, then the figures in the order asked, without order or limit, and its parameters."""
    keys = [f"k{n}" for n in range(1, len(plan.keys) + 1)]
    parts, params = _parts(query, plan, dict(zip(keys, plan.keys.values(), strict=True)))
    names = list(dict.fromkeys(f"{one.aggregation}_{one.measure}" for one in query.measures))
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    sums = ", ".join([*keys, *(plan.figures.get(name, "NULL::float8") for name in names)])
    branches = [f"SELECT {sums} FROM parts c{grouped}"]  # noqa: S608
    if not plan.percentiles:
        return f"{parts} {branches[0]}", params
    # A key may be null, so figures and percentiles of a group meet by grouping once more rather than by a join.
    ctes = [parts]
    for column in dict.fromkeys(column for column, _ in plan.percentiles.values()):
        ctes.append(_ranked(column, keys))
        values = [
            rollup_bars.percentile(plan.percentiles[name][1])
            if name in plan.percentiles and plan.percentiles[name][0] == column
            else "NULL"
            for name in names
        ]
        branches.append(f"SELECT {', '.join([*keys, *values])} FROM {column}{grouped}")  # noqa: S608
    places = [f"f{n}" for n in range(1, len(names) + 1)]
    outer = ", ".join([*keys, *(f"max({place})" for place in places)])
    union = f"({' UNION ALL '.join(branches)}) AS found({', '.join([*keys, *places])})"
    return f"{', '.join(ctes)} SELECT {outer} FROM {union}{grouped}", params  # noqa: S608


def _ranked(column: str, keys: list[str]) -> str:
    """`… AS (…)`: the bars of each group, in order, with the counts `upto` and including each and `n` of all.

    Counts as float8, which is exact and many times as quick to add as the numeric that bigint would become.
    """
    by = f"PARTITION BY {', '.join(keys)}" if keys else ""
    group = ", ".join([*keys, "bar"])
    return (
        f"{column} AS (SELECT {group}, sum(count) OVER ({by} ORDER BY bar) AS upto, sum(count) OVER ({by}) AS n"  # noqa: S608
        f" FROM (SELECT {', '.join([*keys, rollup_bars.bar_of('entry')])} AS bar,"
        f" sum({rollup_bars.count_of('entry')}::float8) AS count FROM parts c, unnest(c.{column}) entry"
        f" GROUP BY {group}) counted)"
    )


def _parts(query: MetricsQuery, plan: Plan, keys: Mapping[str, str]) -> tuple[str, list[Any]]:
    """`WITH … parts AS (…)`: rows with the keys, `n` and the columns of the plan. Each is of a day, an hour or one
    measured row, and no measured row counts in two of them."""
    cube, project = plan.cube, query.project_id
    unit = A_DAY if cube.daily else AN_HOUR
    hours = _whole(query.since, query.until, unit) or (query.since, query.since)
    days = None if query.granularity == "hour" else _whole(*hours, A_DAY)
    sums = ["start", *(f"d{n}" for n in range(1, len(cube.dimensions) + 1)), "n", *plan.columns]
    selected = ", ".join(sums)
    branches, params = [], []
    if days:
        branches.append(
            f"SELECT {selected} FROM tracing_rollup WHERE project_id = (SELECT %s) AND cube = {cube.number}"  # noqa: S608
            f" AND step = {DAY} AND start >= %s AND start < %s AND start NOT IN (SELECT day FROM dirty_days)"
        )
        params += [project, *days]
    branches.append(
        f"SELECT {selected} FROM hourly CROSS JOIN LATERAL (SELECT * FROM tracing_rollup"  # noqa: S608
        f" WHERE project_id = (SELECT %s) AND cube = {cube.number} AND step = {HOUR}"
        " AND start >= since AND start < until AND start NOT IN (SELECT hour FROM dirty) OFFSET 0) hour"
    )
    params.append(project)
    measured = {"start": cube.source.time} | {
        f"d{n}": cube.source.dimensions[name] for n, name in enumerate(cube.dimensions, 1)
    }
    values = {figure.name: figure.value for figure in cube.source.figures.values()}
    needed = {name for name, _ in plan.columns.values()}
    measured |= {name: sql for name, sql in values.items() if name in needed}
    rows = cube.source.between("(SELECT %s)", "since", "until", measured)
    one = [*sums[: len(cube.dimensions) + 1], "1::bigint"]
    one += [f"{_OF_ONE[part].format(name)} AS {column}" for column, (name, part) in plan.columns.items()]
    branches.append(f"SELECT {', '.join(one)} FROM pieces CROSS JOIN {rows} measured")  # noqa: S608
    params.append(project)
    first_day, last_day = days or (hours[1], hours[1])
    kept = ", ".join([*(f"{sql} AS {key}" for key, sql in keys.items()), "n", *plan.columns])
    conditions = f" WHERE {' AND '.join(plan.conditions)}" if plan.conditions else ""
    sql = f"""
    WITH dirty AS MATERIALIZED (
        SELECT DISTINCT date_trunc('{"day" if cube.daily else "hour"}', hour, 'UTC') AS hour
        FROM tracing_rollup_mark WHERE project_id = (SELECT %s) AND view = {cube.source.number}
        AND cube IN (0, {cube.number}) AND hour >= %s AND hour < %s
    ), dirty_days AS MATERIALIZED (
        SELECT DISTINCT date_trunc('day', hour, 'UTC') AS day FROM dirty WHERE hour >= %s AND hour < %s
    ), hourly(since, until) AS MATERIALIZED (
        SELECT day, day + interval '24 hours' FROM dirty_days
        UNION ALL {_EDGES}
    ), pieces(since, until) AS MATERIALIZED (
        SELECT hour, hour + interval '{24 if cube.daily else 1} hours' FROM dirty
        UNION ALL {_EDGES}
    ), parts AS (
        SELECT {kept} FROM ({" UNION ALL ".join(branches)}) c{conditions}
    )"""  # noqa: S608
    return sql, [
        project, *hours, first_day, last_day,
        hours[0], first_day, last_day, hours[1],
        query.since, hours[0], hours[1], query.until,
        *params, *plan.params,
    ]  # fmt: skip


_EDGES = "SELECT * FROM (VALUES (%s::timestamptz, %s::timestamptz), (%s, %s)) edge(since, until) WHERE since < until"
_OF_ONE = {
    "sum": "{}",
    "n": "NULL::bigint",
    "min": "{}",
    "max": "{}",
    "bars": rollup_bars.one("{0}"),
}


def _whole(since: datetime, until: datetime, step: timedelta) -> tuple[datetime, datetime] | None:
    """The whole hours or days between two moments; None when there are none."""
    floor = _hour_of if step == AN_HOUR else day_of
    first, end = floor(since), floor(until)
    if first < since:
        first += step
    return (first, end) if first < end else None


def _hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
