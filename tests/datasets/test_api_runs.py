"""`/dataset-run-items` and `/datasets/{name}/runs…`."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from django.db import connection

from datasets.models import DatasetRun, DatasetRunItem
from datasets.runs import run_id
from tests.conftest import Api


def link(api: Api, item: dict, run: str = "First run", **body: object):
    return api.post("dataset-run-items", {"runName": run, "datasetItemId": item["id"], "traceId": "t-1", **body})


def test_the_run_id_is_what_sdk_5_computes() -> None:
    # The first 16 hex digits of SHA-256 over ["langfuse-experiment-v1","p","d","Запуск №1"].
    assert run_id("p", "d", "Запуск №1") == "6d69097ac7df7556"


def test_a_run_item_may_name_a_trace_that_has_not_arrived(api: Api, project, dataset, capitals) -> None:
    answer = link(api, capitals[0], observationId=None, runDescription="why", metadata={"model": "m"})
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("id") and body.pop("createdAt") == body.pop("updatedAt")
    assert body == {
        "datasetRunId": run_id(project.id, dataset["id"], "First run"),
        "datasetRunName": "First run",
        "datasetItemId": capitals[0]["id"],
        "traceId": "t-1",
        "observationId": None,
    }
    run = api.get("datasets/Capitals/runs/First%20run").json()
    assert (run["description"], run["metadata"], run["datasetName"]) == ("why", {"model": "m"}, "Capitals")
    assert [item["traceId"] for item in run["datasetRunItems"]] == ["t-1"]


def test_what_a_run_was_told_first_stays_and_gaps_are_filled(api: Api, capitals) -> None:
    link(api, capitals[0], metadata={"v": 1})
    link(api, capitals[1], metadata={"v": 2}, runDescription="late")
    run = api.get("datasets/Capitals/runs/First run").json()
    assert (run["metadata"], run["description"]) == ({"v": 1}, "late")


def test_repetitions_are_kept_and_a_retry_is_not_one(api: Api, capitals) -> None:
    first = link(api, capitals[0], traceId="a").json()
    assert link(api, capitals[0], traceId="a").json() == first
    link(api, capitals[0], traceId="b")
    link(api, capitals[0], traceId="a", observationId="o")
    run = api.get("datasets/Capitals/runs/First run").json()
    assert len(run["datasetRunItems"]) == 3


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"unknown": 1}, 400, "unknown"),
        ({"runName": ""}, 400, "runName"),
        ({"runName": None}, 400, "runName"),
        ({"traceId": None}, 400, "traceId"),
        ({"traceId": "t" * 801}, 400, "traceId"),
        ({"traceId": None, "observationId": "nowhere"}, 404, "nowhere"),
        ({"datasetItemId": "nowhere"}, 404, "nowhere"),
        ({"datasetVersion": "x"}, 400, "datasetVersion"),
        ({"createdAt": "x"}, 400, "createdAt"),
        ({"datasetVersion": "2020-01-01T00:00:00Z"}, 404, "not active"),
    ],
)
def test_bad_run_items_are_refused(api: Api, capitals, change: dict, status: int, named: str) -> None:
    answer = link(api, capitals[0], **change)
    assert answer.status_code == status
    assert named in answer.content.decode()
    assert not DatasetRun.objects.exists()


def test_archived_and_deleted_items_take_no_new_answers_but_keep_the_old(api: Api, capitals, add_item) -> None:
    link(api, capitals[0])
    link(api, capitals[1])
    before = capitals[2]["updatedAt"]
    time.sleep(0.005)
    add_item(id=capitals[0]["id"], status="ARCHIVED")
    api.delete(f"dataset-items/{capitals[1]['id']}")
    assert link(api, capitals[0], traceId="t-2").status_code == 404
    assert link(api, capitals[1], traceId="t-2").status_code == 404
    assert link(api, capitals[1], traceId="t-3", datasetVersion=before).status_code == 200
    assert len(api.get("datasets/Capitals/runs/First run").json()["datasetRunItems"]) == 3


def test_an_answer_points_at_the_version_that_was_answered(api: Api, capitals, add_item) -> None:
    version = capitals[0]["updatedAt"]
    time.sleep(0.005)
    add_item(id=capitals[0]["id"], expectedOutput="Roma")
    link(api, capitals[0], "old", datasetVersion=version)
    link(api, capitals[0], "new")
    seen = {
        row.run.name: row.version.expected_output for row in DatasetRunItem.objects.select_related("run", "version")
    }
    assert seen == {"old": '"Рим"', "new": '"Roma"'}


def test_runs_are_listed_newest_first_with_right_totals(api: Api, capitals) -> None:
    for number in range(3):
        link(api, capitals[0], f"run {number}")
    page = api.get("datasets/Capitals/runs", limit=2).json()
    assert [run["name"] for run in page["data"]] == ["run 2", "run 1"]
    assert page["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    assert api.get("datasets/Nowhere/runs").status_code == 404


def test_run_items_are_listed(api: Api, dataset, capitals) -> None:
    link(api, capitals[0], createdAt="2026-01-01T00:00:00Z")
    link(api, capitals[1], createdAt="2026-01-02T00:00:00Z")
    listed = api.get("dataset-run-items", datasetId=dataset["id"], runName="First run").json()
    assert [row["datasetItemId"] for row in listed["data"]] == [capitals[1]["id"], capitals[0]["id"]]
    assert listed["data"][0]["createdAt"] == "2026-01-02T00:00:00.000Z" and listed["meta"]["totalItems"] == 2
    assert api.get("dataset-run-items", datasetId=dataset["id"]).status_code == 400
    assert api.get("dataset-run-items", datasetId=dataset["id"], runName="no").status_code == 404


@pytest.mark.parametrize("name", ["a/b", "a/runs/b", "run %20 с пробелом"])
def test_runs_of_any_name_are_found(api: Api, name: str) -> None:
    api.post("v2/datasets", {"name": f"d/{name}"})
    item = api.post("dataset-items", {"datasetName": f"d/{name}", "input": 1}).json()
    link(api, item, name)
    path = f"datasets/{quote(f'd/{name}', safe='')}/runs"
    assert api.get(path).json()["data"][0]["name"] == name
    assert api.get(f"{path}/{quote(name, safe='')}").json()["name"] == name


def test_a_deleted_run_is_gone_with_its_items(api: Api, capitals) -> None:
    link(api, capitals[0])
    assert api.delete("datasets/Capitals/runs/First run").json()["message"]
    assert api.get("datasets/Capitals/runs/First run").status_code == 404
    assert not DatasetRunItem.objects.exists()
    assert api.delete("datasets/Capitals/runs/First run").status_code == 404


def test_strangers_reach_no_run(api: Api, other_api: Api, dataset, capitals) -> None:
    link(api, capitals[0])
    assert link(other_api, capitals[0]).status_code == 404
    assert other_api.get("datasets/Capitals/runs/First run").status_code == 404
    assert other_api.delete("datasets/Capitals/runs/First run").status_code == 404
    assert other_api.get("dataset-run-items", datasetId=dataset["id"], runName="First run").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_parallel_posts_that_make_the_same_run_never_fail(api: Api, capitals) -> None:
    def post(number: int) -> tuple[int, str]:
        try:
            answer = link(api, capitals[number % 3], traceId=f"t-{number // 2}")
            return answer.status_code, answer.json().get("datasetRunId")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(post, range(32)))
    assert len(answers) == 1 and answers.pop()[0] == 200
    assert DatasetRun.objects.count() == 1
