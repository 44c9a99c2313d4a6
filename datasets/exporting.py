"""A dataset as a file that an import reads back: CSV for spreadsheets, JSON Lines for programs."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from datasets.items import items
from datasets.jsontext import to_text, to_value
from datasets.models import Dataset, DatasetItem

COLUMNS = ("id", "status", "input", "expected_output", "metadata", "source_trace_id", "source_observation_id")
JSON_COLUMNS = frozenset({"input", "expected_output", "metadata"})


def as_json_lines(dataset: Dataset, *, at: datetime | None = None) -> Iterator[str]:
    """One object per item, newest first, archived ones too; keys that hold nothing are left out."""
    for row in _rows(dataset, at):
        parts = [f'"id":{to_text(row.item_id)}', f'"status":"{row.status}"']
        for column in COLUMNS[2:]:
            text = getattr(row, column)
            if text is not None:
                parts.append(f'"{column}":{text if column in JSON_COLUMNS else to_text(text)}')
        yield "{" + ",".join(parts) + "}\n"


def as_csv(dataset: Dataset, *, at: datetime | None = None) -> Iterator[str]:
    """The same as CSV in UTF-8 with a byte order mark, without which spreadsheets spoil Cyrillic."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    yield "\ufeff" + buffer.getvalue()
    for row in _rows(dataset, at):
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(row, column) for column in COLUMNS])
        yield buffer.getvalue()


def _rows(dataset: Dataset, at: datetime | None) -> Iterator[DatasetItem]:
    return items(dataset, at=at, status=None).iterator(chunk_size=500)


def _cell(row: DatasetItem, column: str) -> str:
    if column in JSON_COLUMNS:
        text: str | None = getattr(row, column)
        value = to_value(text)
        return bare(value) if isinstance(value, str) else text or ""
    word: str | None = row.item_id if column == "id" else getattr(row, column)
    return bare(word) if word else ""


def bare(text: str) -> str:
    """A text as it is, unless an import would take it for JSON, for nothing, or trim it, or a spreadsheet for a formula
    that it would run; then it stands in JSON's quotes, which both read as text."""
    if text.strip() == text and text and text[0] not in '{["=+-@' and "\0" not in text:
        return text
    return to_text(text)
