"""Chosen traces or observations, or all that a list shows, into a dataset: a fragment that those lists load."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from common.content import preview
from common.errors import DomainError, Invalid
from datasets.definitions import create_dataset
from datasets.forms import refuse
from datasets.items import KEEP, ItemChange
from datasets.models import MAX_NAME, Dataset
from datasets.tasks import enqueue_adding
from datasets.traced import (
    SOURCES,
    Kind,
    Matching,
    Part,
    Recipe,
    Record,
    add_traced,
    first_matching,
    item_of,
    read_chosen,
    start_adding,
)
from datasets.views.base import DatasetsPage
from tracing.filters import parse_filters

SHOWN = 3
PATH_HELP = _("The way into it, such as messages.-1.content; empty: the whole.")


class ChosenForm(forms.Form):
    """Which dataset, and what becomes what."""

    dataset = forms.ModelChoiceField(
        Dataset.objects.none(), label=_("Dataset"), empty_label=_("New dataset…"), required=False
    )
    new_name = forms.CharField(label=_("Name of the new dataset"), required=False, max_length=MAX_NAME)
    input_from = forms.ChoiceField(label=_("Input"), choices=SOURCES, initial="input", required=False)
    input_path = forms.CharField(label=_("Field"), required=False, max_length=300)
    expected_output_from = forms.ChoiceField(
        label=_("Expected output"), choices=SOURCES, initial="output", required=False
    )
    expected_output_path = forms.CharField(label=_("Field"), required=False, max_length=300)
    metadata_from = forms.ChoiceField(label=_("Metadata"), choices=SOURCES, initial="", required=False)
    metadata_path = forms.CharField(label=_("Field"), required=False, max_length=300)

    def __init__(self, *args: Any, project_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Dataset.objects.filter(project_id=project_id).order_by("-updated_at", "name")
        field.initial = field.queryset.first()

    @property
    def parts(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of the mapping: where from, and the way into it."""
        return [(self[f"{name}_from"], self[f"{name}_path"]) for name in ("input", "expected_output", "metadata")]

    def recipe(self) -> Recipe:
        """What becomes what, as it stands in the form (as it opens, while nothing was sent)."""
        said = self.cleaned_data if self.is_bound else {name: field.initial for name, field in self.fields.items()}
        return Recipe(
            *(
                Part(said.get(f"{name}_from") or "", said.get(f"{name}_path") or "")
                for name in ("input", "expected_output", "metadata")
            )
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as the item that it becomes; `fault` says why it becomes none."""

    name: str
    input: str = ""
    expected: str = ""
    metadata: str = ""
    fault: str = ""


class AddChosen(DatasetsPage):
    """`kind`, then `id` for each chosen row, or `all` with `filter`, `search` and `texts` of the list.

    Without `do` the form as it opens, `do=look` the form with what the mapping makes, `do=add` the deed.
    """

    template = "datasets/add_chosen.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        kind = request.POST.get("kind", "")
        if kind not in ("traces", "observations"):
            raise Http404("Nothing was chosen.")
        try:
            return self._answer(kind)  # type: ignore[arg-type]
        except Invalid as error:
            return self.render({"fault": error.message}, status=422)

    def _answer(self, kind: Kind) -> HttpResponse:
        given = self.request.POST
        matching = self._matching(kind) if given.get("all") else None
        records = (
            first_matching(self.project_id, matching, SHOWN)
            if matching
            else read_chosen(self.project_id, kind, given.getlist("id"))
        )
        if not records:
            raise Http404("Nothing was chosen.")
        do = given.get("do")
        form = ChosenForm(given, project_id=self.project_id) if do else ChosenForm(project_id=self.project_id)
        if do and not form.is_valid():
            return self._show(form, records, matching, status=422)
        if do != "add":
            return self._show(form, records, matching)
        try:
            dataset = form.cleaned_data["dataset"] or create_dataset(
                self.project_id, {"name": form.cleaned_data["new_name"].strip()}, by=self.author
            )
            if matching:
                started = start_adding(dataset, matching, form.recipe(), enqueue_adding, by=self.author)
                return self.render({"dataset": dataset, "started": started})
            return self.render(
                {"dataset": dataset, "told": add_traced(dataset, records, form.recipe(), by=self.author)}
            )
        except DomainError as error:
            named = DomainError(error.message, "new_name" if error.field == "name" else error.field)
            refuse(form, named)
            return self._show(form, records, matching, status=422)

    def _matching(self, kind: Kind) -> Matching:
        given = self.request.POST
        search = given.get("search", "").replace("\0", "")
        return Matching(kind, parse_filters(given.get("filter") or "[]"), search, bool(given.get("texts")))

    def _show(
        self, form: ChosenForm, records: list[Record], matching: Matching | None, status: int = 200
    ) -> HttpResponse:
        given = self.request.POST
        recipe = form.recipe()
        context = {
            "form": form,
            "sent": {name: given.get(name, "") for name in ("kind", "filter", "search", "texts", "all")},
            "ids": [] if matching else [record.id for record in records],
            "all": bool(matching),
            "shown": [_shown(record, recipe) for record in records[:SHOWN]],
        }
        return self.render(context, status=status)


def _shown(record: Record, recipe: Recipe) -> Shown:
    name = record.name or record.id
    try:
        change: ItemChange = item_of(Dataset(), record, recipe)
    except Invalid as error:
        return Shown(name, fault=error.message)
    texts = (
        "" if value is KEEP else preview(value) for value in (change.input, change.expected_output, change.metadata)
    )
    return Shown(name, *texts)
