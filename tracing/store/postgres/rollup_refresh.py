"""Making anew the sums of hours whose rows have changed, and of their days.

The lock, the marks and why nothing is missed: migration 0006. The present hour is left alone, it changes all the time
and readers take its rows; so is an hour marked less than a minute ago, so that one that is written to all the time is
summed once a minute.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import OperationalError, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from tracing.store.postgres import rollup_bars
from tracing.store.postgres.rollup_cubes import CUBES, DAY, DIMENSIONS, HOUR, ROWS_EACH, WIDE, Cube
from tracing.store.postgres.sql import fetch, run

LOCK = 7_201_954  # migration 0006
PATIENCE = "5s"
RIPE = timedelta(minutes=1)
HOURS = 48  # in one transaction

# Marks that were not seen here stay, and with them those of writers who could not see that these would go.
_TAKE = """
WITH due AS (
    SELECT project_id, view, hour FROM tracing_rollup_mark WHERE cube = 0 AND hour < %s
    GROUP BY project_id, view, hour HAVING min(marked_at) <= %s ORDER BY min(marked_at), hour DESC LIMIT %s
), gone AS (
    DELETE FROM tracing_rollup_mark mark USING due
    WHERE mark.project_id = due.project_id AND mark.view = due.view AND mark.hour = due.hour
)
SELECT project_id, view, hour FROM due
"""
_TOUCHED = "unnest(%s::text[], %s::timestamptz[]) AS touched(project_id, start)"
_FORGET = (
    f"DELETE FROM tracing_rollup old USING {_TOUCHED} WHERE old.project_id = touched.project_id"  # noqa: S608
    " AND old.cube = %s AND old.step = %s AND old.start = touched.start"
)
# Marks of hours that were too wide went with those of their rows; a day's does not stand at these hours.
_FORGET_WIDE = (
    f"DELETE FROM tracing_rollup_mark old USING {_TOUCHED} WHERE old.project_id = touched.project_id"  # noqa: S608
    " AND old.hour = touched.start AND old.cube = %s"
)


def refresh(seconds: float = 30.0, ripe: timedelta = RIPE) -> int:
    """Sum up hours until none is due or the time is over; how many were. Only one at a time does so."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        hours = refresh_some(ripe)
        done += hours
        if hours < HOURS:
            break
    return done


