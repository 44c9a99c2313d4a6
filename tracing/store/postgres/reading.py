"""What is selected for each record, and the record out of a row. Texts come from their packs, one query for a page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from tracing.records import Observation, Score, Session, Trace
from tracing.store.postgres import packs, texts
from tracing.store.postgres.paging import Rows
from tracing.store.postgres.places import OBSERVATIONS, SESSIONS, TRACES
from tracing.store.postgres.rows import metadata_text
from tracing.store.postgres.sql import fetch
from tracing.store.postgres.texts import Chain, Texts

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
    "updated_at": TRACES.places["updatedAt"].sql,
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
    "updated_at": OBSERVATIONS.places["updatedAt"].sql,
    "model": "o.model",
    "model_id": "o.model_id",
    "usage_details": "o.usage_details::text",
    "cost_details": "o.cost_details::text",
    "total_cost": "o.total_cost",
    "prompt_id": "o.prompt_id",
    "prompt_name": "o.prompt_name",
    "prompt_version": "o.prompt_version",
    "experiment": "o.experiment::text",
    "is_root": OBSERVATIONS.places["isRootObservation"].sql,
}
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
# Behind the columns of the record: what says where its texts are (see `texts`), and details that need not be stored.
TRACE_TAIL = (
    "t.id",
    "t.pack",
    "t.earlier",
    "t.metadata::text",
    "t.root_id",
    "(SELECT array_append(root.earlier, root.pack) FROM tracing_observation root"
    " WHERE root.project_id = t.project_id AND root.id = t.root_id)",
)
OBSERVATION_TAIL = (
    "o.id", "o.pack", "o.earlier",
    "o.input_tokens", "o.output_tokens", "o.total_tokens", "o.input_cost", "o.output_cost",
)  # fmt: skip
_EDGE = (
    "(SELECT edge.id FROM tracing_trace edge WHERE edge.project_id = n.project_id AND edge.session_id = n.id"
    " ORDER BY edge.timestamp {0}, edge.id {0} LIMIT 1)"
)
SESSION_TAIL = (_EDGE.format("ASC"), _EDGE.format("DESC"))

_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "tags": lambda tags: tuple(tags or ()),
    "user_ids": tuple,
    "usage_details": _json,
    "cost_details": _json,
    "experiment": lambda text: orjson.loads(text) if text else None,
    "metadata": _metadata,
}
Read = Mapping[str, Texts]
TAILS: Mapping[str, Sequence[str]] = {TRACES.name: TRACE_TAIL, OBSERVATIONS.name: OBSERVATION_TAIL}


def traces(project_id: str, rows: Rows, *, bodies: bool, read: Read | None = None, plain: bool = False) -> list[Trace]:
    """The records of rows of TRACE and TRACE_TAIL; `read` what was read of the packs already. `plain`: without any
    text."""
    if plain:
        return [Trace(**_values(TRACE, row), input_preview="", output_preview="") for row in rows]
    found = trace_texts(project_id, [row[len(TRACE) :] for row in rows], whole=bodies, read=read)
    return [
        Trace(**_values(TRACE, row), **said.previews, **(said.bodies if bodies else {}))
        for row, said in zip(rows, found, strict=True)
    ]


def observations(
    project_id: str, rows: Rows, selected: Selected, *, bodies: bool, read: Read | None = None, plain: bool = False
) -> list[Observation]:
    """The records of rows of `selected` and OBSERVATION_TAIL. `read`: what was read of the packs already, not for a
    list; then they carry no previews. `plain`: without any text."""
    tails = [row[len(selected) :] for row in rows]
    found = [Texts()] * len(rows) if plain else observation_texts(project_id, tails, whole=bodies, read=read)
    made = []
    for row, tail, said in zip(rows, tails, found, strict=True):
        values = _values(selected, row)
        *_, incoming, outgoing, tokens, incoming_cost, outgoing_cost = tail
        if not values["usage_details"] and tokens is not None:
            values["usage_details"] = {"input": incoming, "output": outgoing, "total": tokens}
        if not values["cost_details"] and incoming_cost is not None:
            cost = {"input": incoming_cost, "output": outgoing_cost, "total": values["total_cost"]}
            values["cost_details"] = cost
        made.append(
            Observation(
                **values,
                model_parameters=said.parameters,
                provided_usage_details=said.usage,
                provided_cost_details=said.cost,
                **({} if read else said.previews),
                **(said.bodies if bodies else {}),
            )
        )
    return made


def sessions(project_id: str, rows: Rows) -> list[Session]:
    """The records of rows of SESSION and SESSION_TAIL."""
    edges = [row[len(SESSION) :] for row in rows]
    ids = sorted({id for pair in edges for id in pair if id})
    heads = fetch(_HEADS, (project_id, ids)) if ids else []
    said = dict(zip((head[0] for head in heads), trace_texts(project_id, heads, whole=False), strict=True))
    nothing = Texts()
    return [
        Session(
            **_values(SESSION, row),
            input_preview=said.get(first, nothing).previews["input_preview"],
            output_preview=said.get(last, nothing).previews["output_preview"],
        )
        for row, (first, last) in zip(rows, edges, strict=True)
    ]


def scores(rows: Rows) -> list[Score]:
    """The records of rows of SCORE."""
    return [Score(**_values(SCORE, row)) for row in rows]


_HEADS = f"SELECT {', '.join(TRACE_TAIL)} FROM tracing_trace t WHERE t.project_id = (SELECT %s) AND t.id = ANY(%s)"  # noqa: S608


def trace_texts(project_id: str, tails: Rows, *, whole: bool, read: Read | None = None) -> list[Texts]:
    """The texts of rows of TRACE_TAIL: of the trace itself, or of its root observation where it has none."""
    own, roots = [_own(tail) for tail in tails], [_root(tail) for tail in tails]
    if read is None:
        read = texts.load(project_id, [*own, *roots], whole=whole)
    said = []
    for tail, (key, _), (root, _) in zip(tails, own, roots, strict=True):
        one, lender = read[key], read[root]
        said.append(
            Texts(
                input=lender.input if one.input is None else one.input,
                output=lender.output if one.output is None else one.output,
                metadata={**(orjson.loads(tail[3]) if tail[3] else {}), **one.metadata},
            )
        )
    return said


def observation_texts(project_id: str, tails: Rows, *, whole: bool, read: Read | None = None) -> list[Texts]:
    """The texts of rows of OBSERVATION_TAIL."""
    chains = [texts.chain(packs.OBSERVATION, *tail[:3]) for tail in tails]
    if read is None:
        read = texts.load(project_id, chains, whole=whole)
    return [read[key] for key, _ in chains]


def trace_chains(rows: Rows) -> list[Chain]:
    """Where the texts of rows of TRACE and TRACE_TAIL are."""
    tails = [row[len(TRACE) :] for row in rows]
    return [*map(_own, tails), *map(_root, tails)]


def observation_chains(rows: Rows, selected: Selected) -> list[Chain]:
    """Where the texts of rows of `selected` and OBSERVATION_TAIL are."""
    return [texts.chain(packs.OBSERVATION, *row[len(selected) :][:3]) for row in rows]


def _own(tail: tuple[Any, ...]) -> Chain:
    return texts.chain(packs.TRACE, *tail[:3])


def _root(tail: tuple[Any, ...]) -> Chain:
    return packs.OBSERVATION + (tail[4] or ""), [id for id in tail[5] or () if id is not None]


def _values(selected: Selected, row: tuple[Any, ...]) -> dict[str, Any]:
    """The columns of a row by the names of its record; what stands behind them is left out."""
    values = dict(zip(selected, row, strict=False))
    for name, conversion in _CONVERT.items():
        if name in values:
            values[name] = conversion(values[name])
    return values


def observation_columns(*, trace: bool) -> Selected:
    """The columns of an observation, with those of its trace where asked for."""
    return {**OBSERVATION, **(OBSERVATION_TRACE if trace else {})}
