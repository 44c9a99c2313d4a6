"""Conditions of the filter grammar as SQL. User text only ever becomes a parameter.

Text is compared ignoring case, except by "="; a missing value "does not contain" anything and is "none of" anything.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from common.errors import Invalid
from tracing.filters import FITTING, SORTABLE, Filter
from tracing.store.postgres.places import BEGINNING, Entity, Place
from tracing.store.postgres.sql import plain


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL with its parameters, in order."""

    sql: str
    params: tuple[Any, ...] = ()


def place_of(entity: Entity, column: str, field: str = "filter") -> Place:
    """Where a column stands; raises Invalid with the known ones."""
    if column not in entity.places:
        known = ", ".join(sorted(entity.places))
        raise Invalid(f"{field}: there is no column {column!r} of {entity.name}; there are {known}.", field)
    return entity.places[column]


def order_place(entity: Entity, column: str) -> Place:
    """What to sort by; raises Invalid for a column without an order."""
    place = place_of(entity, column, "orderBy")
    if entity.kinds[column] not in SORTABLE:
        raise Invalid(f"orderBy: {entity.name} cannot be sorted by {column}.", "orderBy")
    return place


def compile_filters(entity: Entity, filters: Iterable[Filter]) -> list[Condition]:
    """One condition for each filter; raises Invalid for an unknown column or a type that does not fit it. Not for
    columns that stand in packs (see `judging`)."""
    return [compile_filter(entity, condition) for condition in filters]


def checked(entity: Entity, condition: Filter) -> tuple[Place, str]:
    """Place and kind of the condition's column; raises Invalid for one that is not there or does not fit."""
    place = place_of(entity, condition.column)
    kind = entity.kinds[condition.column]
    if condition.type not in FITTING[kind]:
        fitting = ", ".join(FITTING[kind])
        raise Invalid(
            f"filter: column {condition.column} of {entity.name} takes type {fitting}, not {condition.type}.", "filter"
        )
    return place, kind


def compile_filter(entity: Entity, condition: Filter) -> Condition:
    """The condition as SQL."""
    place, kind = checked(entity, condition)
    if condition.type == "null":
        return Condition(f"{place.sql} {'IS NULL' if condition.operator == 'is null' else 'IS NOT NULL'}")
    found = _COMPILERS[kind](place.sql, condition)
    if place.beginning and condition.operator in ("=", "any of"):
        values = condition.value if condition.type == "stringOptions" else [condition.value]
        beginnings = [plain(value)[:BEGINNING] for value in values]
        return Condition(f"({place.beginning} = ANY(%s::text[]) AND {found.sql})", (beginnings, *found.params))
    return found


def contains(sql: str, text: str) -> Condition:
    """A search for text anywhere, ignoring case."""
    return Condition(f"{sql} ILIKE %s", (f"%{escape_like(text)}%",))


