"""The texts of a row, put together from the parts its packs hold.

A row names its packs in the order in which their words count: what a later part says replaces what an earlier one said,
metadata key by key. That is the merge of `columns` for what stands outside the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tracing.records import JsonText
from tracing.store.postgres import packs
from tracing.store.postgres.packs import Long, Part
from tracing.store.postgres.rows import metadata_text
from tracing.store.postgres.sql import fetch
from tracing.store.previews import preview

_TABLES = {packs.TRACE: "tracing_trace", packs.OBSERVATION: "tracing_observation"}
_CHAIN = "SELECT id, pack, earlier FROM {} WHERE project_id = (SELECT %s) AND id = ANY(%s)"

# A key (see `packs`) and the packs of its row, in order.
Chain = tuple[str, Sequence[int]]


@dataclass(slots=True)
class Texts:
    """What a row says at length. Input and output are Long only where they were not read whole."""

    input: JsonText | Long | None = None
    output: JsonText | Long | None = None
    metadata: dict[str, JsonText] = field(default_factory=dict)
    parameters: JsonText | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Texts:
        """What these parts say in this order."""
        if not parts:
            return cls()
        part = parts[0] if len(parts) == 1 else packs.merged(parts)
        return cls(
            part.input,
            part.output,
            part.metadata or {},
            part.parameters,
            orjson.loads(part.usage) if part.usage else {},
            orjson.loads(part.cost) if part.cost else {},
        )

    @property
    def previews(self) -> dict[str, Any]:
        """The lines that lists show."""
        return {"input_preview": _line(self.input), "output_preview": _line(self.output, answer=True)}

    @property
    def bodies(self) -> dict[str, Any]:
        """The texts as records carry them; read whole."""
        given, answered = self.input, self.output
        return {
            "input": given if isinstance(given, str) else None,
            "output": answered if isinstance(answered, str) else None,
            "metadata": metadata_text(self.metadata) if self.metadata else None,
        }


def _line(text: JsonText | Long | None, *, answer: bool = False) -> str:
    return text.line if isinstance(text, Long) else preview(text, answer=answer) or ""


def chain(kind: str, id: str, pack: int | None, earlier: Sequence[int] | None) -> Chain:
    """Where the texts of a row are; `kind` is `packs.TRACE` or `packs.OBSERVATION`."""
    return kind + id, (*(earlier or ()), *(() if pack is None else (pack,)))


def load(project_id: str, chains: Iterable[Chain], *, whole: bool) -> dict[str, Texts]:
    """The texts of each key: one query. Without `whole`, of long ones only what lists show of them.

    Between the reading of a row and that of its packs a writer may fold them; such rows are looked up once more.
    """
    found, moved = _load(project_id, chains, whole)
    for kind, table in _TABLES.items():
        if ids := [key[1:] for key in moved if key.startswith(kind)]:
            again = [chain(kind, *row) for row in fetch(_CHAIN.format(table), (project_id, ids))]
            found |= _load(project_id, again, whole)[0]
    return found


def _load(project_id: str, chains: Iterable[Chain], whole: bool) -> tuple[dict[str, Texts], list[str]]:
    """The texts, and the keys of those that were not where they should be."""
    chains = list(chains)
    read = packs.read(project_id, sorted({pack for _, ids in chains for pack in ids}), whole=whole)
    found, moved = {}, []
    for key, ids in chains:
        parts = [part for id in ids if (part := read.get(id, {}).get(key)) is not None]
        found[key] = Texts.of(parts)
        if len(parts) < len(ids):
            moved.append(key)
    return found, moved
