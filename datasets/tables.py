"""Files of examples as rows with line numbers: CSV of any kind, JSON Lines, a JSON array of objects, Parquet.

What is broken is named by its line and does not stop the rest.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from common.errors import Invalid
from datasets import parquet

DELIMITERS = (",", ";", "\t", "|")
# In the order in which they are tried; the single-byte ones never fail, so Russian comes before Western European.
ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp1252")
MAX_COLUMNS = 200
csv.field_size_limit(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read; empty values are found out."""

    format: str = ""  # "csv", "json" or "parquet"
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: the line it starts on, its values by column."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file read: how, its columns in order, its rows and what was broken."""

    reading: Reading
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    broken: tuple[Broken, ...] = field(default=())


def read_table(content: bytes, file_name: str = "", reading: Reading | None = None) -> Table:
    """Read a file; raises Invalid when nothing of it can be understood."""
    table = _parquet(content) if content.startswith(parquet.MAGIC) else _text(content, file_name, reading or Reading())
    if any("\0" in column for column in table.columns):
        raise Invalid(_("The name of a column holds a NUL character: this is not a file of text."), "file")
    return table


def _text(content: bytes, file_name: str, asked: Reading) -> Table:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Invalid(_("This is a spreadsheet or an archive. Save it as CSV first."), "file")
    text, encoding = _decode(content, asked.encoding)
    if not text.strip():
        raise Invalid(_("The file is empty."), "file")
    kind = asked.format or _format(text, file_name)
    if kind == "json":
        found = Reading("json", encoding)
        return _json_array(text, found) if text.lstrip().startswith("[") else _json_lines(text, found)
    delimiter = asked.delimiter or _delimiter(text)
    return _csv(text, Reading("csv", encoding, delimiter))


def _parquet(content: bytes) -> Table:
    columns, rows = parquet.read_rows(content)
    if not rows:
        raise Invalid(_("The file is empty."), "file")
    if len(columns) > MAX_COLUMNS:
        raise Invalid(_too_many(len(columns)), "file")
    return Table(Reading("parquet"), columns, tuple(Line(number, row) for number, row in enumerate(rows, 1)))


def _decode(content: bytes, encoding: str) -> tuple[str, str]:
    if encoding and encoding not in ENCODINGS:
        raise Invalid(_("Unknown encoding %(name)r.") % {"name": encoding}, "encoding")
    if not encoding and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    for attempt in (encoding,) if encoding else ("utf-8", "cp1251", "cp1252"):
        try:
            return content.decode("utf-8-sig" if attempt == "utf-8" else attempt), attempt
        except UnicodeDecodeError:
            continue
    raise Invalid(_("The file is not text in this encoding. Choose another one."), "encoding")


def _format(text: str, file_name: str) -> str:
    ending = file_name.lower().rpartition(".")[2]
    if ending in ("csv", "tsv", "tab"):
        return "csv"
    if ending in ("json", "jsonl", "ndjson"):
        return "json"
    return "json" if text.lstrip()[:1] in ("{", "[") else "csv"


def _delimiter(text: str) -> str:
    """The sign that cuts the header into most columns, outside quotes."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    cuts = {sign: len(next(csv.reader([header], delimiter=sign), [])) for sign in DELIMITERS}
    return max(cuts, key=lambda sign: cuts[sign])


def _csv(text: str, reading: Reading) -> Table:
    # Strict, so that a quote that is never closed is told instead of swallowing the rest of the file in silence.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=reading.delimiter, strict=True)
    columns: tuple[str, ...] = ()
    lines: list[Line] = []
    broken: list[Broken] = []
    for number, row in _rows(reader, broken):
        if not any(cell.strip() for cell in row):
            continue
        if not columns:
            columns = _named(row)
        elif len(row) != len(columns):
            reason = _("number of fields: %(fields)s, in the header: %(columns)s")
            broken.append(Broken(number, reason % {"fields": len(row), "columns": len(columns)}))
        else:
            lines.append(Line(number, dict(zip(columns, row, strict=True))))
    if not columns:
        raise Invalid(" ".join([_("The file has no header line."), *_first(broken)]), "file")
    return Table(reading, columns, tuple(lines), tuple(broken))


def _rows(reader: Any, broken: list[Broken]) -> Iterator[tuple[int, list[str]]]:
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            unclosed = "unexpected end of data" in str(error)
            broken.append(Broken(number, _("a quote is opened and never closed") if unclosed else str(error)))
            continue
        yield number, row


def _named(header: Sequence[str]) -> tuple[str, ...]:
    if len(header) > MAX_COLUMNS:
        raise Invalid(_too_many(len(header)), "file")
    names = [cell.strip() or f"column {position}" for position, cell in enumerate(header, 1)]
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(unique)


def _json_lines(text: str, reading: Reading) -> Table:
    # Only line feeds end a line here: JSON strings may hold every other separator that Python knows.
    found = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return _objects(reading, ((number, _decoded(line)) for number, line in found))


def _json_array(text: str, reading: Reading) -> Table:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("The file is not valid JSON: %(error)s.") % {"error": error}, "file") from error
    return _objects(reading, enumerate(values, 1))


def _objects(reading: Reading, values: Iterator[tuple[int, Any]] | enumerate[Any]) -> Table:
    columns: dict[str, None] = {}
    lines: list[Line] = []
    broken: list[Broken] = []
    for number, value in values:
        if isinstance(value, _Fault):
            broken.append(Broken(number, value.reason))
        elif not isinstance(value, dict):
            broken.append(Broken(number, _("is not a JSON object")))
        else:
            columns |= dict.fromkeys(value)
            lines.append(Line(number, value))
    if not lines and broken:
        raise Invalid(" ".join([_("Nothing in the file can be read."), *_first(broken)]), "file")
    if len(columns) > MAX_COLUMNS:
        raise Invalid(_too_many(len(columns)), "file")
    return Table(reading, tuple(columns), tuple(lines), tuple(broken))


@dataclass(frozen=True, slots=True)
class _Fault:
    reason: str


def _decoded(line: str) -> Any:
    try:
        return msgspec.json.decode(line.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        return _Fault(_("is not valid JSON: %(error)s") % {"error": error})


def _first(broken: Sequence[Broken]) -> list[str]:
    """The first broken line as a sentence, when there is one."""
    one = {"line": broken[0].number, "reason": broken[0].reason} if broken else None
    return [_("Line %(line)s: %(reason)s.") % one] if one else []


def _too_many(columns: int) -> str:
    numbers = {"columns": columns, "most": MAX_COLUMNS}
    return _("There are %(columns)s different columns; at most %(most)s can be read.") % numbers
