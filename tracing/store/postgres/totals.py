"""Totals of traces over their observations: by the database over all that are stored, or, of a trace that a batch
brings whole and for the first time, before it is stored, which saves writing its row twice. Both say the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

# LATERAL and the ids named twice: each trace and its observations are found by their index, whatever the planner
# believes about the size of the project. Sums of money go through numeric: the same in whatever order the rows stand.
_SUM_UP = """
WITH totals AS MATERIALIZED (
    SELECT touched.id, sums.*
    FROM unnest(%s::text[]) AS touched(id) CROSS JOIN LATERAL (
        SELECT
            (array_agg(id ORDER BY as_root IS TRUE DESC, start_time, id) FILTER (WHERE {root}))[1] AS root_id,
            min(start_time) AS first_start, max(end_time) AS last_end,
            coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
            coalesce(sum(total_tokens), 0) AS total_tokens,
            sum(input_cost::numeric)::float8 AS input_cost, sum(output_cost::numeric)::float8 AS output_cost,
            sum(total_cost::numeric)::float8 AS total_cost,
            count(*) AS observation_count, count(*) FILTER (WHERE level = 3) AS error_count,
            count(*) FILTER (WHERE level = 2) AS warning_count, count(*) FILTER (WHERE level = 0) AS debug_count,
            max(coalesce(level, 1)) AS level
        FROM tracing_observation o WHERE project_id = (SELECT %s) AND trace_id = touched.id
    ) sums
)
UPDATE tracing_trace t SET {assignments}, updated_at = now()
FROM totals
WHERE t.project_id = (SELECT %s) AND t.id = totals.id AND t.id = ANY(%s) AND ({current}) IS DISTINCT FROM ({computed})
"""
_TOTALS = {
    name: f"totals.{name}"
    for name in (
        "root_id", "first_start", "last_end", "input_tokens", "output_tokens", "total_tokens", "input_cost",
        "output_cost", "total_cost", "observation_count", "error_count", "warning_count", "debug_count", "level",
    )
} | {
    "timestamp": "CASE WHEN t.timestamp_given THEN t.timestamp ELSE least(t.timestamp, totals.first_start) END",
}  # fmt: skip
SUM_UP = _SUM_UP.format(
    root="parent_observation_id IS NULL OR as_root",
    assignments=", ".join(f"{name} = {value}" for name, value in _TOTALS.items()),
    current=", ".join(f"t.{name}" for name in _TOTALS),
    computed=", ".join(_TOTALS.values()),
)

# Of a trace without observations.
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(_TOTALS),
    **dict.fromkeys(
        (
            "input_tokens", "output_tokens", "total_tokens", "observation_count", "error_count", "warning_count",
            "debug_count",
        ),
        0,
    ),
}  # fmt: skip
NAMES = tuple(name for name in _TOTALS if name != "timestamp")
_DEBUG, _DEFAULT, _WARNING, _ERROR = range(4)  # records.LEVELS


def of_batch(observations: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """The totals of each trace over the arriving columns of observations."""
    members: dict[str, list[int]] = {}
    for place, trace_id in enumerate(observations["trace_id"]) if observations else ():
        members.setdefault(trace_id, []).append(place)
    return {trace_id: _sums(observations, places) for trace_id, places in members.items()}


def _sums(observations: Mapping[str, Sequence[Any]], places: Sequence[int]) -> dict[str, Any]:
    def of(name: str) -> list[Any]:
        column = observations[name]
        return [column[place] for place in places if column[place] is not None]

    levels = [observations["level"][place] for place in places]
    return {
        "root_id": _root(observations, places),
        "first_start": min(of("start_time")),
        "last_end": max(of("end_time"), default=None),
        **{name: sum(of(name)) for name in ("input_tokens", "output_tokens", "total_tokens")},
        **{name: _money(of(name)) for name in ("input_cost", "output_cost", "total_cost")},
        "observation_count": len(places),
        "error_count": levels.count(_ERROR),
        "warning_count": levels.count(_WARNING),
        "debug_count": levels.count(_DEBUG),
        "level": max(_DEFAULT if level is None else level for level in levels),
    }


def _root(observations: Mapping[str, Sequence[Any]], places: Sequence[int]) -> str | None:
    roots: list[tuple[bool, datetime, str]] = []
    for place in places:
        marked = observations["as_root"][place] is True
        if marked or observations["parent_observation_id"][place] is None:
            roots.append((not marked, observations["start_time"][place], observations["id"][place]))
    return min(roots)[2] if roots else None


def _money(amounts: Sequence[float]) -> float | None:
    """As PostgreSQL makes numerics of floats: of 15 digits."""
    return float(sum(Decimal(f"{amount:.15g}") for amount in amounts)) if amounts else None
