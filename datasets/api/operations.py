"""What the routes of `urls.py` take and answer."""

from datetime import datetime

from common.api.describing import Group, Message, Numbered, Operation, Parameter, State, Stretch, paged, stretched
from datasets.api import answers
from datasets.api.bodies import DatasetBody, ItemBody, RunItemBody
from datasets.api.experiments import MAX_SCORES, ExperimentItemsView, ExperimentsView
from tracing.api.describing import filters

ASKED = (
    Parameter("fromStartTime", "Only what happened from this time on.", datetime, required=True),
    Parameter("toStartTime", "Only what happened before this time.", datetime),
    Parameter("scoreLimit", f"Scores of each row; {MAX_SCORES} at most.", int),
    *stretched(),
)


def fields(view: type[ExperimentsView] | type[ExperimentItemsView]) -> Parameter:
    known, unless = ", ".join(view.groups), " and ".join(view.default_groups)
    return Parameter("fields", f"Groups of fields, separated by commas: {known}. Only {unless} unless said.")


GROUPS = (
    Group(
        "Datasets",
        (
            Operation("GET", "/v2/datasets", "List datasets.", Numbered[answers.Dataset], query=paged()),
            Operation(
                "POST",
                "/v2/datasets",
                "Make a dataset, or change the one of that name.",
                answers.Dataset,
                body=DatasetBody,
            ),
            Operation("GET", "/v2/datasets/{datasetName}", "Read a dataset.", answers.Dataset),
            Operation(
                "GET",
                "/datasets",
                "List datasets with the ids of their items and the names of their runs.",
                Numbered[answers.DatasetWithNames],
                query=paged(),
                state=State.LEGACY,
            ),
            Operation(
                "POST",
                "/datasets",
                "Make a dataset, or change the one of that name.",
                answers.DatasetWithNames,
                body=DatasetBody,
                state=State.LEGACY,
            ),
            Operation(
                "GET",
                "/datasets/{datasetName}",
                "Read a dataset with its items.",
                answers.DatasetWithItems,
                state=State.LEGACY,
            ),
        ),
    ),
    Group(
        "Dataset items",
        (
            Operation(
                "GET",
                "/dataset-items",
                "List active items, newest first, as they are or as they were.",
                Numbered[answers.DatasetItem],
                query=(
                    *paged(),
                    Parameter("datasetName", "Only of this dataset."),
                    Parameter("sourceTraceId", "Only taken from this trace."),
                    Parameter("sourceObservationId", "Only taken from this observation."),
                    Parameter("version", "As they were at this time; needs `datasetName`.", datetime),
                ),
            ),
            Operation(
                "POST",
                "/dataset-items",
                "Add an item, or change the one of that id.",
                answers.DatasetItem,
                body=ItemBody,
            ),
            Operation("GET", "/dataset-items/{id}", "Read an item.", answers.DatasetItem),
            Operation("DELETE", "/dataset-items/{id}", "Delete an item; runs keep what they hold of it.", Message),
        ),
    ),
    Group(
        "Dataset runs",
        (
            Operation("GET", "/datasets/{datasetName}/runs", "List runs.", Numbered[answers.DatasetRun], query=paged()),
            Operation(
                "GET",
                "/datasets/{datasetName}/runs/{runName}",
                "Read a run with its items.",
                answers.DatasetRunWithItems,
            ),
            Operation("DELETE", "/datasets/{datasetName}/runs/{runName}", "Delete a run; its traces stay.", Message),
            Operation(
                "GET",
                "/dataset-run-items",
                "List the items of a run.",
                Numbered[answers.DatasetRunItem],
                query=(
                    Parameter("datasetId", "The dataset.", required=True),
                    Parameter("runName", "The run.", required=True),
                    *paged(),
                ),
                state=State.LEGACY,
            ),
            Operation(
                "POST",
                "/dataset-run-items",
                "Say that a trace answers an item in a run; the first one makes the run.",
                answers.DatasetRunItem,
                body=RunItemBody,
                state=State.LEGACY,
                differs="The run's id is the one that SDK 5 computes itself.",
            ),
        ),
    ),
    Group(
        "Experiments",
        (
            Operation(
                "GET",
                "/experiments",
                "List experiments by their latest activity.",
                Stretch[answers.Experiment],
                query=(*ASKED, *filters(ExperimentsView.table), fields(ExperimentsView)),
            ),
            Operation(
                "GET",
                "/experiment-items",
                "List the answers of experiments.",
                Stretch[answers.ExperimentItem],
                query=(*ASKED, *filters(ExperimentItemsView.table), fields(ExperimentItemsView)),
            ),
        ),
    ),
)
