"""Datasets, runs and experiments of every SDK."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.sdk.scripts import story
from tests.sdk.telling import Told, told_by


def _run(told: Told, name: str) -> dict[str, Any]:
    return told.get(f"/datasets/{quote(told.names['dataset'])}/runs/{quote(name)}")


def test_the_dataset_keeps_description_and_metadata(told: Told) -> None:
    dataset = told.get(f"/v2/datasets/{quote(told.names['dataset'])}")
    assert dataset["description"] == "Столицы"
    assert dataset["metadata"] == story.DATASET_METADATA


def test_items_come_newest_first_with_all_they_hold(told: Told) -> None:
    items = told.get("/dataset-items", datasetName=told.names["dataset"])["data"]
    assert [item["id"] for item in items] == list(reversed(told.tale["dataset"]["items"]))
    for item, made in zip(reversed(items), story.ITEMS, strict=True):
        assert (item["input"], item["expectedOutput"]) == (made["input"], made["expected_output"])
        assert item["metadata"] == made["metadata"]
        assert item["status"] == "ACTIVE"


def test_the_run_links_every_item_to_its_trace(told: Told) -> None:
    run, tale = _run(told, told.names["run"]), told.tale["dataset"]
    assert run["id"] == tale["run"]
    linked = {item["datasetItemId"]: item["traceId"] for item in run["datasetRunItems"]}
    assert linked == {item: one["trace"] for item, one in tale["traces"].items()}
    assert len(run["datasetRunItems"]) == len(story.ITEMS)
    assert run["metadata"] == story.RUN_METADATA
    assert run["description"] in ("наблюдается", "по столицам")


def test_the_run_is_listed_with_its_dataset(told: Told) -> None:
    runs = told.get(f"/datasets/{quote(told.names['dataset'])}/runs")["data"]
    assert told.names["run"] in [run["name"] for run in runs]


@told_by("py2", "py3", "js3")
def test_the_sdk_reads_its_own_run(told: Told) -> None:
    assert dict(told.tale["dataset"]["run_items"]) == {
        item: one["trace"] for item, one in told.tale["dataset"]["traces"].items()
    }
    assert told.tale["dataset"]["run_metadata"] == story.RUN_METADATA


def test_the_wrong_model_is_scored_wrong_where_it_is(told: Told) -> None:
    verdicts = {}
    for one in told.tale["dataset"]["traces"].values():
        (score,) = (score for score in told.get(f"/traces/{one['trace']}")["scores"] if score["name"] == "exact_match")
        verdicts[one["output"]] = score["value"]
    assert verdicts == {"Рим": 1, "Торонто": 0, "Каир": 1}


def test_every_trace_of_the_run_has_its_generation(told: Told) -> None:
    for one in told.tale["dataset"]["traces"].values():
        generations = [
            seen for seen in told.get(f"/traces/{one['trace']}")["observations"] if seen["type"] == "GENERATION"
        ]
        assert story.WRONG_MODEL in [generation["model"] for generation in generations]


@told_by("py3", "py4", "py5", "js5")
def test_an_experiment_is_a_run_with_a_score_of_its_own(told: Told) -> None:
    tale = told.tale["experiment"]
    run = _run(told, told.names["experiment"])
    assert run["id"] == tale["run"]
    assert {item["datasetItemId"]: item["traceId"] for item in run["datasetRunItems"]} == {
        item: one["trace"] for item, one in tale["traces"].items()
    }
    assert tale["accuracy"] == 1.0
    (score,) = told.get("/v2/scores", datasetRunId=tale["run"])["data"]
    assert (score["name"], score["value"]) == ("accuracy", 1)


@told_by("py5")
def test_generation_5_lists_its_experiments(told: Told) -> None:
    listed = told.tale["read"]["experiments"]
    if listed is None:
        pytest.skip("GET /experiments is not served.")
    assert listed[told.tale["experiment"]["run"]] == told.names["experiment"]
    assert listed[told.tale["dataset"]["run"]] == told.names["run"]
