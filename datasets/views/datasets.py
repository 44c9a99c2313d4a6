"""The list of datasets, and making, changing and deleting one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common.errors import DomainError
from datasets.definitions import (
    change_dataset,
    create_dataset,
    datasets,
    delete_dataset,
    with_totals,
)
from datasets.forms import DatasetForm, refuse
from datasets.paging import cut
from datasets.showing import metadata_facts
from datasets.views.base import DatasetsPage


class Datasets(DatasetsPage):
    """All datasets, newest first."""

    template = "datasets/datasets.html"
    write_permission = None
    part = "rows"

    def get(self, request: HttpRequest) -> HttpResponse:
        search = request.GET.get("q", "").replace("\0", "").strip()
        rows = with_totals(datasets(self.project_id))
        page = cut(rows.filter(name__icontains=search) if search else rows, request.GET.get("cursor", ""))
        lines = [{"dataset": dataset, "facts": metadata_facts(dataset.metadata)} for dataset in page.rows]
        return self.render({"lines": lines, "page": page, "search": search, "may_write": self.may_write})


class NewDataset(DatasetsPage):
    """The form for a new dataset."""

    template = "datasets/dataset_form.html"
    permission = "datasets:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": DatasetForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DatasetForm(request.POST)
        if form.is_valid():
            try:
                dataset = create_dataset(self.project_id, form.cleaned_data, by=self.author)
            except DomainError as error:
                refuse(form, error)
            else:
                return redirect("dataset", dataset.pk)
        return self.render({"form": form}, status=422)


class EditDataset(DatasetsPage):
    """The form that changes a dataset."""

    template = "datasets/dataset_form.html"
    permission = "datasets:write"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        return self.render({"form": DatasetForm.of(dataset), "dataset": dataset})

    def post(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        form = DatasetForm(request.POST)
        if form.is_valid():
            try:
                change_dataset(dataset, form.cleaned_data, by=self.author)
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("dataset", dataset.pk)
        return self.render({"form": form, "dataset": dataset}, status=422)


class DeleteDataset(DatasetsPage):
    """Deletes a dataset; its name must be typed."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        if request.POST.get("name", "").strip() != dataset.name.strip():
            messages.error(request, _("Not deleted: type the name of the dataset to confirm."))
            return redirect("dataset_edit", dataset.pk)
        delete_dataset(dataset, by=self.author)
        messages.success(request, _("The dataset “%(name)s” was deleted.") % {"name": dataset.name})
        return redirect("datasets")
