"""Items and metadata as people see them in lists."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.db.models.functions import Left

from common.content import preview
from datasets.jsontext import to_value
from datasets.models import DatasetItem

# Characters of a text that a list reads: enough for any preview, little for a long document.
HEAD = 2000
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of metadata; `url` where the value is an address that may be followed."""

    key: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item in a list."""

    row: DatasetItem
    input: str
    expected: str
    metadata: str


def metadata_facts(text: str | None) -> list[Fact]:
    """The entries of a metadata object (or the one value it is), for people: addresses can be clicked."""
    value = to_value(text)
    if value is None:
        return []
    entries = value.items() if isinstance(value, dict) else [("", value)]
    return [_fact(str(key), inner) for key, inner in entries if inner not in (None, "", [], {})]


def with_heads(rows: QuerySet[DatasetItem]) -> QuerySet[DatasetItem]:
    """Items with the beginnings of their texts instead of the texts."""
    heads = {f"{name}_head": Left(name, HEAD) for name in ("input", "expected_output", "metadata")}
    return rows.defer("input", "expected_output", "metadata").annotate(**heads)


def item_line(row: DatasetItem) -> ItemLine:
    """A row of `with_heads` for a list."""
    heads = (getattr(row, f"{name}_head") for name in ("input", "expected_output", "metadata"))
    return ItemLine(row, *(head_preview(head) for head in heads))


def head_preview(head: str | None) -> str:
    """One line from the beginning of a stored text, which may be cut in the middle."""
    if head is None:
        return ""
    try:
        return preview(json.loads(head), SHOWN)
    except ValueError:
        return " ".join(head[:SHOWN].split())


def _fact(key: str, value: object) -> Fact:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Fact(key, text, text if isinstance(value, str) and _is_address(text) else "")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in text
