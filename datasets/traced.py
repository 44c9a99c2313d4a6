"""Items made out of what was traced: which part of a trace or an observation becomes which part of an item.

What a dataset holds already (by the trace and the observation that an item came from) is not added again, so that
repeating it, by a person or by a worker, changes nothing and never undoes a correction made by hand.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from common.errors import DomainError, Invalid
from datasets.authors import Author
from datasets.items import KEEP, ItemChange, put_items
from datasets.jsontext import to_text, to_value
from datasets.models import Dataset, DatasetImport, DatasetItem
from datasets.schemas import schemas_of
from tracing.filters import Filter, filters_as_json, parse_filters
from tracing.records import Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery

Kind = Literal["traces", "observations"]
Record = Trace | Observation
State = DatasetImport.State
# The `format` of an import whose rows are read from the store instead of a file.
FORMAT = "traced"
# Read with their whole texts at a time.
CHUNK = 100
# Chosen one by one on a page, and added while the person waits.
MOST = 500
REASONS = 5
_POSITION = re.compile(r"-?[0-9]{1,9}")  # in a list; from its end when negative

SOURCES: Mapping[str, Any] = {
    "input": gettext_lazy("Input"),
    "output": gettext_lazy("Output"),
    "metadata": gettext_lazy("Metadata"),
    "": gettext_lazy("(nothing)"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Where a value comes from: a side of the record ("": nowhere), and the way into it, like `messages.-1.content`."""

    source: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What becomes what."""

    input: Part = Part("input")
    expected_output: Part = Part("output")
    metadata: Part = Part("")


@dataclass(frozen=True, slots=True)
class Matching:
    """All rows of a list: the conditions and the search that it shows."""

    kind: Kind
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_bodies: bool = False


@dataclass(slots=True)
class Added:
    """What came of it. `reasons` are the first few why something was left out."""

    added: int = 0
    there: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)

    def refuse(self, reason: str) -> None:
        self.refused += 1
        if len(self.reasons) < REASONS and reason not in self.reasons:
            self.reasons.append(reason)


def read_chosen(project_id: str, kind: Kind, ids: Sequence[str]) -> list[Record]:
    """The records of these ids with their texts, in the order of the ids; raises Invalid for too many."""
    if len(ids) > MOST:
        raise Invalid(_("Choose at most %(most)s rows, or add all that match.") % {"most": MOST}, "id")
    found: dict[str, Record] = {}
    wanted = [one for one in dict.fromkeys(ids) if "\0" not in one]
    for begin in range(0, len(wanted), CHUNK):
        chunk = tuple(wanted[begin : begin + CHUNK])
        found |= {record.id: record for record in _read(project_id, kind, Cursor(limit=CHUNK), ids=chunk).rows}
    return [found[one] for one in wanted if one in found]


def first_matching(project_id: str, matching: Matching, limit: int) -> list[Record]:
    """The newest rows that match, with their texts."""
    return list(_ask(project_id, matching, Cursor(limit=limit), "desc").rows)


def item_of(dataset: Dataset, record: Record, recipe: Recipe) -> ItemChange:
    """The item that a record becomes; raises Invalid when nothing of it would remain."""
    values = {name: _value(record, getattr(recipe, name)) for name in ("input", "expected_output", "metadata")}
    if values["input"] is None and values["expected_output"] is None:
        raise Invalid(_("%(name)s: nothing stands where input and expected output are taken from.") % _named(record))
    trace_id, observation_id = _source(record)
    name = to_text([dataset.pk, trace_id, observation_id])
    return ItemChange(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        source_trace_id=trace_id,
        source_observation_id=observation_id,
        **{name: KEEP if value is None else value for name, value in values.items()},
    )


def add_traced(dataset: Dataset, records: Sequence[Record], recipe: Recipe, *, by: Author) -> Added:
    """Add what the dataset does not hold yet and what fits its schemas; the first record stands newest."""
    told, schemas = Added(), schemas_of(dataset)
    there = _sources_in(dataset, records)
    changes: list[ItemChange] = []
    for record in records:
        if _source(record) in there:
            told.there += 1
            continue
        try:
            change = item_of(dataset, record, recipe)
        except Invalid as error:
            told.refuse(error.message)
            continue
        given, wanted = (None if value is KEEP else to_text(value) for value in (change.input, change.expected_output))
        violation = next(schemas.violations(given, wanted), None) if schemas.any else None
        if violation:
            told.refuse(f"{_named(record)['name']}: {violation.field}: {violation.message}")
            continue
        changes.append(change)
    if changes:
        put_items(dataset, changes, by=by)
    told.added = len(changes)
    return told


def start_adding(dataset: Dataset, matching: Matching, recipe: Recipe, enqueue: Any, *, by: Author) -> DatasetImport:
    """Add all that match now, in a task of its own: its state is an import's, whose page shows how far it is."""
    given = DatasetImport.objects.create(
        project_id=dataset.project_id,
        dataset=dataset,
        author=by.user,
        file_name=matching.kind,
        content=b"",
        reading={
            "format": FORMAT,
            "kind": matching.kind,
            "filter": filters_as_json(matching.filters),
            "search": matching.search,
            "texts": matching.search_bodies,
        },
        mapping={name: asdict(getattr(recipe, name)) for name in ("input", "expected_output", "metadata")},
        state=State.RUNNING,
    )
    transaction.on_commit(partial(enqueue, given.pk))
    return given


