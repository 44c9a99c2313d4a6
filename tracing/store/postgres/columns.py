"""What is stored of each thing, and how a later word about it meets an earlier one. Mapping is a table.

In a merge rule `old` is the stored row, `new` the arriving one, `{}` the column.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tracing.store.postgres.arrays import array

LAST = "coalesce(new.{}, old.{})"  # the last one given
FIRST = "coalesce(old.{}, new.{})"  # the first one given, for ever
REPLACE = "new.{}"
KEEP = "old.{}"  # for a new row only
# Of a trace: what is only implied fills gaps.
SAID = "CASE WHEN new.explicit THEN coalesce(new.{}, old.{}) ELSE coalesce(old.{}, new.{}) END"


# Packs (see `packs`), in the order in which their words count. The one a row names in `pack` is the last; the others
# are `earlier`. What a trace only implies goes before everything said. The same word twice adds nothing.
_AGAIN = "new.pack_hash = old.pack_hash"
_SAID_PACK = (
    f"CASE WHEN {_AGAIN} THEN old.pack WHEN new.explicit THEN coalesce(new.pack, old.pack)"
    " ELSE coalesce(old.pack, new.pack) END"
)
_SAID_EARLIER = (
    f"CASE WHEN {_AGAIN} OR new.pack IS NULL OR old.pack IS NULL THEN old.earlier"
    " WHEN new.explicit THEN old.earlier || old.pack ELSE new.pack || old.earlier END"
)
_EARLIER = "CASE WHEN new.pack IS NULL OR old.pack IS NULL THEN old.earlier ELSE old.earlier || old.pack END"
# Details that only say what the sums beside them say are not stored (see `rows`), but replace as if they were.
_USAGE = "CASE WHEN new.total_tokens IS NULL THEN old.usage_details ELSE new.usage_details END"
_COST = "CASE WHEN new.input_cost IS NULL THEN old.cost_details ELSE new.cost_details END"

# column: (type, merge rule)
Columns = Mapping[str, tuple[str, str]]

TRACE: Columns = {
    "explicit": ("boolean", "old.explicit OR new.explicit"),
    "timestamp": (
        "timestamptz",
        "CASE WHEN old.timestamp_given THEN old.timestamp WHEN new.timestamp_given THEN new.timestamp"
        " ELSE least(old.timestamp, new.timestamp) END",
    ),
    "timestamp_given": ("boolean", "old.timestamp_given OR new.timestamp_given"),
    "environment": (
        "text",
        "CASE WHEN old.environment_given THEN old.environment WHEN new.environment_given THEN new.environment"
        " ELSE coalesce(old.environment, new.environment) END",
    ),
    "environment_given": ("boolean", "old.environment_given OR new.environment_given"),
    "name": ("text", SAID),
    "user_id": ("text", SAID),
    "session_id": ("text", SAID),
    "release": ("text", SAID),
    "version": ("text", SAID),
    "tags": (
        "text[]",
        "CASE WHEN new.tags <@ old.tags THEN old.tags"
        ' ELSE ARRAY(SELECT tag FROM unnest(old.tags || new.tags) tag GROUP BY tag ORDER BY tag COLLATE "C") END',
    ),
    "public": ("boolean", SAID),
    "bookmarked": ("boolean", SAID),
    "pack": ("bigint", _SAID_PACK),
    "pack_hash": ("bigint", LAST),
    # Totals: of a row that is there already they are summed anew (see `totals`).
    "root_id": ("text", KEEP),
    "first_start": ("timestamptz", KEEP),
    "last_end": ("timestamptz", KEEP),
    "input_tokens": ("bigint", KEEP),
    "output_tokens": ("bigint", KEEP),
    "total_tokens": ("bigint", KEEP),
    "input_cost": ("float8", KEEP),
    "output_cost": ("float8", KEEP),
    "total_cost": ("float8", KEEP),
    "observation_count": ("bigint", KEEP),
    "error_count": ("bigint", KEEP),
    "warning_count": ("bigint", KEEP),
    "debug_count": ("bigint", KEEP),
    "level": ("smallint", KEEP),
    "metadata": (
        "jsonb",
        "CASE WHEN old.metadata IS NULL OR new.metadata IS NULL THEN coalesce(old.metadata, new.metadata)"
        " WHEN new.explicit THEN old.metadata || new.metadata ELSE new.metadata || old.metadata END",
    ),
}

OBSERVATION: Columns = {
    "trace_id": ("text", "CASE WHEN new.trace_given AND NOT old.trace_given THEN new.trace_id ELSE old.trace_id END"),
    "trace_given": ("boolean", "old.trace_given OR new.trace_given"),
    "parent_observation_id": ("text", LAST),
    "as_root": ("boolean", LAST),
    "type": ("text", LAST),
    "name": ("text", LAST),
    "start_time": (
        "timestamptz",
        "CASE WHEN old.start_given THEN old.start_time WHEN new.start_given THEN new.start_time"
        " ELSE least(old.start_time, new.start_time) END",
    ),
    "start_given": ("boolean", "old.start_given OR new.start_given"),
    "end_time": ("timestamptz", LAST),
    "completion_start_time": ("timestamptz", LAST),
    "level": ("smallint", "greatest(old.level, new.level)"),
    "status_message": ("text", LAST),
    "environment": ("text", FIRST),
    "version": ("text", LAST),
    "model": ("text", LAST),
    "model_id": ("text", LAST),
    "usage_details": ("jsonb", _USAGE),
    "cost_details": ("jsonb", _COST),
    "input_tokens": ("bigint", LAST),
    "output_tokens": ("bigint", LAST),
    "total_tokens": ("bigint", LAST),
    "input_cost": ("float8", LAST),
    "output_cost": ("float8", LAST),
    "total_cost": ("float8", LAST),
    "prompt_id": ("text", LAST),
    "prompt_name": ("text", LAST),
    "prompt_version": ("bigint", LAST),
    "experiment": ("jsonb", "coalesce(old.experiment || new.experiment, new.experiment, old.experiment)"),
    "pack": ("bigint", LAST),
}
# Columns that no batch brings and a merge fills in.
MERGED: Mapping[str, str] = {"tracing_trace": _SAID_EARLIER, "tracing_observation": _EARLIER}

# A score is whole each time it comes; what it judges, and when it did, stays.
SCORE: Columns = {
    "timestamp": ("timestamptz", FIRST),
    "name": ("text", REPLACE),
    "data_type": ("text", REPLACE),
    "value": ("float8", REPLACE),
    "string_value": ("text", REPLACE),
    "source": ("text", REPLACE),
    "environment": ("text", FIRST),
    "trace_id": ("text", FIRST),
    "observation_id": ("text", FIRST),
    "session_id": ("text", FIRST),
    "dataset_run_id": ("text", FIRST),
    "config_id": ("text", LAST),
    "queue_id": ("text", LAST),
    "author_user_id": ("text", LAST),
    "comment": ("text", LAST),
    "metadata": ("jsonb", LAST),
}


def upsert(table: str, columns: Columns) -> str:
    """The statement that merges rows into a table. Parameters: project id, then an array (`arrays.array`) for the ids
    and for each column.

    A row that would not change is locked but not written again.
    """
    names = ", ".join(columns)
    # Arrays of arrays come as texts.
    arrays = ", ".join(f"%b::{kind.removesuffix('[]')}[]" for kind, _ in columns.values())
    values = ", ".join(f"{name}::{kind}" if kind.endswith("[]") else name for name, (kind, _) in columns.items())
    merged = [rule.replace("{}", name).replace("new.", "excluded.") for name, (_, rule) in columns.items()]
    settings = ", ".join(f"{name} = {rule}" for name, rule in zip(columns, merged, strict=True))
    if table in MERGED:
        settings += f", earlier = {MERGED[table].replace('new.', 'excluded.')}"
    # Where a row need not say it, it was updated when it was created.
    updated = ("", "") if table in MERGED else (", updated_at", ", now()")
    return (
        f"INSERT INTO {table} AS old (project_id, id, created_at{updated[0]}, {names})"  # noqa: S608
        f" SELECT %s, id, now(){updated[1]}, {values} FROM unnest(%b::text[], {arrays}) AS batch(id, {names})"
        f" ON CONFLICT (project_id, id) DO UPDATE SET updated_at = now(), {settings}"
        f" WHERE ({', '.join(f'old.{name}' for name in columns)}) IS DISTINCT FROM ({', '.join(merged)})"
    )


def arriving(project_id: str, columns: Columns, rows: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The parameters of `upsert`."""
    return [
        project_id,
        array("text", rows["id"]),
        *(array(kind, rows[name]) for name, (kind, _) in columns.items()),
    ]
