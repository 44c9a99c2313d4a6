"""`/experiments` and `/experiment-items`."""

from datetime import timedelta
from typing import Any

import pytest

from datasets.models import DatasetRun
from tests.conftest import Api
from tests.datasets.conftest import MOMENT

SINCE = "2026-01-01T00:00:00Z"


@pytest.fixture
def experiment(api: Api, capitals, measured):
    """Links an answer of a run at a number of minutes after noon."""

    def answer(run: str, minutes: int, item: int = 0, **body: Any) -> dict[str, Any]:
        trace_id = f"{run}-{item}-{minutes}"
        measured.trace(trace_id, "Рим", input='"Италия"', metadata={"k": '"v"'})
        at = (MOMENT + timedelta(minutes=minutes)).isoformat()
        told = {"runName": run, "datasetItemId": capitals[item]["id"], "traceId": trace_id, "createdAt": at, **body}
        return api.post("dataset-run-items", told).json()

    return answer


def test_experiments_go_by_their_latest_activity(api: Api, experiment, dataset) -> None:
    first = experiment("first", 0, runDescription="why", metadata={"m": 1})
    experiment("second", 1)
    experiment("first", 5, item=1)
    listed = api.get("experiments", fromStartTime=SINCE).json()
    assert listed["meta"] == {}
    assert [row["name"] for row in listed["data"]] == ["first", "second"]
    assert listed["data"][0] == {
        "id": first["datasetRunId"],
        "name": "first",
        "description": "why",
        "startTime": "2026-01-01T12:00:00.000Z",
        "endTime": "2026-01-01T12:05:00.000Z",
        "itemCount": 2,
        "datasetId": dataset["id"],
    }


def test_groups_add_metadata_and_scores(api: Api, experiment, measured) -> None:
    run_id = experiment("r", 0, metadata={"m": 1})["datasetRunId"]
    for value in (0.1, 0.2):
        measured.score("whole", value, dataset_run_id=run_id)
    row = api.get("experiments", fromStartTime=SINCE, fields="core,metadata,scores", scoreLimit=1).json()["data"][0]
    assert row["metadata"] == {"m": 1}
    assert len(row["scores"]) == 1 and row["scores"][0]["subject"] == {"kind": "experiment", "id": run_id}