def run_adding(import_id: str) -> None:
    """Add what a started adding found, oldest first, so that the newest stands first in the end. May be repeated."""
    given = DatasetImport.objects.select_related("dataset", "author").filter(pk=import_id, state=State.RUNNING).first()
    if given is None:
        return
    recipe = Recipe(**{name: Part(**part) for name, part in given.mapping.items()})
    told = Added()
    try:
        for records in _everything(given):
            part = add_traced(given.dataset, records, recipe, by=Author(user=given.author))
            told.added, told.there, told.refused = (
                told.added + part.added,
                told.there + part.there,
                told.refused + part.refused,
            )
            told.reasons = list(dict.fromkeys([*told.reasons, *part.reasons]))[:REASONS]
            DatasetImport.objects.filter(pk=given.pk).update(done=told.added)
    except DomainError as error:
        DatasetImport.objects.filter(pk=given.pk).update(state=State.FAILED, fault=error.message)
        return
    with transaction.atomic():
        DatasetImport.objects.filter(pk=given.pk).update(
            state=State.DONE, skipped=told.there + told.refused, fault="\n".join(told.reasons)
        )
        audit.record(
            action="import",
            subject_type="dataset",
            subject_id=given.dataset_id,
            project=given.project_id,
            user=given.author,
            after={"from": given.file_name, "items": told.added, "skipped": told.there + told.refused},
        )


def _everything(given: DatasetImport) -> Iterator[list[Record]]:
    """All that matched when it was started, in chunks from the oldest on, each with its newest first."""
    asked = given.reading
    until = Filter("datetime", "timestamp" if asked["kind"] == "traces" else "startTime", "<=", given.created_at)
    matching = Matching(asked["kind"], (*parse_filters(asked["filter"]), until), asked["search"], asked["texts"])
    after: str | None = ""
    while after is not None:
        page = _ask(given.project_id, matching, Cursor(after, CHUNK), "asc")
        yield list(reversed(page.rows))
        after = page.next_cursor


def _ask(project_id: str, matching: Matching, window: Cursor, direction: Literal["asc", "desc"]) -> Any:
    return _read(
        project_id,
        matching.kind,
        window,
        order=("timestamp" if matching.kind == "traces" else "startTime", direction),
        filters=matching.filters,
        search=matching.search,
        search_bodies=matching.search_bodies,
    )


def _read(project_id: str, kind: Kind, window: Cursor, **asked: Any) -> Any:
    if kind == "traces":
        return store().traces(TraceQuery(project_id=project_id, window=window, with_bodies=True, **asked))
    return store().observations(ObservationQuery(project_id=project_id, window=window, with_bodies=True, **asked))


def _source(record: Record) -> tuple[str, str | None]:
    return (record.trace_id, record.id) if isinstance(record, Observation) else (record.id, None)


def _named(record: Record) -> dict[str, str]:
    return {"name": record.name or record.id}


def _sources_in(dataset: Dataset, records: Sequence[Record]) -> set[tuple[str, str | None]]:
    rows = DatasetItem.objects.filter(
        project_id=dataset.project_id,
        dataset=dataset,
        valid_to=None,
        is_deleted=False,
        source_trace_id__in={_source(record)[0] for record in records},
    )
    pairs = rows.values_list("source_trace_id", "source_observation_id")
    return {(trace_id or "", observation_id or None) for trace_id, observation_id in pairs}


def _value(record: Record, part: Part) -> Any:
    """What stands at the part; None for nothing."""
    if part.source not in ("input", "output", "metadata"):
        return None
    value = to_value(getattr(record, part.source))
    for step in filter(None, part.path.split(".")):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and _POSITION.fullmatch(step) and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
