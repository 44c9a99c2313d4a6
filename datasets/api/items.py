"""`/dataset-items`: upsert by id, list now or at a version, read, delete."""

from urllib.parse import unquote

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import convert
from common.errors import Invalid, NotFound
from datasets.api.base import DatasetView
from datasets.api.bodies import ItemBody
from datasets.api.shapes import item_shapes
from datasets.definitions import dataset_asked_for, dataset_named
from datasets.items import KEEP, ItemChange, current_item, delete_item, items, items_of_project, put_item
from datasets.models import Dataset, DatasetItem
from tracing.api.origins import origin
from tracing.api.params import Params


def _kept(value: object) -> object:
    return KEEP if value is None else value


class Items(DatasetView):
    """`GET/POST /dataset-items`."""

    def get(self, request: Request) -> Response:
        rows = self._rows().select_related("dataset")
        params = Params(request.query_params)
        if trace_id := params.text("sourceTraceId"):
            rows = rows.filter(source_trace_id=trace_id)
        if observation_id := params.text("sourceObservationId"):
            rows = rows.filter(source_observation_id=observation_id)
        return self.numbered(rows, lambda page: item_shapes(page, None, origin(request)))

    def post(self, request: Request) -> Response:
        body = convert(request.data, ItemBody)
        dataset = dataset_named(self.project_id, body.dataset_name)
        change = ItemChange(
            id=body.id or "",
            input=_kept(body.input),
            expected_output=_kept(body.expected_output),
            metadata=_kept(body.metadata),
            status=KEEP if body.status is None else body.status,
            source_trace_id=KEEP if body.source_trace_id is None else body.source_trace_id,
            source_observation_id=KEEP if body.source_observation_id is None else body.source_observation_id,
        )
        made = put_item(dataset, change, by=self.author)
        return Response(item_shapes([made], dataset.name, origin(request))[0])

    def _rows(self) -> QuerySet[DatasetItem]:
        name = self.request.query_params.get("datasetName")
        version = Params(self.request.query_params).moment("version")
        if name:
            return items(_asked_for(self.project_id, name), at=version)
        if version:
            raise Invalid("version needs datasetName: a version is a moment of one dataset.", "datasetName")
        return items_of_project(self.project_id)


class OneItem(DatasetView):
    """`GET/DELETE /dataset-items/{id}`."""

    def get(self, request: Request, item_id: str) -> Response:
        row = current_item(self.project_id, item_id)
        return Response(item_shapes([row], None, origin(request))[0])

    def delete(self, request: Request, item_id: str) -> Response:
        delete_item(self.project_id, item_id, by=self.author)
        return Response({"message": "Dataset item successfully deleted"})


def _asked_for(project_id: str, name: str) -> Dataset:
    """The dataset of a query. SDK 2 encodes the name once too often (`My%20set`), so what it meant is tried as well."""
    try:
        return dataset_asked_for(project_id, name)
    except NotFound:
        return dataset_asked_for(project_id, unquote(name))
