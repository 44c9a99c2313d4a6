"""`/dataset-run-items` and `/datasets/{name}/runs…`."""

import re

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import convert
from common.errors import Invalid, NotFound
from datasets.api.base import DatasetView
from datasets.api.bodies import RunItemBody
from datasets.api.moments import read_moment
from datasets.api.shapes import run_item_shape, run_shape
from datasets.definitions import dataset_asked_for, dataset_by_id, dataset_named, datasets
from datasets.models import Dataset, DatasetRun
from datasets.runs import add_run_item, delete_run, run_items, run_named, runs


class RunItems(DatasetView):
    """`GET/POST /dataset-run-items`."""

    def get(self, request: Request) -> Response:
        dataset_id, run_name = (request.query_params.get(name, "") for name in ("datasetId", "runName"))
        for name, value in (("datasetId", dataset_id), ("runName", run_name)):
            if not value:
                raise Invalid(f"{name} is required.", name)
        run = run_named(dataset_by_id(self.project_id, dataset_id), run_name)
        return self.numbered(run_items(run), lambda rows: [run_item_shape(row, run) for row in rows])

    def post(self, request: Request) -> Response:
        body = convert(request.data, RunItemBody)
        row = add_run_item(
            self.project_id,
            run_name=body.run_name,
            item_id=body.dataset_item_id,
            trace_id=body.trace_id,
            observation_id=body.observation_id,
            description=body.run_description,
            metadata=body.metadata,
            version_at=read_moment(body.dataset_version, "datasetVersion"),
            created_at=read_moment(body.created_at, "createdAt"),
        )
        return Response(run_item_shape(row, row.run))


class Runs(DatasetView):
    """`GET /datasets/{name}/runs`."""

    def get(self, request: Request, name: str) -> Response:
        dataset = dataset_asked_for(self.project_id, name)
        return self.numbered(runs(dataset), lambda rows: [run_shape(run, dataset.name) for run in rows])


class OneRun(Runs):
    """`GET/DELETE /datasets/{name}/runs/{runName}`."""

    def get(self, request: Request, path: str) -> Response:  # type: ignore[override]
        if path.endswith("/runs") and datasets(self.project_id).filter(name=path.removesuffix("/runs")).exists():
            return super().get(request, path.removesuffix("/runs"))
        dataset, run = self._found(path)
        rows = [run_item_shape(row, run) for row in run_items(run)]
        return Response({**run_shape(run, dataset.name), "datasetRunItems": rows})

    def delete(self, request: Request, path: str) -> Response:
        _, run = self._found(path)
        delete_run(run, by=self.author)
        return Response({"message": "Dataset run successfully deleted"})

    def _found(self, path: str) -> tuple[Dataset, DatasetRun]:
        """The dataset and run of `name/runs/runName`; either name may hold `/runs/` itself: what exists decides."""
        refusal = NotFound(f"Dataset run not found: {path!r}.")
        for cut in re.finditer("/runs/", path):
            try:
                dataset = dataset_named(self.project_id, path[: cut.start()])
                return dataset, run_named(dataset, path[cut.end() :])
            except NotFound as error:
                refusal = error
        raise refusal
