"""Routes of the public API, mounted below `/api/public/`. Names may hold slashes, raw or encoded."""

from django.urls import path, re_path

from datasets.api.datasets import Datasets, OldDataset, OldDatasets, OneDataset
from datasets.api.experiments import ExperimentItemsView, ExperimentsView
from datasets.api.items import Items, OneItem
from datasets.api.runs import OneRun, RunItems, Runs

urlpatterns = [
    path("v2/datasets", Datasets.as_view()),
    path("v2/datasets/<path:name>", OneDataset.as_view()),
    path("dataset-items", Items.as_view()),
    path("dataset-items/<path:item_id>", OneItem.as_view()),
    path("dataset-run-items", RunItems.as_view()),
    path("experiments", ExperimentsView.as_view()),
    path("experiment-items", ExperimentItemsView.as_view()),
    path("datasets", OldDatasets.as_view()),
    re_path(r"^datasets/(?P<path>.+/runs/.+)$", OneRun.as_view()),
    path("datasets/<path:name>/runs", Runs.as_view()),
    path("datasets/<path:name>", OldDataset.as_view()),
]
