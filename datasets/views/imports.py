"""Bringing a file into a dataset: upload, look, map, go."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.content import preview
from common.errors import DomainError
from datasets.forms import ImportForm, refuse
from datasets.imports import TARGETS, change_reading, find_import, plan, start, table_of, upload
from datasets.items import KEEP, ItemChange
from datasets.models import DatasetImport
from datasets.tables import DELIMITERS, ENCODINGS, Reading
from datasets.tasks import enqueue_import
from datasets.traced import FORMAT
from datasets.views.base import DatasetsPage

WAITING = (DatasetImport.State.UPLOADED, DatasetImport.State.FAILED)
SHOWN = 20
BROKEN_SHOWN = 50
DELIMITER_NAMES = {",": ",", ";": ";", "\t": "Tab", "|": "|"}


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as the preview shows it."""

    line: int
    change: ItemChange
    input: str
    expected: str
    metadata: str


class NewImport(DatasetsPage):
    """Choose a file or paste rows."""

    template = "datasets/import_new.html"
    permission = "datasets:write"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        return self.render({"dataset": self.dataset(dataset_id), "form": ImportForm()})

    def post(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data.get("file")
            content = file.read() if file else form.cleaned_data["text"].encode("utf-8", "replace")
            try:
                given = upload(dataset, content, file.name if file else "", by=self.person)
            except DomainError as error:
                refuse(form, error)
            else:
                return redirect("dataset_import", dataset.pk, given.pk)
        return self.render({"dataset": dataset, "form": form}, status=422)


class Import(DatasetsPage):
    """An import: its preview until it starts, then how far it is, then what came of it."""

    template = "datasets/import.html"
    permission = "datasets:write"
    part = "state"

    def get(self, request: HttpRequest, dataset_id: str, import_id: str) -> HttpResponse:
        return self._show(find_import(self.dataset(dataset_id), import_id))

    def post(self, request: HttpRequest, dataset_id: str, import_id: str) -> HttpResponse:
        given = find_import(self.dataset(dataset_id), import_id)
        if given.state in WAITING and not _is_traced(given):
            params = request.POST
            reading = Reading(*(params.get(name, "") for name in ("format", "encoding", "delimiter")))
            columns = zip(params.getlist("column"), params.getlist("target"), strict=False)
            try:
                change_reading(given, reading, dict(columns))
            except DomainError as error:
                return self._show(given, error.message, status=422)
            if params.get("do") == "start":
                start(given, enqueue_import)
        return redirect("dataset_import", dataset_id, import_id)

    def _show(self, given: DatasetImport, fault: str = "", status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {"dataset": given.dataset, "given": given, "fault": fault or given.fault}
        if _is_traced(given):
            # Its rows come from the store: there are no columns to map, and what was left out has its reasons.
            return self.render(
                {**context, "fault": "", "traced": True, "reasons": given.fault.split("\n")}, status=status
            )
        if given.state in WAITING:
            table = table_of(given)
            planned = plan(given, table)
            context |= {
                "columns": [
                    (column, given.mapping.get(column, "ignore"), _sample(table, column)) for column in table.columns
                ],
                "targets": TARGETS,
                "encodings": ENCODINGS,
                "delimiters": [(sign, DELIMITER_NAMES[sign]) for sign in DELIMITERS],
                "good": len(planned.items),
                "shown": [_shown(line, change) for line, change in planned.items[:SHOWN]],
                "broken": planned.broken[:BROKEN_SHOWN],
                "broken_count": len(planned.broken),
            }
        return self.render(context, status=status)


def _is_traced(given: DatasetImport) -> bool:
    return bool(given.reading.get("format") == FORMAT)


def _sample(table: Any, column: str) -> str:
    values = (line.values.get(column) for line in table.lines)
    return next((preview(value, 80) for value in values if value not in (None, "")), "")


def _shown(line: int, change: ItemChange) -> Shown:
    texts = [
        "" if value is KEEP else preview(value) for value in (change.input, change.expected_output, change.metadata)
    ]
    return Shown(line, change, *texts)