def refresh_some(ripe: timedelta = RIPE, limit: int = HOURS) -> int:
    """One transaction's part of it."""
    now = timezone.now()
    present = now.replace(minute=0, second=0, microsecond=0)
    try:
        with transaction.atomic():
            run(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            run("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            taken = fetch(_TAKE, (present, now - ripe, limit))
            for cube in CUBES:
                _sum_up(cube, [(project_id, hour) for project_id, view, hour in taken if view == cube.source.number])
            return len(taken)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return 0  # somebody writes for long, or refreshes: the marks stay for the next time
        raise


def _sum_up(cube: Cube, hours: Sequence[tuple[str, datetime]]) -> None:
    if not hours:
        return
    days = sorted({(project_id, day_of(hour)) for project_id, hour in hours})
    for step, starts in ((HOUR, hours), (DAY, days)):
        projects, moments = [project_id for project_id, _ in starts], [start for _, start in starts]
        run(_FORGET, (projects, moments, cube.number, step))
        if (cube.number, step) in _STATEMENTS:
            if cube.daily:
                run(_FORGET_WIDE, (projects, moments, cube.number))
            run(_STATEMENTS[cube.number, step], (projects, moments))


def day_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


# --- The statements, made once for each cube --------------------------------------------------------------


# Parts of a figure over measured rows, and over rows of the rollup. Histograms are read from the hours afterwards.
_OVER_ROWS = {
    "sum": "sum({0})",
    "n": "CASE WHEN count({0}) NOT IN (0, count(*)) THEN count({0}) END",
    "min": "min({0})",
    "max": "max({0})",
    "bars": f"array_agg({rollup_bars.bar('{0}')}) FILTER (WHERE {{0}} IS NOT NULL)",
}
_COUNTED = "sum(CASE WHEN hour.{0}_sum IS NOT NULL THEN coalesce(hour.{0}_n, hour.n) ELSE 0 END)"
_OVER_HOURS = {
    "sum": "sum(hour.{0}_sum)",
    "n": f"CASE WHEN {_COUNTED} NOT IN (0, sum(hour.n)) THEN {_COUNTED} END",
    "min": "min(hour.{0}_min)",
    "max": "max(hour.{0}_max)",
    "bars": "NULL",
}


def _of_rows(cube: Cube, step: int) -> str:
    """Hours or days from measured rows; one that is too wide is marked instead."""
    source = cube.source
    figures = dict.fromkeys(source.figures.values())
    dimensions = {f"d{n}": source.dimensions[name] for n, name in enumerate(cube.dimensions, 1)}
    values = {figure.name: figure.value for figure in figures}
    sums = {
        column: _OVER_ROWS[part].format(figure.name)
        for figure in figures
        for column, part in cube.parts(figure).items()
    }
    columns = ", ".join([*dimensions, "count(*) AS n", *(f"{sql} AS {name}" for name, sql in sums.items())])
    until = f"touched.start + interval '{1 if step == HOUR else 24} hours'"
    rows = source.between("touched.project_id", "touched.start", until, dimensions | values)
    names = ["project_id", "start", *dimensions, "n", *sums]
    made = [_hour_value(name) for name in names]
    return f"""
    WITH cells AS MATERIALIZED (
        SELECT touched.project_id, touched.start, {columns} FROM {_TOUCHED} CROSS JOIN {rows} measured
        GROUP BY {", ".join(["touched.project_id", "touched.start", *dimensions])}
    ), wide AS MATERIALIZED (
        SELECT project_id, start FROM cells GROUP BY project_id, start
        HAVING count(*) > {WIDE} AND count(*) * {ROWS_EACH} > sum(n)
    ), marked AS (
        INSERT INTO tracing_rollup_mark (project_id, view, cube, hour, marked_at)
        SELECT project_id, {source.number}, {cube.number}, start, now() FROM wide
    )
    INSERT INTO tracing_rollup (cube, step, {", ".join(names)}) SELECT {cube.number}, {step}, {", ".join(made)}
    FROM cells WHERE (project_id, start) NOT IN (SELECT project_id, start FROM wide)
    """  # noqa: S608


def _of_hours(cube: Cube) -> str:
    """Days from their hours."""
    dimensions = [f"d{n}" for n in range(1, 1 + len(cube.dimensions))]
    sums = {
        column: _OVER_HOURS[part].format(figure.name)
        for figure in dict.fromkeys(cube.source.figures.values())
        for column, part in cube.parts(figure).items()
    }
    names = ["project_id", "start", *dimensions, "n", *sums]
    columns = ", ".join(f"{sql} AS {name}" for name, sql in sums.items())
    keys = ", ".join(["touched.project_id", "touched.start", *(f"hour.{name}" for name in dimensions)])
    return f"""
    INSERT INTO tracing_rollup (cube, step, {", ".join(names)})
    SELECT {cube.number}, {DAY}, {", ".join(_day_value(name) for name in names)} FROM (
        SELECT {keys}, sum(hour.n) AS n, {columns}, array_agg(hour.id) AS hours
        FROM {_TOUCHED} CROSS JOIN LATERAL (
            SELECT * FROM tracing_rollup hour WHERE hour.project_id = touched.project_id AND hour.cube = {cube.number}
            AND hour.step = {HOUR} AND hour.start >= touched.start AND hour.start < touched.start + interval '24 hours'
            OFFSET 0
        ) hour
        GROUP BY {keys}
    ) cells
    """  # noqa: S608


def _hour_value(name: str) -> str:
    if not name.endswith("_bars"):
        return name
    return rollup_bars.packed(f"SELECT bar, count(*) FROM unnest({name}) bar GROUP BY bar")  # noqa: S608


def _day_value(name: str) -> str:
    if not name.endswith("_bars"):
        return name
    bar, count = rollup_bars.bar_of("entry"), rollup_bars.count_of("entry")
    return rollup_bars.packed(
        f"SELECT {bar} AS bar, sum({count})::bigint AS count FROM tracing_rollup hour, unnest(hour.{name}) entry"  # noqa: S608
        " WHERE hour.id = ANY(cells.hours) GROUP BY 1"
    )


assert all(len(cube.dimensions) <= DIMENSIONS for cube in CUBES)
_STATEMENTS = {
    **{(cube.number, DAY): _of_rows(cube, DAY) for cube in CUBES if cube.daily},
    **{(cube.number, HOUR): _of_rows(cube, HOUR) for cube in CUBES if not cube.daily},
    **{(cube.number, DAY): _of_hours(cube) for cube in CUBES if not cube.daily},
}
