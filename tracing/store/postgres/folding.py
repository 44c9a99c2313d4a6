"""Folding what was said of a row in many writes into one part, so that reading it stays one pack or few.

Whoever sends the same observation again and again adds a part each time; those that are repeated, and those that later
words replaced, go.
"""

from collections.abc import Mapping, Sequence

from tracing.store.postgres import packs
from tracing.store.postgres.sql import run
from tracing.store.postgres.texts import Chain

DEEP = 4  # earlier packs of a row; then they are folded

_POINT = "UPDATE {} SET pack = %s, earlier = NULL WHERE project_id = (SELECT %s) AND id = ANY(%s)"


def fold(project_id: str, chains: Mapping[str, Sequence[Chain]]) -> None:
    """Fold the texts of rows that the transaction has locked; `chains` by table."""
    everything = [chain for some in chains.values() for chain in some]
    if not everything:
        return
    read = packs.lock(project_id, sorted({id for _, ids in everything for id in ids}))
    whole = [
        packs.merged(parts)
        for key, ids in everything
        if (parts := [part for id in ids if (part := read.get(id, {}).get(key)) is not None])
    ]
    places = packs.add(project_id, whole)
    for table, some in chains.items():
        by_pack: dict[int, list[str]] = {}
        for key, _ in some:
            if key in places:
                by_pack.setdefault(places[key], []).append(key[1:])
        for pack, members in by_pack.items():
            run(_POINT.format(table), (pack, project_id, members))
    gone: dict[int, set[str]] = {}
    for key, ids in everything:
        for id in ids:
            gone.setdefault(id, set()).add(key)
    packs.forget(project_id, gone)
