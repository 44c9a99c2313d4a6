"""Make an item out of what was traced: a fragment that the trace page loads by address."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError
from datasets.forms import JsonField, refuse
from datasets.items import ItemChange, put_item
from datasets.jsontext import pretty, to_value
from datasets.models import Dataset
from datasets.views.base import WRITE, DatasetsPage
from tracing.records import Observation, Trace
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery
from tracing.store.base import Page as StorePage


class AddForm(forms.Form):
    """Which dataset, and what the item says; made from the trace, open to correction."""

    dataset = forms.ModelChoiceField(Dataset.objects.none(), label=_("Dataset"), empty_label=None)
    input = JsonField(label=_("Input"), rows=6)
    expected_output = JsonField(
        label=_("Expected output"), rows=4, help_text=_("What was answered; correct it where it is wrong.")
    )

    def __init__(self, *args: Any, project_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Dataset.objects.filter(project_id=project_id).order_by("-updated_at", "name")


class AddTraced(DatasetsPage):
    """`?trace_id=` and `?observation_id=` name the source, which the item remembers."""

    template = "datasets/add_traced.html"
    permission = WRITE

    def get(self, request: HttpRequest) -> HttpResponse:
        said = self._source(request.GET)
        texts = {"input": pretty(said.input), "expected_output": pretty(said.output)}
        return self._show(AddForm(initial=texts, project_id=self.project_id), request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        self._source(request.POST)
        form = AddForm(request.POST, project_id=self.project_id)
        if not form.is_valid():
            return self._show(form, request.POST, status=422)
        dataset = form.cleaned_data["dataset"]
        change = ItemChange(
            input=to_value(form.cleaned_data["input"]),
            expected_output=to_value(form.cleaned_data["expected_output"]),
            source_trace_id=request.POST["trace_id"],
            source_observation_id=request.POST.get("observation_id") or None,
        )
        try:
            item = put_item(dataset, change, by=self.author)
        except DomainError as error:
            refuse(form, error)
            return self._show(form, request.POST, status=422)
        return self.render({"dataset": dataset, "item": item})

    def _source(self, params: Any) -> Observation | Trace:
        """The observation or the trace with its texts, or 404."""
        trace_id, observation_id = params.get("trace_id", ""), params.get("observation_id", "")
        if not trace_id or "\0" in trace_id + observation_id:
            raise Http404("No trace was named.")
        one = Cursor(limit=1)
        found: StorePage[Observation] | StorePage[Trace]
        if observation_id:
            found = store().observations(
                ObservationQuery(
                    project_id=self.project_id,
                    ids=(observation_id,),
                    trace_ids=(trace_id,),
                    with_bodies=True,
                    window=one,
                )
            )
        else:
            found = store().traces(
                TraceQuery(project_id=self.project_id, ids=(trace_id,), with_bodies=True, window=one)
            )
        if not found.rows:
            raise Http404("There is no such trace.")
        return found.rows[0]

    def _show(self, form: AddForm, params: Any, status: int = 200) -> HttpResponse:
        source = {"trace_id": params.get("trace_id"), "observation_id": params.get("observation_id", "")}
        field = form.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)
        context = {"form": form, "source": source, "any": field.queryset.exists()}  # type: ignore[union-attr]
        return self.render(context, status=status)
