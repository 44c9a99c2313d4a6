"""`/v2/datasets` and its v1 twin, which lists the ids of items and the names of runs besides."""

from collections import defaultdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import convert
from common.api.pagination import envelope, page_and_limit
from datasets.api.base import DatasetView
from datasets.api.bodies import DatasetBody
from datasets.api.shapes import dataset_shape, item_shapes
from datasets.definitions import dataset_asked_for, datasets, upsert_dataset
from datasets.items import ACTIVE, items
from datasets.models import Dataset, DatasetItem, DatasetRun
from datasets.runs import runs
from tracing.api.origins import origin


class Datasets(DatasetView):
    """`GET/POST /v2/datasets`."""

    def get(self, request: Request) -> Response:
        return self.numbered(datasets(self.project_id), lambda rows: [dataset_shape(row) for row in rows])

    def post(self, request: Request) -> Response:
        return Response(dataset_shape(self.upserted()))

    def upserted(self) -> Dataset:
        body = convert(self.request.data, DatasetBody)
        return upsert_dataset(
            self.project_id,
            body.name,
            description=body.description,
            metadata=body.metadata,
            input_schema=body.input_schema,
            expected_output_schema=body.expected_output_schema,
            by=self.author,
        )


class OneDataset(DatasetView):
    """`GET /v2/datasets/{name}`."""

    def get(self, request: Request, name: str) -> Response:
        return Response(dataset_shape(dataset_asked_for(self.project_id, name)))


class OldDatasets(Datasets):
    """`GET/POST /datasets`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        rows = datasets(self.project_id)
        shown = list(rows[(page - 1) * limit : page * limit])
        item_ids, run_names = _of(shown)
        data = [
            {**dataset_shape(dataset), "items": item_ids[dataset.pk], "runs": run_names[dataset.pk]}
            for dataset in shown
        ]
        return Response(envelope(data, page, limit, rows.count()))

    def post(self, request: Request) -> Response:
        dataset = self.upserted()
        item_ids, run_names = _of([dataset])
        return Response({**dataset_shape(dataset), "items": item_ids[dataset.pk], "runs": run_names[dataset.pk]})


class OldDataset(DatasetView):
    """`GET /datasets/{name}`: with all items and the names of all runs."""

    def get(self, request: Request, name: str) -> Response:
        dataset = dataset_asked_for(self.project_id, name)
        shown: dict[str, Any] = dataset_shape(dataset)
        shown["items"] = item_shapes(list(items(dataset)), dataset.name, origin(request))
        shown["runs"] = list(runs(dataset).values_list("name", flat=True))
        return Response(shown)


def _of(shown: list[Dataset]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The ids of items and the names of runs of several datasets, newest first."""
    item_ids: dict[str, list[str]] = defaultdict(list)
    run_names: dict[str, list[str]] = defaultdict(list)
    held = DatasetItem.objects.filter(dataset__in=shown, valid_to=None, is_deleted=False, status=ACTIVE)
    for dataset_id, item_id in held.order_by("-rank").values_list("dataset_id", "item_id"):
        item_ids[dataset_id].append(item_id)
    made = DatasetRun.objects.filter(dataset__in=shown).order_by("-created_at")
    for run_of, name in made.values_list("dataset_id", "name"):
        run_names[str(run_of)].append(name)
    return item_ids, run_names
