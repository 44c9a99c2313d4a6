"""Runs out of spans."""

from datetime import UTC, datetime
from typing import Any

import pytest

from datasets.models import DatasetRun, DatasetRunItem
from datasets.runs import run_id
from tests.conftest import Api
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes, ObservationChange

MOMENT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def span(span_id: str, trace_id: str, parent: str | None, **experiment: str) -> ObservationChange:
    told = {name.replace("__", "."): value for name, value in experiment.items()}
    return ObservationChange(
        id=span_id,
        trace_id=trace_id,
        seen_at=MOMENT,
        start_time=MOMENT,
        parent_observation_id=parent,
        type="SPAN",
        experiment=told or None,
    )


@pytest.fixture
def experiment(project, dataset, capitals) -> dict[str, str]:
    """What SDK 5 writes on every span of the first item."""
    return {
        "id": run_id(project.id, dataset["id"], "Run five"),
        "name": "Run five",
        "dataset__id": dataset["id"],
        "item__id": capitals[0]["id"],
        "item__root_observation_id": "task",
        "metadata": '{"model": "m"}',
    }


def send(project, *observations: ObservationChange) -> None:
    store_changes(project.id, Changes(observations=list(observations)))


def test_spans_make_the_run_and_its_answers_once(api: Api, project, dataset, capitals, experiment) -> None:
    spans = [
        span("run", "t1", None, **experiment),
        span("task", "t1", "run", **experiment, description="why"),
        span("inner", "t1", "task", **experiment),
    ]
    send(project, *spans)
    send(project, *spans)
    listed = api.get("datasets/Capitals/runs").json()["data"]
    assert [(run["id"], run["name"], run["description"], run["metadata"]) for run in listed] == [
        (experiment["id"], "Run five", "why", {"model": "m"})
    ]
    items = api.get("datasets/Capitals/runs/Run five").json()["datasetRunItems"]
    assert [(item["datasetItemId"], item["traceId"], item["observationId"]) for item in items] == [
        (capitals[0]["id"], "t1", "task")
    ]
    assert items[0]["createdAt"] == "2026-06-01T12:00:00.000Z"


def test_what_sdk_4_says_by_a_call_and_by_spans_is_one_answer(api: Api, project, capitals, experiment) -> None:
    body = {"runName": "Run five", "datasetItemId": capitals[0]["id"], "traceId": "t1", "observationId": "task"}
    assert api.post("dataset-run-items", body).json()["datasetRunId"] == experiment["id"]
    send(project, span("task", "t1", "run", **experiment))
    assert DatasetRun.objects.count() == 1 and DatasetRunItem.objects.count() == 1


def test_the_version_in_the_span_decides_what_was_answered(project, capitals, add_item, experiment) -> None:
    old = capitals[0]["updatedAt"]
    add_item(id=capitals[0]["id"], expectedOutput="Roma")
    send(project, span("task", "t1", "run", **experiment, item__version=old))
    assert DatasetRunItem.objects.get().version.expected_output == '"Рим"'


def test_metadata_that_sdk_4_flattens_is_one_object_again(api: Api, project, experiment) -> None:
    del experiment["metadata"]
    flat = {"metadata.model": "gpt", "metadata.temperature": "0.5"}
    one = span("task", "t1", "run", **experiment)
    one.experiment = {**(one.experiment or {}), **flat}
    send(project, one)
    assert api.get("datasets/Capitals/runs/Run five").json()["metadata"] == {"model": "gpt", "temperature": 0.5}


def test_data_that_only_the_client_has_makes_a_run_without_a_dataset(api: Api, project, experiment) -> None:
    local = experiment | {"id": "abcdefabcdefabcd", "item__id": "hash"}
    del local["dataset__id"]
    send(project, span("task", "t1", "run", **local, item__expected_output="Rome"))
    run = DatasetRun.objects.get()
    assert (run.run_id, run.dataset_id, run.name) == ("abcdefabcdefabcd", None, "Run five")
    item = run.items.get()
    assert (item.item_id, item.expected_output, item.version_id) == ("hash", '"Rome"', None)
    assert api.get("datasets").json()["data"] == [] or api.get("datasets").json()["data"][0]["runs"] == []


def test_local_items_of_sdk_3_which_have_an_id_each_are_one_run(project) -> None:
    for number in range(3):
        told = {
            "id": f"random{number}",
            "name": "Local",
            "item__id": f"i{number}",
            "item__root_observation_id": f"s{number}",
        }
        send(project, span(f"s{number}", f"t{number}", None, **told))
    assert DatasetRun.objects.get().items.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"item__id": ""},
        {"item__id": "x" * 256},
        {"id": "x" * 256},
        {"name": "x" * 1001},
        {"item__id": "a\0b"},
        {"id": "\0"},
        {"name": "\0"},
    ],
)
def test_attributes_that_cannot_be_stored_never_cost_the_span(api: Api, project, experiment, change) -> None:
    send(project, span("task", "t1", "run", **(experiment | change)))
    assert not DatasetRun.objects.exists()
    assert api.get("traces/t1").status_code in (200, 404)


def test_a_dataset_id_that_cannot_exist_costs_nothing(api: Api, project, experiment) -> None:
    send(project, span("task", "t1", "run", **(experiment | {"dataset__id": "\0"})))
    assert DatasetRun.objects.get().dataset is None


def test_a_dataset_of_another_project_is_not_linked(project, other_project, experiment) -> None:
    send(other_project, span("task", "t1", "run", **experiment))
    run: Any = DatasetRun.objects.get()
    assert (run.project_id, run.dataset_id) == (other_project.id, None)
    assert run.items.get().version_id is None


def test_a_batch_costs_a_constant_number_of_queries(
    project, capitals, experiment, django_assert_max_num_queries
) -> None:
    from datasets.experiments import link_experiments

    changes = Changes(
        observations=[
            span(f"task{n}", f"t{n}", "run", **(experiment | {"item__root_observation_id": f"task{n}"}))
            for n in range(30)
        ]
    )
    with django_assert_max_num_queries(7):
        link_experiments(project.id, changes)
    assert DatasetRunItem.objects.count() == 30
    with django_assert_max_num_queries(0):
        link_experiments(project.id, Changes(observations=[span("x", "t", None)]))
