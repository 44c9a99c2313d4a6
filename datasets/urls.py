"""Pages, mounted below `/project/<id>/` by the project prefix.

Addresses of datasets, items and runs are those that SDKs print; ids of items and runs may hold slashes, so what is no
item or run stands below `-/`.
"""

from django.urls import path

from datasets.views.adding import AddTraced
from datasets.views.adding_chosen import AddChosen
from datasets.views.compare import Compare
from datasets.views.datasets import Datasets, DeleteDataset, EditDataset, NewDataset
from datasets.views.examples import Examples
from datasets.views.exporting_runs import ExportRuns
from datasets.views.imports import Import, NewImport
from datasets.views.items import DatasetPage, ExportItems, ItemPage, ItemsBulk, NewItem
from datasets.views.matrix import MatrixPage
from datasets.views.newest import NewestRuns
from datasets.views.runs import ExperimentResults, Experiments, RunPage, Runs

urlpatterns = [
    path("datasets", Datasets.as_view(), name="datasets"),
    path("datasets/-/add", AddTraced.as_view(), name="dataset_add"),
    path("datasets/-/add-chosen", AddChosen.as_view(), name="dataset_add_chosen"),
    path("datasets/-/examples", Examples.as_view(), name="dataset_examples"),
    path("datasets/-/new", NewDataset.as_view(), name="dataset_new"),
    path("datasets/<str:dataset_id>", DatasetPage.as_view(), name="dataset"),
    path("datasets/<str:dataset_id>/items", DatasetPage.as_view(), name="dataset_items"),
    path("datasets/<str:dataset_id>/items/<path:item_id>", ItemPage.as_view(), name="dataset_item"),
    path("datasets/<str:dataset_id>/runs", Runs.as_view(), name="dataset_runs"),
    path("datasets/<str:dataset_id>/runs/<path:run_id>", RunPage.as_view(), name="dataset_run"),
    path("datasets/<str:dataset_id>/compare", Compare.as_view(), name="dataset_compare"),
    path("datasets/<str:dataset_id>/matrix", MatrixPage.as_view(), name="dataset_matrix"),
    path("datasets/<str:dataset_id>/-/edit", EditDataset.as_view(), name="dataset_edit"),
    path("datasets/<str:dataset_id>/-/delete", DeleteDataset.as_view(), name="dataset_delete"),
    path("datasets/<str:dataset_id>/-/item", NewItem.as_view(), name="dataset_item_new"),
    path("datasets/<str:dataset_id>/-/chosen", ItemsBulk.as_view(), name="dataset_items_bulk"),
    path("datasets/<str:dataset_id>/-/export", ExportItems.as_view(), name="dataset_export"),
    path("datasets/<str:dataset_id>/-/import", NewImport.as_view(), name="dataset_import_new"),
    path("datasets/<str:dataset_id>/-/import/<str:import_id>", Import.as_view(), name="dataset_import"),
    path("experiments", Experiments.as_view(), name="experiments"),
    path("experiments/newest", NewestRuns.as_view(), name="experiments_newest"),
    path("experiments/results", ExperimentResults.as_view(), name="experiment_results"),
    path("experiments/compare", Compare.as_view(), name="experiments_compare"),
    path("experiments/export", ExportRuns.as_view(), name="experiments_export"),
]
