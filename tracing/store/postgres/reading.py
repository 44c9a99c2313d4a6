"""What is selected for each record, and the record out of a row. Lists leave the long texts out."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tracing.records import Observation, Score, Session, Trace
from tracing.store.postgres.places import OBSERVATIONS, SESSIONS, TRACES
from tracing.store.postgres.rows import metadata_text

Selected = Mapping[str, str]


def _json(text: str | None) -> Any:
    return orjson.loads(text) if text else {}


def _metadata(text: str | None) -> str | None:
    return metadata_text(orjson.loads(text)) if text else None


# field of the record: expression
TRACE: Selected = {
    "project_id": "t.project_id",
    "id": "t.id",
    "timestamp": "t.timestamp",
    "name": "t.name",
    "user_id": "t.user_id",
    "session_id": "t.session_id",
    "environment": TRACES.places["environment"].sql,
    "release": "t.release",
    "version": "t.version",
    "tags": "t.tags",
    "public": TRACES.places["public"].sql,
    "bookmarked": TRACES.places["bookmarked"].sql,
    "created_at": "t.created_at",
    "updated_at": "t.updated_at",
    "input_preview": "coalesce(t.input_preview, '')",
    "output_preview": "coalesce(t.output_preview, '')",
    "latency": TRACES.places["latency"].sql,
    "total_cost": "t.total_cost",
    "input_tokens": "t.input_tokens",
    "output_tokens": "t.output_tokens",
    "total_tokens": "t.total_tokens",
    "observation_count": "t.observation_count",
    "error_count": "t.error_count",
    "warning_count": "t.warning_count",
    "level": TRACES.places["level"].sql,
}
OBSERVATION: Selected = {
    "project_id": "o.project_id",
    "id": "o.id",
    "trace_id": "o.trace_id",
    "parent_observation_id": "o.parent_observation_id",
    "type": OBSERVATIONS.places["type"].sql,
    "name": "o.name",
    "start_time": "o.start_time",
    "end_time": "o.end_time",
    "completion_start_time": "o.completion_start_time",
    "level": OBSERVATIONS.places["level"].sql,
    "status_message": "o.status_message",
    "environment": OBSERVATIONS.places["environment"].sql,
    "version": "o.version",
    "created_at": "o.created_at",
    "updated_at": "o.updated_at",
    "model": "o.model",
    "model_id": "o.model_id",
    "model_parameters": "o.model_parameters",
    "usage_details": "o.usage_details::text",
    "cost_details": "o.cost_details::text",
    "provided_usage_details": "o.provided_usage_details::text",
    "provided_cost_details": "o.provided_cost_details::text",
    "total_cost": "o.total_cost",
    "prompt_id": "o.prompt_id",
    "prompt_name": "o.prompt_name",
    "prompt_version": "o.prompt_version",
    "input_preview": "coalesce(o.input_preview, '')",
    "output_preview": "coalesce(o.output_preview, '')",
    "experiment": "o.experiment::text",
    "is_root": OBSERVATIONS.places["isRootObservation"].sql,
}
OBSERVATION_BODY: Selected = {"input": "o.input", "output": "o.output", "metadata": "o.metadata::text"}
OBSERVATION_TRACE: Selected = {
    "trace_name": "t.name",
    "user_id": "t.user_id",
    "session_id": "t.session_id",
    "tags": "t.tags",
    "release": "t.release",
}
# The table has the record's columns.
SCORE: Selected = {name: f"s.{name}" for name in Score.__dataclass_fields__} | {"metadata": "s.metadata::text"}
SESSION: Selected = {
    "project_id": "n.project_id",
    "id": "n.id",
    "created_at": "n.created_at",
    "environment": SESSIONS.places["environment"].sql,
    "bookmarked": "n.bookmarked",
    "public": "n.public",
    "trace_count": "sums.trace_count",
    "first_timestamp": "sums.first_timestamp",
    "last_timestamp": "sums.last_timestamp",
    "user_ids": "sums.user_ids",
    "total_cost": "sums.total_cost",
    "total_tokens": "sums.total_tokens",
    "error_count": "sums.error_count",
}
for _side, _direction in (("input", "ASC"), ("output", "DESC")):
    SESSION = {
        **SESSION,
        f"{_side}_preview": (
            f"coalesce((SELECT edge.{_side}_preview FROM tracing_trace edge"  # noqa: S608
            " WHERE edge.project_id = n.project_id AND edge.session_id = n.id"
            f" ORDER BY edge.timestamp {_direction}, edge.id {_direction} LIMIT 1), '')"
        ),
    }
TRACE_BODIES = """
SELECT t.id, coalesce(t.input, root.input), coalesce(t.output, root.output), t.metadata::text
FROM tracing_trace t
LEFT JOIN tracing_observation root
    ON root.project_id = t.project_id AND root.id = t.root_id AND (t.input IS NULL OR t.output IS NULL)
WHERE t.project_id = (SELECT %s) AND t.id = ANY(%s)
"""

_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "tags": lambda tags: tuple(tags or ()),
    "user_ids": tuple,
    "usage_details": _json,
    "cost_details": _json,
    "provided_usage_details": _json,
    "provided_cost_details": _json,
    "experiment": lambda text: orjson.loads(text) if text else None,
    "metadata": _metadata,
}


def maker(
    record: type, selected: Selected, convert: Mapping[str, Callable[[Any], Any]] = _CONVERT
) -> Callable[..., Any]:
    """A function that makes the record of a row with these columns."""
    names = tuple(selected)
    conversions = tuple((name, convert[name]) for name in names if name in convert)

    def make(*row: Any) -> Any:
        values = dict(zip(names, row, strict=True))
        for name, conversion in conversions:
            values[name] = conversion(values[name])
        return record(**values)

    return make


make_trace = maker(Trace, TRACE)
make_session = maker(Session, SESSION)
make_score = maker(Score, SCORE)


def observation_columns(*, bodies: bool, trace: bool) -> Selected:
    """The columns of an observation, with texts and with those of its trace where asked for."""
    return {**OBSERVATION, **(OBSERVATION_BODY if bodies else {}), **(OBSERVATION_TRACE if trace else {})}


def observation_maker(selected: Selected) -> Callable[..., Observation]:
    """Makes observations of rows with these columns."""
    return maker(Observation, selected)


def trace_bodies(row: tuple[Any, ...]) -> dict[str, Any]:
    """The texts of a row of TRACE_BODIES."""
    _, given, answered, metadata = row
    return {"input": given, "output": answered, "metadata": _metadata(metadata)}
