"""The shapes of which the tables of dialects are made."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Attributes = Mapping[str, Any]
Names = tuple[str, ...]
Fields = Mapping[str, Names]  # field -> the names that give it, the most telling first
Types = tuple[str, Mapping[str, str]]  # attribute, its values in lower case -> type of observation
Event = tuple[str, Attributes]  # name, attributes
Sides = tuple[Any, Any]  # input and output as plain values; None for a side that nobody gave
Read = Callable[[Attributes, Sequence[Event]], Sides]
# Adds to the values of fields what stands deeper inside some attribute.
Fill = Callable[[Attributes, dict[str, Any]], None]

_NUMBER = re.compile(r"^\d{1,4}$")
MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class Reader:
    """Finds the input and output of a span in one dialect.

    It is asked only when an attribute of `names`, one that starts with a prefix, or an event of `events` is there, and
    only within `scope` where one is named.
    """

    read: Read
    names: Names = ()
    prefixes: Names = ()
    events: Names = ()
    scope: str | None = None


def named(inputs: Names, outputs: Names, scope: str | None = None) -> Reader:
    """A dialect that keeps each side in one attribute; the first that says something is taken."""
    return Reader(lambda span, _: (first(span, inputs), first(span, outputs)), (*inputs, *outputs), scope=scope)


def numbered(inputs: str, outputs: str) -> Reader:
    """A dialect that spreads messages over numbered names: `gen_ai.prompt.0.role`, `gen_ai.prompt.0.content`…"""
    return Reader(
        lambda span, _: (nested(span, inputs), nested(span, outputs)), (inputs, outputs), (f"{inputs}.", f"{outputs}.")
    )


def merged(tables: Iterable[Fields]) -> dict[str, Names]:
    """Several tables as one: what an earlier one names stands before what a later one does."""
    fields: dict[str, Names] = {}
    for table in tables:
        for field, names in table.items():
            fields[field] = (*fields.get(field, ()), *names)
    return fields


def first(attributes: Attributes, names: Names) -> Any:
    """The value of the first name that is present and says something."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def parsed(value: Any) -> Any:
    """JSON text as what it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def json_object(value: Any) -> dict[str, Any] | None:
    """An object given as such or as JSON text."""
    value = parsed(value)
    return value if isinstance(value, dict) else None


def nested(attributes: Attributes, prefix: str) -> Any:
    """The tree that dotted names spell out below a prefix; the attribute of that very name, where there is one."""
    if (whole := attributes.get(prefix)) is not None:
        return whole
    start = f"{prefix}."
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(start):
            *path, last = name[len(start) :].split(".")
            branch = tree
            for step in path[:MAX_STEPS]:
                inner = branch.setdefault(step, {})
                branch = inner if isinstance(inner, dict) else {}
            branch[last] = value
    return _with_lists(tree) if tree else None


def at(value: Any, *path: str) -> Any:
    """What stands at a path of keys; None where the path ends early."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _with_lists(tree: Any) -> Any:
    """Objects whose keys are numbers become lists in that order."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(_NUMBER.match(key) for key in tree):
        return [_with_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _with_lists(value) for key, value in tree.items()}
