"""The `filter` of `GET /v2/prompts` (SDK 5; api.md, section 9): a JSON array of conditions, all of which must hold.

A condition is `{type, column, operator, value, key?}` and chooses *versions*. Text is searched ignoring case, `%` and
`_` being wildcards unless a backslash stands before them; `=` is exact. What a version does not have "does not contain"
anything and is "none of" anything.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, JSONField, OuterRef, Q, TextField, Value
from django.db.models.expressions import Combinable
from rest_framework.exceptions import ParseError

from common.api.parsing import decode_json
from common.errors import Invalid
from common.moments import parse_moment
from prompts.models import PromptLabel

MOST = 100
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "string": ("=", "contains", "does not contain", "starts with", "ends with", "is not empty"),
    "stringOptions": ("any of", "none of"),
    "number": ("=", ">", "<", ">=", "<="),
    "datetime": (">", "<", ">=", "<="),
    "arrayOptions": ("any of", "all of", "none of"),
    "stringObject": ("=", "contains", "does not contain", "starts with", "ends with", "is set", "is not set"),
}
# Type -> the columns it fits, and where each stands.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "string": {"id": "id", "name": "prompt__name", "type": "prompt__type"},
    "stringOptions": {"id": "id", "name": "prompt__name", "type": "prompt__type"},
    "number": {"version": "version"},
    "datetime": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "arrayOptions": {"labels": "labels", "tags": "prompt__tags"},
    "stringObject": {"config": "config"},
}
VALUELESS = frozenset({"is not empty", "is set", "is not set"})
LOOKUPS = {">": "gt", "<": "lt", ">=": "gte", "<=": "lte"}
AFFIXES = {"contains": ("%", "%"), "does not contain": ("%", "%"), "starts with": ("", "%"), "ends with": ("%", "")}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, checked; `place` is where its column stands, `key` a key of the config."""

    type: str
    place: str
    operator: str
    value: Any
    key: str = ""


def read_filter(text: str) -> tuple[Condition, ...]:
    """The conditions in a query parameter. Raises Invalid, which names the part that is wrong."""
    try:
        raw = decode_json(text.encode("utf-8", "replace"))
    except ParseError as error:
        raise Invalid(f"filter must be JSON: {error.detail}", "filter") from None
    if not isinstance(raw, list):
        raise Invalid("filter must be a JSON array of conditions.", "filter")
    if len(raw) > MOST:
        raise Invalid(f"filter may hold up to {MOST} conditions.", "filter")
    return tuple(_condition(one, f"filter[{place}]") for place, one in enumerate(raw))


def chooses(condition: Condition) -> Q | Combinable:
    """What the condition asks of a `PromptVersion`, for `filter()`."""
    return _READERS[condition.type](condition)


# --- Reading ------------------------------------------------------------------------------------------


def _condition(raw: Any, place: str) -> Condition:
    if not isinstance(raw, dict):
        raise Invalid(f"{place} must be an object with type, column, operator and value.", place)
    kind = _one_of(raw, "type", COLUMNS, place)
    column = _one_of(raw, "column", COLUMNS[kind], place)
    operator = _one_of(raw, "operator", OPERATORS[kind], place)
    value = "" if operator in VALUELESS else _value(kind, raw.get("value"), f"{place}.value")
    key = _text(raw.get("key"), f"{place}.key") if kind == "stringObject" else ""
    if kind == "stringObject" and not key:
        raise Invalid(f"{place}.key must name a key of the config.", f"{place}.key")
    return Condition(kind, COLUMNS[kind][column], operator, value, key)