def test_pages_continue_by_cursor_without_gaps(api: Api, experiment) -> None:
    for number in range(5):
        experiment(f"r{number}", number // 2)
    for route, key in (("experiments", "name"), ("experiment-items", "experimentName")):
        seen, cursor = [], None
        while True:
            page = api.get(route, fromStartTime=SINCE, limit=2, cursor=cursor).json()
            seen += [row[key] for row in page["data"]]
            cursor = page["meta"].get("cursor")
            if cursor is None:
                break
        assert sorted(seen) == ["r0", "r1", "r2", "r3", "r4"] and seen[0] == "r4"


def test_ranges_lists_and_filters_choose(api: Api, experiment, capitals) -> None:
    a = experiment("a", 0)["datasetRunId"]
    experiment("b", 10, item=1)

    def names(route: str, **query: str) -> list[str]:
        rows = api.get(route, **{"fromStartTime": SINCE, **query}).json()["data"]
        return [row.get("experimentName", row.get("name")) for row in rows]

    assert names("experiments", toStartTime="2026-01-01T12:05:00Z") == ["a"]
    assert names("experiments", fromStartTime="2026-01-01T12:05:00Z") == ["b"]
    assert names("experiments", id=f"{a},nope") == ["a"]
    assert names("experiments", name="b") == ["b"]
    assert names("experiment-items", experimentId=a) == ["a"]
    assert names("experiment-items", experimentItemId=capitals[1]["id"]) == ["b"]
    assert names("experiments", filter='[{"type":"string","column":"name","operator":"contains","value":"B"}]') == ["b"]
    none_of = '[{"type":"stringOptions","column":"name","operator":"none of","value":["b"]}]'
    assert names("experiments", filter=none_of) == ["a"]
    assert names("experiments", filter='[{"type":"null","column":"datasetId","operator":"is null","value":""}]') == []


def test_items_carry_what_was_asked_for(api: Api, experiment, measured, capitals, dataset) -> None:
    made = experiment("r", 0, runDescription="why", metadata={"m": 1})
    measured.score("exact_match", 1, trace_id=made["traceId"])
    plain = api.get("experiment-items", fromStartTime=SINCE).json()["data"][0]
    assert plain == {
        "id": made["traceId"],
        "traceId": made["traceId"],
        "startTime": "2026-01-01T12:00:00.000Z",
        "endTime": "2026-01-01T12:00:01.500Z",
        "level": "DEFAULT",
        "environment": "default",
        "experimentId": made["datasetRunId"],
        "experimentName": "r",
        "experimentItemId": capitals[0]["id"],
        "experimentDatasetId": dataset["id"],
        "experimentItemVersion": capitals[0]["updatedAt"],
    }
    groups = "io,metadata,itemMetadata,experimentMetadata,scores"
    row = api.get("experiment-items", fromStartTime=SINCE, fields=groups).json()["data"][0]
    assert (row["input"], row["output"], row["expectedOutput"]) == ("Италия", "Рим", "Рим")
    assert row["metadata"] == {"k": "v"} and row["experimentItemMetadata"] is None
    assert (row["experimentMetadata"], row["experimentDescription"]) == ({"m": 1}, "why")
    assert [score["name"] for score in row["scores"]] == ["exact_match"]


def test_answers_that_have_not_arrived_are_there_too(api: Api, capitals) -> None:
    body = {"runName": "r", "datasetItemId": capitals[0]["id"], "traceId": "later", "createdAt": SINCE}
    api.post("dataset-run-items", body)
    row = api.get("experiment-items", fromStartTime=SINCE, fields="core,io").json()["data"][0]
    assert (row["endTime"], row["output"], row["input"]) == (None, None, {"country": "Италия"})


def test_experiments_without_a_dataset_say_so(api: Api, project, measured) -> None:
    run = DatasetRun.objects.create(project_id=project.id, run_id="local", name="local")
    run.items.create(
        id="x", project_id=project.id, item_id="h", trace_id="t", created_at=MOMENT, expected_output="1", metadata="[1]"
    )
    assert api.get("experiments", fromStartTime=SINCE).json()["data"][0]["datasetId"] is None
    row = api.get("experiment-items", fromStartTime=SINCE, fields="io,dataset,itemMetadata").json()["data"][0]
    assert (row["expectedOutput"], row["experimentDatasetId"]) == (1, None)
    assert row["experimentItemMetadata"] == {"metadata": [1]}


@pytest.mark.parametrize("route", ["experiments", "experiment-items"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "fromStartTime"),
        ({"fromStartTime": "x"}, "fromStartTime"),
        ({"fromStartTime": SINCE, "limit": "101"}, "limit"),
        ({"fromStartTime": SINCE, "scoreLimit": "51"}, "scoreLimit"),
        ({"fromStartTime": SINCE, "fields": "core,nonsense"}, "fields"),
        ({"fromStartTime": SINCE, "cursor": "nonsense"}, "cursor"),
        ({"fromStartTime": SINCE, "cursor": "WyIxIiwgMSwgMV0"}, "cursor"),
        ({"fromStartTime": SINCE, "filter": "nonsense"}, "filter"),
        ({"fromStartTime": SINCE, "filter": '[{"type":"string","column":"x","operator":"=","value":"y"}]'}, "filter"),
        ({"fromStartTime": SINCE, "datasetId": "a\0"}, "datasetId"),
    ],
)
def test_bad_questions_are_refused_with_the_field_named(api: Api, route, query, field) -> None:
    answer = api.get(route, **query)
    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_strangers_see_no_experiments(other_api: Api, nobody_api: Api, experiment) -> None:
    experiment("r", 0)
    assert other_api.get("experiments", fromStartTime=SINCE).json()["data"] == []
    assert other_api.get("experiment-items", fromStartTime=SINCE).json()["data"] == []
    assert nobody_api.get("experiments", fromStartTime=SINCE).status_code == 401


def test_lists_take_a_constant_number_of_queries(api: Api, experiment, django_assert_max_num_queries) -> None:
    for number in range(6):
        experiment(f"r{number}", number)
    with django_assert_max_num_queries(3):
        api.get("experiments", fromStartTime=SINCE, fields="core,scores,metadata")
    with django_assert_max_num_queries(6):
        api.get("experiment-items", fromStartTime=SINCE, fields="core,io,scores,dataset")