def escape_like(text: str) -> str:
    """`text` for LIKE, meaning itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def json_escaped(text: str) -> str:
    """`text` as it stands inside a JSON string."""
    try:
        return orjson.dumps(text).decode()[1:-1]
    except orjson.JSONEncodeError:
        return text


# --- By kind of column: `sql` is where it stands -------------------------------------------------------


_AFFIXES: Mapping[str, tuple[str, str]] = {
    "contains": ("%", "%"),
    "matches": ("%", "%"),
    "does not contain": ("%", "%"),
    "starts with": ("", "%"),
    "ends with": ("%", ""),
}


def _string(sql: str, condition: Filter) -> Condition:
    if condition.type == "stringOptions":
        return _options(sql, condition)
    return _text(sql, condition.operator, condition.value)


def _text(sql: str, operator: str, value: str) -> Condition:
    if operator == "=":
        return Condition(f"{sql} = %s", (value,))
    before, after = _AFFIXES[operator]
    pattern = f"{before}{escape_like(value)}{after}"
    if operator == "does not contain":
        return Condition(f"({sql} ILIKE %s) IS NOT TRUE", (pattern,))
    return Condition(f"{sql} ILIKE %s", (pattern,))


def _options(sql: str, condition: Filter) -> Condition:
    any_of = f"{sql} = ANY(%s::text[])"
    negated = condition.operator == "none of"
    return Condition(f"({any_of}) IS NOT TRUE" if negated else any_of, (list(condition.value),))


def _json_text(sql: str, condition: Filter) -> Condition:
    """A stored JSON text against plain text: a string is compared without its quotes, others as they are written."""
    operator, value = condition.operator, condition.value
    inside = json_escaped(value)
    if operator == "=":
        return Condition(f"{sql} = ANY(%s::text[])", ([value, f'"{inside}"'],))
    if operator == "starts with":
        return Condition(f"{sql} ILIKE ANY(%s::text[])", ([f"{escape_like(value)}%", f'"{escape_like(inside)}%'],))
    if operator == "ends with":
        return Condition(f"{sql} ILIKE ANY(%s::text[])", ([f"%{escape_like(value)}", f'%{escape_like(inside)}"'],))
    return _text(sql, operator, inside)


def _compared(sql: str, condition: Filter) -> Condition:
    if condition.type == "numberOptions":
        return Condition(f"{sql} = ANY(%s::float8[])", (list(condition.value),))
    return Condition(f"{sql} {comparison(condition)} %s", (condition.value,))


def comparison(condition: Filter) -> str:
    """The operator, from the fixed list: a filter made by hand may hold anything."""
    if condition.operator not in ("=", "<>", ">", "<", ">=", "<="):
        raise Invalid(f"filter: {condition.operator!r} does not compare {condition.column}.", "filter")
    return condition.operator


def _array(sql: str, condition: Filter) -> Condition:
    if condition.type == "string":
        if condition.operator == "=":
            return Condition(f"%s = ANY({sql})", (condition.value,))
        negated = "NOT " if condition.operator == "does not contain" else ""
        inner = _text("element", "contains" if negated else condition.operator, condition.value)
        return Condition(f"{negated}EXISTS (SELECT FROM unnest({sql}) element WHERE {inner.sql})", inner.params)
    operator = {"any of": "&&", "none of": "&&", "all of": "@>"}[condition.operator]
    # The bare column, which may be null: only of that does the planner know how common each element is.
    found = f"{sql} {operator} %s::text[]"
    if condition.operator == "none of":
        found = f"({found}) IS NOT TRUE"
    elif not condition.value:  # "all of" nothing: so has a row without any
        found = f"coalesce({sql}, '{{}}') {operator} %s::text[]"
    return Condition(found, (list(condition.value),))


# A JSON text that is a number, quoted or not, as a number; others are null.
_NUMBER = (
    "(SELECT CASE WHEN v ~ '^\"?-?[0-9]{{1,200}}([.][0-9]{{1,200}})?([eE][-+]?[0-9]{{1,2}})?\"?$'"
    " THEN trim('\"' FROM v)::numeric END FROM (VALUES ({0})) AS one(v))"
)


def _object(sql: str, condition: Filter) -> Condition:
    found = _value_of(f"({sql} ->> %s)", condition)
    return Condition(found.sql, (condition.key, *found.params))


def _value_of(sql: str, condition: Filter) -> Condition:
    """A condition on the JSON text under the key, which `sql` must mention once."""
    match condition.type:
        case "stringObject":
            return _json_text(sql, condition)
        case "numberObject":
            return Condition(f"{_NUMBER.format(sql)} {comparison(condition)} %s", (condition.value,))
        case "booleanObject":
            wanted = condition.value is (condition.operator == "=")
            return Condition(f"trim('\"' FROM {sql}) = %s", ("true" if wanted else "false",))
        case _:
            options = tuple(text for option in condition.value for text in (option, f'"{json_escaped(option)}"'))
            return _options(sql, replace(condition, value=options))


def _strings(sql: str, condition: Filter) -> Condition:
    found = _text(f"({sql} ->> %s)", condition.operator, condition.value)
    return Condition(found.sql, (condition.key, *found.params))


def _numbers(sql: str, condition: Filter) -> Condition:
    mean = (
        f"(SELECT avg(s.value) FROM tracing_score s WHERE {sql} AND s.name = %s"  # noqa: S608
        " AND s.data_type IN ('NUMERIC', 'BOOLEAN'))"
    )
    return Condition(f"{mean} {comparison(condition)} %s", (condition.key, condition.value))


def _categories(sql: str, condition: Filter) -> Condition:
    chosen = (
        f"EXISTS (SELECT FROM tracing_score s WHERE {sql} AND s.name = %s"
        " AND s.data_type IN ('CATEGORICAL', 'BOOLEAN') AND s.string_value = ANY(%s::text[]))"
    )
    negated = "NOT " if condition.operator == "none of" else ""
    return Condition(negated + chosen, (condition.key, list(condition.value)))


def _booleans(sql: str, condition: Filter) -> Condition:
    said = (
        f"EXISTS (SELECT FROM tracing_score s WHERE {sql} AND s.name = %s AND s.data_type = 'BOOLEAN' AND s.value = %s)"
    )
    negated = "NOT " if condition.operator == "<>" else ""
    return Condition(negated + said, (condition.key, 1.0 if condition.value else 0.0))


_EARLIER = (
    "(SELECT count(*) FROM tracing_observation x WHERE x.project_id = o.project_id AND x.trace_id = o.trace_id"
    " AND (x.start_time, x.id) {} (o.start_time, o.id))"
)
_POSITIONS: Mapping[str, tuple[str, bool]] = {
    "first": (_EARLIER.format("<"), False),
    "last": (_EARLIER.format(">"), False),
    "nthFromStart": (_EARLIER.format("<"), True),
    "nthFromEnd": (_EARLIER.format(">"), True),
}


def _position(sql: str, condition: Filter) -> Condition:
    """`nth…` count from 1."""
    if condition.key == "root":
        return Condition(sql)
    if condition.key is None or condition.key not in _POSITIONS:
        raise Invalid(f"filter: positionInTrace knows the keys root, {', '.join(_POSITIONS)}.", "filter")
    others, counted = _POSITIONS[condition.key]
    if not counted:
        return Condition(f"{others} = 0")
    if not isinstance(condition.value, int) or not 1 <= condition.value < 2**31:
        raise Invalid(f"filter: {condition.key} needs a whole number from 1 as value.", "filter")
    return Condition(f"{others} = %s", (condition.value - 1,))


_COMPILERS: Mapping[str, Callable[[str, Filter], Condition]] = {
    "string": _string,
    "text": _json_text,
    "number": _compared,
    "datetime": _compared,
    "boolean": _compared,
    "array": _array,
    "object": _object,
    "strings": _strings,
    "numbers": _numbers,
    "categories": _categories,
    "booleans": _booleans,
    "position": _position,
}
