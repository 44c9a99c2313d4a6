"""A file of examples into a dataset: what each column becomes, a look at the result, then the writing.

Writing is idempotent: a row without an id gets one made of the import and its line, so that a repeated task changes
nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from common.errors import DomainError, Invalid, NotFound
from datasets.authors import Author
from datasets.items import KEEP, ItemChange, put_items
from datasets.jsontext import to_text
from datasets.models import Dataset, DatasetImport, DatasetItem
from datasets.schemas import Schemas, schemas_of
from datasets.tables import Broken, Line, Reading, Table, read_table

MAX_BYTES = 50 * 1024 * 1024
# Up to here a request answers at once; more is a task of its own.
INLINE = 1000
CHUNK = 500
STALE = timedelta(days=1)
State = DatasetImport.State

TARGETS: Mapping[str, Any] = {
    "input": gettext_lazy("Input: the value itself"),
    "input_field": gettext_lazy("Input: a field of it"),
    "expected": gettext_lazy("Expected output: the value itself"),
    "expected_field": gettext_lazy("Expected output: a field of it"),
    "metadata": gettext_lazy("Metadata: the value itself"),
    "metadata_field": gettext_lazy("Metadata: a field of it"),
    "id": gettext_lazy("Id"),
    "status": gettext_lazy("Status"),
    "source_trace_id": gettext_lazy("Source trace id"),
    "source_observation_id": gettext_lazy("Source observation id"),
    "ignore": gettext_lazy("(leave out)"),
}
# What a column's name says about it; ours from exports first, then words people use.
GUESSES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "item_id", "itemid"),
    "status": ("status",),
    "source_trace_id": ("source_trace_id", "sourcetraceid"),
    "source_observation_id": ("source_observation_id", "sourceobservationid"),
    "input": ("input", "inputs", "question", "prompt", "query", "вопрос", "запрос", "вход", "ввод"),
    "expected": (
        "expected_output",
        "expectedoutput",
        "expected",
        "output",
        "answer",
        "target",
        "reference",
        "ground_truth",
        "label",
        "ответ",
        "эталон",
        "ожидаемый ответ",
        "ожидание",
    ),
    "metadata": ("metadata", "meta", "метаданные"),
    "ignore": ("created_at", "updated_at", "createdat", "updatedat"),
}
FIELDS = {"input": "input", "expected": "expected_output", "metadata": "metadata"}


@dataclass(frozen=True, slots=True)
class Planned:
    """What an import would do: the items by line, and the lines that are left out with the reason."""

    items: tuple[tuple[int, ItemChange], ...]
    broken: tuple[Broken, ...] = field(default=())


def upload(dataset: Dataset, content: bytes, file_name: str, *, by: User | None) -> DatasetImport:
    """Keep a file for an import, with the mapping that its columns suggest; raises Invalid for what is no table."""
    if len(content) > MAX_BYTES:
        size = {"size": MAX_BYTES // (1024 * 1024)}
        raise Invalid(_("The file is larger than %(size)s MB. Split it, or send the items by the API.") % size, "file")
    table = read_table(content, file_name)
    DatasetImport.objects.filter(
        project_id=dataset.project_id, state=State.UPLOADED, created_at__lt=timezone.now() - STALE
    ).delete()
    return DatasetImport.objects.create(
        project_id=dataset.project_id,
        dataset=dataset,
        author=by,
        file_name=file_name[:255] or "pasted",
        content=content,
        reading=asdict(table.reading),
        mapping=guess(table.columns),
        total=len(table.lines),
    )


def find_import(dataset: Dataset, import_id: str) -> DatasetImport:
    """An import of this dataset; raises NotFound."""
    found = DatasetImport.objects.filter(dataset=dataset, pk=import_id).first() if "\0" not in import_id else None
    if found is None:
        raise NotFound("There is no such import.")
    return found


def guess(columns: tuple[str, ...]) -> dict[str, str]:
    """What each column probably is. What no rule knows is a field of the input, or of the metadata beside an input."""
    by_name = {name: target for target, names in GUESSES.items() for name in names}
    known: dict[str, str] = {}
    for column in columns:
        target = by_name.get(column.strip().lower().replace(" ", "_")) or by_name.get(column.strip().lower())
        if target and (target == "ignore" or target not in known.values()):
            known[column] = target
    if not known and len(columns) == 2:
        # Two columns that say nothing about themselves: a question and its answer.
        return dict(zip(columns, ("input_field", "expected"), strict=True))
    rest = "metadata_field" if "input" in known.values() and "metadata" not in known.values() else "input_field"
    if {"input", "metadata"} <= set(known.values()):
        rest = "ignore"
    return {column: known.get(column, rest) for column in columns}


def table_of(given: DatasetImport) -> Table:
    """The uploaded file as rows."""
    return read_table(bytes(given.content), given.file_name, Reading(**given.reading))


def change_reading(given: DatasetImport, reading: Reading, mapping: Mapping[str, str]) -> DatasetImport:
    """Read the file another way or map its columns anew; columns that were not there before are guessed."""
    table = read_table(bytes(given.content), given.file_name, reading)
    chosen = {column: target for column, target in mapping.items() if target in TARGETS}
    given.reading = asdict(table.reading)
    given.mapping = {column: chosen.get(column, target) for column, target in guess(table.columns).items()}
    given.total = len(table.lines)
    given.save(update_fields=["reading", "mapping", "total"])
    return given


def plan(given: DatasetImport, table: Table) -> Planned:
    """What the import does with the mapping as it is now."""
    schemas = schemas_of(given.dataset)
    items: list[tuple[int, ItemChange]] = []
    broken = list(table.broken)
    seen: dict[str, int] = {}
    for line in table.lines:
        try:
            change = _item(given, line)
            _check(change, schemas)
        except DomainError as error:
            broken.append(Broken(line.number, error.message.rstrip(".")))
            continue
        if change.id in seen:
            reason = _("has the id of line %(line)s: %(id)r") % {"line": seen[change.id], "id": change.id}
            broken.append(Broken(line.number, reason))
            continue
        seen[change.id] = line.number
        items.append((line.number, change))
    return Planned(tuple(items), tuple(sorted(broken, key=lambda one: one.number)))


def start(given: DatasetImport, enqueue: Any) -> DatasetImport:
    """Run the import now when it is small, else hand its id to `enqueue` after the commit. Starting twice is once."""
    claimed = DatasetImport.objects.filter(pk=given.pk, state__in=(State.UPLOADED, State.FAILED)).update(
        state=State.RUNNING, done=0, fault=""
    )
    if not claimed:
        return given
    if given.total > INLINE:
        transaction.on_commit(partial(enqueue, given.pk))
    else:
        run_import(given.pk)
    given.refresh_from_db()
    return given


def run_import(import_id: str) -> None:
    """Write the rows of a started import. May be repeated: what is written already stays as it is."""
    given = DatasetImport.objects.select_related("dataset", "author").filter(pk=import_id, state=State.RUNNING).first()
    if given is None:
        return
    try:
        planned = plan(given, table_of(given))
        _write(given, planned)
    except DomainError as error:
        DatasetImport.objects.filter(pk=import_id).update(state=State.FAILED, fault=error.message)
        return
    with transaction.atomic():
        done = DatasetImport.objects.filter(pk=import_id, state=State.RUNNING).update(
            state=State.DONE, done=len(planned.items), skipped=len(planned.broken), content=b""
        )
        if done:
            audit.record(
                action="import",
                subject_type="dataset",
                subject_id=given.dataset_id,
                project=given.project_id,
                user=given.author,
                after={"file": given.file_name, "items": len(planned.items), "skipped": len(planned.broken)},
            )


def _write(given: DatasetImport, planned: Planned) -> None:
    # From the end: the first chunk is written last and so stands newest, and lists keep the file's order.
    changes = [change for _number, change in planned.items]
    for begin in reversed(range(0, len(changes), CHUNK)):
        put_items(given.dataset, changes[begin : begin + CHUNK], by=Author(user=given.author))
        DatasetImport.objects.filter(pk=given.pk).update(done=len(changes) - begin)


def _item(given: DatasetImport, line: Line) -> ItemChange:
    values: dict[str, Any] = {}
    for column, raw in line.values.items():
        target = given.mapping.get(column, "ignore")
        value = _cell(raw, given.reading.get("format", "csv"))
        if target == "ignore" or value is None:
            continue
        name, is_field, _rest = target.partition("_field")
        if name not in FIELDS:
            word = _word(value, column)
            # In CSV, only what stands in quotes is meant to the letter.
            values[target] = word.strip() if value is raw and given.reading.get("format", "csv") == "csv" else word
        elif is_field:
            _put_field(values, FIELDS[name], column, value)
        elif FIELDS[name] in values:
            raise Invalid(_("two columns give the same value: %(column)r is the second") % {"column": column})
        else:
            values[FIELDS[name]] = value
    if "status" in values:
        values["status"] = _status(values["status"])
    if "input" not in values and "expected_output" not in values:
        raise Invalid(_("has neither an input nor an expected output"))
    values.setdefault("id", hashlib.sha256(f"{given.pk}:{line.number}".encode()).hexdigest()[:32])
    return ItemChange(**values)


def _put_field(values: dict[str, Any], name: str, column: str, value: Any) -> None:
    inside = values.setdefault(name, {})
    if not isinstance(inside, dict):
        raise Invalid(_("%(column)r cannot be a field of a value that is there already") % {"column": column})
    inside[column] = value


def _cell(raw: Any, file_format: str) -> Any:
    """The value of a cell. In CSV, objects, lists and quoted texts are JSON, all else is text, and empty is nothing."""
    if file_format != "csv" or not isinstance(raw, str):
        return raw
    text = raw.strip()
    if not text:
        return None
    if (text[0], text[-1]) in {("{", "}"), ("[", "]"), ('"', '"')}:
        try:
            return msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return raw
    return raw


def _word(value: Any, column: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid(_("%(column)r must be a text") % {"column": column})
    return str(value)


def _status(text: str) -> str:
    if text.upper() not in DatasetItem.Status.values:
        raise Invalid(_("the status must be ACTIVE or ARCHIVED, not %(text)r") % {"text": text})
    return text.upper()


def _check(change: ItemChange, schemas: Schemas) -> None:
    for found in _violations(change, schemas):
        raise Invalid(found)


def _violations(change: ItemChange, schemas: Schemas) -> Iterator[str]:
    if schemas.any:
        given, wanted = (None if value is KEEP else to_text(value) for value in (change.input, change.expected_output))
        for found in schemas.violations(given, wanted):
            yield f"{found.field}: {found.message}"
