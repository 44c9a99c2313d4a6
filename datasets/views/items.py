"""The items of a dataset: the list, one item with its history, new ones, export."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.errors import DomainError, NotFound
from datasets.answers import Answer, read_answers
from datasets.exporting import as_csv, as_json_lines
from datasets.forms import ItemForm, NewItemForm, refuse
from datasets.items import ACTIVE, ARCHIVED, ItemChange, delete_item, history, items, put_item, put_items
from datasets.jsontext import to_value
from datasets.models import Dataset, DatasetItem, DatasetRunItem
from datasets.paging import cut
from datasets.showing import item_line, metadata_facts, with_heads
from datasets.views.base import DatasetsPage
from datasets.wording import Piece, differences, plain
from tracing.seen import READ

STATUSES = {"active": ACTIVE, "archived": ARCHIVED, "all": None}
# Answers of one item over all runs that its page shows.
ANSWERS = 20
COMPARED = ("input", "expected_output", "metadata")


class DatasetPage(DatasetsPage):
    """The items of a dataset."""

    template = "datasets/items.html"
    write_permission = None
    part = "rows"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        status = request.GET.get("status", "active")
        status = status if status in STATUSES else "active"
        search = request.GET.get("q", "").replace("\0", "").strip()
        rows = items(dataset, status=STATUSES[status])
        if search:
            rows = containing(rows, search)
        page = cut(with_heads(rows), request.GET.get("cursor", ""))
        lines = [item_line(row) for row in page.rows]
        return self.render(
            {
                "dataset": dataset,
                "facts": metadata_facts(dataset.metadata),
                "tab": "items",
                "page": page,
                "lines": lines,
                # A column that is empty on every line is left out.
                "any_metadata": any(line.metadata for line in lines),
                "any_source": any(line.row.source_trace_id for line in lines),
                "status": status,
                "search": search,
                "may_write": self.may_write,
            }
        )


class ItemsBulk(DatasetsPage):
    """Archive, bring back or delete the chosen items."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        asked = [item_id for item_id in request.POST.getlist("id") if "\0" not in item_id]
        chosen = list(items(dataset, status=None).filter(item_id__in=asked).values_list("item_id", flat=True))
        match request.POST.get("do"):
            case "archive":
                put_items(dataset, [ItemChange(id=item_id, status=ARCHIVED) for item_id in chosen], by=self.author)
                said = ngettext("%(n)s item archived.", "%(n)s items archived.", len(chosen))
            case "activate":
                put_items(dataset, [ItemChange(id=item_id, status=ACTIVE) for item_id in chosen], by=self.author)
                said = ngettext("%(n)s item is active again.", "%(n)s items are active again.", len(chosen))
            case "delete":
                for item_id in chosen:
                    delete_item(self.project_id, item_id, by=self.author)
                said = ngettext("%(n)s item deleted.", "%(n)s items deleted.", len(chosen))
            case _:
                return redirect("dataset", dataset.pk)
        messages.success(request, said % {"n": len(chosen)})
        return redirect("dataset", dataset.pk)


