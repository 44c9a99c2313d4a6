"""JSON Schema without the keywords' traps: short schemas and short values that would keep a server busy for hours.

Regular expressions are RE2's, which takes no more time than the text is long (and knows no lookahead and no
backreference); unique items are told by their hashes; references are followed a bounded number of times.
"""

import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from itertools import islice
from typing import Any

import re2
from django.utils.translation import gettext as _
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for

from common.errors import Invalid

# Of one value: a schema of thirty lines can ask for a thousand million.
MOST_REFERENCES = 50_000
_DATA = frozenset({"enum", "const", "default", "examples"})  # what stands in these is no schema
_left: ContextVar[int] = ContextVar("references")


class Endless(Exception):
    """The schema refers to itself more often than can be followed."""


def kind_of(schema: Any, default: type[Validator]) -> type[Validator]:
    """The validator class of the schema's draft, bounded."""
    return _bounded(validator_for(schema, default=default))


def errors_of(validator: Validator, value: Any, most: int) -> list[ValidationError]:
    """The first errors of the value. Raises Endless, RecursionError, Unresolvable."""
    token = _left.set(MOST_REFERENCES)
    try:
        return list(islice(validator.iter_errors(value), most))
    finally:
        _left.reset(token)


def check_patterns(schema: Any, field: str) -> None:
    """Raises Invalid for a regular expression that RE2 does not know, or one that could not be followed."""
    texts = json.dumps(schema)
    if '"unevaluatedProperties"' in texts and '"patternProperties"' in texts:
        raise Invalid(
            _("%(field)s: unevaluatedProperties cannot stand together with patternProperties; use one of them.")
            % {"field": field},
            field,
        )
    for pattern in _patterns(schema):
        if _compiled(pattern) is None:
            raise Invalid(
                _("%(field)s: the pattern %(pattern)s is none of RE2 (no lookahead, no backreference).")
                % {"field": field, "pattern": pattern[:200]},
                field,
            )


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(pattern := schema.get("pattern"), str):
            yield pattern
        if isinstance(named := schema.get("patternProperties"), dict):
            yield from named
    inner = [one for key, one in schema.items() if key not in _DATA] if isinstance(schema, dict) else schema
    for one in inner if isinstance(inner, list) else ():
        yield from _patterns(one)


@lru_cache(1000)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError):
        return None


def _matches(pattern: str, text: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is not None and bool(compiled.search(text.encode("utf-8", "replace").decode()))


@cache
def _bounded(kind: type[Validator]) -> type[Validator]:
    ours: dict[str, Any] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    for name in ("$ref", "$dynamicRef", "$recursiveRef"):
        if name in kind.VALIDATORS:
            ours[name] = _counted(kind.VALIDATORS[name])
    bounded: type[Validator] = extend(kind, ours)  # type: ignore[no-untyped-call]
    return bounded


def _counted(follow: Any) -> Any:
    def counted(validator: Any, *told: Any) -> Iterator[ValidationError]:
        left = _left.get(MOST_REFERENCES) - 1
        if left < 0:
            raise Endless
        _left.set(left)
        yield from follow(validator, *told) or ()

    return counted


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, named: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, schema in named.items():
            for key, value in instance.items():
                if _matches(pattern, key):
                    yield from validator.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    more = [key for key in instance if key not in known and not any(_matches(one, key) for one in patterns)]
    if validator.is_type(wanted, "object"):
        for key in more:
            yield from validator.descend(instance[key], wanted, path=key)
    elif not wanted and more:
        named, verb = ", ".join(map(repr, sorted(more))), "was" if len(more) == 1 else "were"
        yield ValidationError(f"Additional properties are not allowed ({named} {verb} unexpected)")


def _unique_items(validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if wanted and validator.is_type(instance, "array") and len(set(map(_hashable, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _hashable(value: Any) -> Any:
    """Equal for values that JSON Schema holds to be equal: 1 is 1.0, and true is not 1."""
    if isinstance(value, dict):
        return "object", frozenset((key, _hashable(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_hashable, value))
    return isinstance(value, bool), value