def _one_of(raw: Mapping[str, Any], name: str, known: Sequence[str] | Mapping[str, Any], place: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or value not in known:
        raise Invalid(f"{place}.{name} must be one of {', '.join(known)}.", f"{place}.{name}")
    return value


def _value(kind: str, value: Any, place: str) -> Any:
    if kind in ("stringOptions", "arrayOptions"):
        if not isinstance(value, list) or not value:
            raise Invalid(f"{place} must be a non-empty list of strings.", place)
        return tuple(_text(one, place) for one in value)
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Invalid(f"{place} must be a number.", place)
        return value
    return _moment(value, place) if kind == "datetime" else _text(value, place)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise Invalid(f"{place} must be a string without NUL characters.", place)
    return value


def _moment(value: Any, place: str) -> datetime:
    moment = parse_moment(value)
    if moment is None:
        raise Invalid(f"{place} must be a time in ISO 8601, e.g. 2026-01-31T12:00:00Z.", place)
    return moment


# --- Asking: by type of condition ---------------------------------------------------------------------


def _string(condition: Condition) -> Q | Combinable:
    if condition.operator == "is not empty":
        return ~Q(**{condition.place: ""})
    if condition.operator == "=":
        return Q(**{condition.place: condition.value})
    return _matches(F(condition.place), condition)


def _options(condition: Condition) -> Q:
    any_of = Q(**{f"{condition.place}__in": condition.value})
    return ~any_of if condition.operator == "none of" else any_of


def _number(condition: Condition) -> Q:
    """Versions are whole, what they are compared with need not be."""
    operator, value = condition.operator, condition.value
    if operator == "=":
        return Q(version=int(value)) if value == int(value) else Q(pk__in=())
    whole = math.floor(value) if operator in (">", "<=") else math.ceil(value)
    return Q(**{f"version__{LOOKUPS[operator]}": whole})


def _time(condition: Condition) -> Q:
    return Q(**{f"{condition.place}__{LOOKUPS[condition.operator]}": condition.value})


def _array(condition: Condition) -> Q | Combinable:
    """Tags are the prompt's, labels the version's."""
    has = _has_labels if condition.place == "labels" else _has_tags
    if condition.operator == "all of":
        every = Q()
        for value in condition.value:
            every &= Q(has((value,)))
        return every
    any_of = Q(has(condition.value))
    return ~any_of if condition.operator == "none of" else any_of


def _has_labels(labels: Sequence[str]) -> Any:
    return Exists(PromptLabel.objects.filter(version=OuterRef("pk"), label__in=labels))


def _has_tags(tags: Sequence[str]) -> Q:
    return Q(prompt__tags__overlap=list(tags))


def _config(condition: Condition) -> Q | Combinable:
    """A value of the config as text; searched for nothing, it only has to be there."""
    operator, key = condition.operator, Value(condition.key, TextField())
    if operator == "is not set":
        return ~Q(_is_set(key))
    if operator == "is set" or not condition.value:
        return Q(_is_set(key))
    text = Func(_JSON, key, template="(%(expressions)s)", arg_joiner=" ->> ", output_field=TextField())
    if operator == "=":
        return _compared(text, "=", condition.value)
    return _matches(text, condition)


def _is_set(key: Value) -> Func:
    exists = Func(_JSON, key, function="jsonb_exists", output_field=BooleanField())
    return Func(
        Func(_JSON, function="jsonb_typeof", output_field=TextField()),
        exists,
        template="(%(expressions)s)",
        arg_joiner=" = 'object' AND ",
        output_field=BooleanField(),
    )


def _matches(text: Any, condition: Condition) -> Q | Combinable:
    """LIKE with the value as the pattern; a backslash that escapes nothing means itself."""
    value = condition.value
    if (len(value) - len(value.rstrip("\\"))) % 2:
        value += "\\"
    before, after = AFFIXES[condition.operator]
    found = _compared(text, "ILIKE", f"{before}{value}{after}")
    if condition.operator != "does not contain":
        return found
    return Func(found, template="(%(expressions)s) IS NOT TRUE", output_field=BooleanField())


def _compared(text: Any, operator: str, value: str) -> Func:
    return Func(
        text,
        Value(value, TextField()),
        template="(%(expressions)s)",
        arg_joiner=f" {operator} ",
        output_field=BooleanField(),
    )


# The config's JSON text as jsonb. It may hold escapes of NUL and of halves of characters, which jsonb refuses: they are
# left out, since no text of a filter can hold them.
_LEFT_OUT = r"regexp_replace(%(expressions)s, '(?<!\\)((?:\\\\)*)\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\1', 'g')"
_JSON = Func(
    F("config"),
    template=f"""CASE WHEN pg_input_is_valid(%(expressions)s, 'jsonb') THEN %(expressions)s::jsonb
        WHEN pg_input_is_valid({_LEFT_OUT}, 'jsonb') THEN {_LEFT_OUT}::jsonb END""",
    output_field=JSONField(),
)

_READERS: Mapping[str, Callable[[Condition], Q | Combinable]] = {
    "string": _string,
    "stringOptions": _options,
    "number": _number,
    "datetime": _time,
    "arrayOptions": _array,
    "stringObject": _config,
}