class NewItem(DatasetsPage):
    """The form for a new item."""

    template = "datasets/item_form.html"
    permission = "datasets:write"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        return self.render({"dataset": self.dataset(dataset_id), "form": NewItemForm()})

    def post(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        form = NewItemForm(request.POST)
        if form.is_valid() and self._saved(dataset, form):
            messages.success(request, _("Item added."))
            return redirect("dataset_item_new" if "another" in request.POST else "dataset", dataset.pk)
        return self.render({"dataset": dataset, "form": form}, status=422)

    def _saved(self, dataset: Dataset, form: NewItemForm) -> bool:
        item_id = form.cleaned_data["id"].strip()
        if item_id and items(dataset, status=None).filter(item_id=item_id).exists():
            form.add_error("id", _("There is an item of this id already."))
            return False
        return saved(dataset, form, item_id, self)


class ItemPage(DatasetsPage):
    """One item: what it is now, what it was, and what runs answered."""

    template = "datasets/item.html"

    def get(self, request: HttpRequest, dataset_id: str, item_id: str) -> HttpResponse:
        return self._show(self.dataset(dataset_id), item_id)

    def post(self, request: HttpRequest, dataset_id: str, item_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        if history(dataset, item_id)[0].is_deleted:
            raise NotFound("The item is deleted.")
        if request.POST.get("do") == "delete":
            delete_item(self.project_id, item_id, by=self.author)
            messages.success(request, _("The item was deleted. Old runs keep showing it."))
            return redirect("dataset", dataset.pk)
        form = ItemForm(request.POST)
        if form.is_valid() and saved(dataset, form, item_id, self):
            messages.success(request, _("Saved."))
            return redirect("dataset_item", dataset.pk, item_id)
        return self._show(dataset, item_id, form, status=422)

    def _show(self, dataset: Dataset, item_id: str, form: ItemForm | None = None, status: int = 200) -> HttpResponse:
        versions = history(dataset, item_id)
        now = versions[0]
        may_write = self.may_write and not now.is_deleted
        return self.render(
            {
                "dataset": dataset,
                "item": now,
                "form": (form or ItemForm.of(now)) if may_write else None,
                "editing": form is not None,
                "versions": changes(versions),
                "answers": answers_of(self.project_id, item_id) if self.may(READ) else [],
                "may_write": may_write,
            },
            status=status,
        )


class ExportItems(DatasetsPage):
    """The dataset as a file."""

    write_permission = None

    def get(self, request: HttpRequest, dataset_id: str) -> StreamingHttpResponse:
        dataset = self.dataset(dataset_id)
        kind = request.GET.get("format", "jsonl")
        if kind not in ("csv", "jsonl"):
            raise Http404("There is no such format.")
        lines = as_csv(dataset) if kind == "csv" else as_json_lines(dataset)
        types = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
        name = f"{slugify(dataset.name, allow_unicode=True) or 'dataset'}.{kind}"
        header = content_disposition_header(as_attachment=True, filename=name) or ""
        return StreamingHttpResponse(lines, content_type=types[kind], headers={"Content-Disposition": header})


@dataclass(frozen=True, slots=True)
class Change:
    """A version in the history: which texts differ from the one before, as pieces."""

    row: DatasetItem
    what: str
    pieces: list[tuple[str, list[Piece]]]


def changes(versions: Sequence[DatasetItem]) -> list[Change]:
    """What each version (newest first) changed."""
    told = []
    for row, before in zip(versions, [*versions[1:], None], strict=True):
        if before is None or before.is_deleted:
            told.append(Change(row, "created", []))
        elif row.is_deleted:
            told.append(Change(row, "deleted", []))
        else:
            differing = [name for name in COMPARED if getattr(row, name) != getattr(before, name)]
            pieces = [
                (name, differences(plain(getattr(before, name)), plain(getattr(row, name)))) for name in differing
            ]
            moved = row.status if row.status != before.status else ""
            told.append(Change(row, moved or "changed", pieces))
    return told


def answers_of(project_id: str, item_id: str) -> list[Answer]:
    """The newest answers that runs gave to an item."""
    links = DatasetRunItem.objects.filter(project_id=project_id, item_id=item_id).select_related("run")
    return read_answers(project_id, list(links.order_by("-created_at")[:ANSWERS]))


def containing(rows: QuerySet[DatasetItem], search: str) -> QuerySet[DatasetItem]:
    """Items with the words in their id, input, expected output or metadata."""
    told = Q(item_id__icontains=search)
    for name in COMPARED:
        told |= Q(**{f"{name}__icontains": search})
    return rows.filter(told)


def saved(dataset: Dataset, form: ItemForm, item_id: str, page: DatasetsPage) -> bool:
    """Write the form's item; a refusal stands beside its field."""
    texts = {name: to_value(form.cleaned_data[name]) for name in COMPARED}
    try:
        put_item(dataset, ItemChange(id=item_id, status=form.cleaned_data["status"], **texts), by=page.author)
    except DomainError as error:
        refuse(form, error)
        return False
    return True
