"""The few rows that a search can be about, found by the signatures of packs; whoever asks judges each of them."""

from collections.abc import Iterable
from itertools import islice

from tracing.store.postgres import packs, signatures
from tracing.store.postgres.filters import Condition
from tracing.store.postgres.packs import OBSERVATION, TRACE
from tracing.store.postgres.places import TRACES, Entity
from tracing.store.postgres.signatures import words
from tracing.store.postgres.sql import fetch

MANY = 1_500  # packs; more are not expanded beforehand: the newest rows will hold what is so common
_AT_ONCE = 100

_HOMES = "SELECT DISTINCT trace_id FROM tracing_observation WHERE project_id = (SELECT %s) AND id = ANY(%s)"
_MEMBERS = "SELECT id FROM tracing_observation WHERE project_id = (SELECT %s) AND trace_id = %s"


def narrow(entity: Entity, project_id: str, needles: Iterable[str]) -> list[Condition]:
    """A condition that keeps all rows that hold the needles, and few others; none where it would keep too many.

    Only the longest needle is looked for: what holds the others, the judge knows.
    """
    needle = max(needles, key=len, default="")
    holding = signatures.may_hold(project_id, needle)
    if holding is None:
        return []
    found = list(islice(holding, MANY + 1))
    if len(found) > MANY:
        return []
    keys = _keys(project_id, found, needle)
    steps = [key[1:] for key in keys if key[0] == OBSERVATION]
    if entity is TRACES:
        ids = {key[1:] for key in keys if key[0] == TRACE} | {id for (id,) in fetch(_HOMES, (project_id, steps))}
    else:
        ids = {*steps, *(id for (id,) in fetch(_MEMBERS, (project_id, needle)))}
    return [Condition(f"{entity.alias}.id = ANY(%s::text[])", (sorted({*ids, needle}),))]


def _keys(project_id: str, ids: list[int], needle: str) -> set[str]:
    """Of the parts in these packs that hold all words of the needle, or stand under an id that holds it."""
    sought, inside = needle.lower(), words(needle)
    keys: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        for parts in packs.read(project_id, ids[start : start + _AT_ONCE], whole=True).values():
            for key, part in parts.items():
                if part.home and sought in part.home.lower():
                    keys.update((key, TRACE + part.home))
                elif sought in key[1:].lower() or _holds(" ".join(signatures.texts(part)).lower(), inside):
                    keys.add(key)
    return keys


def _holds(text: str, inside: set[str]) -> bool:
    return all(word in text for word in inside)
