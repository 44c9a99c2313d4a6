"""`/dataset-items`."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from datasets.models import DatasetItem
from tests.conftest import Api


def test_it_makes_an_item_in_the_shape_of_the_specification(api: Api, dataset, add_item) -> None:
    made = add_item(
        input={"country": "Италия"}, expectedOutput="Рим", metadata={"n": 1}, sourceTraceId="t", sourceObservationId="o"
    )
    assert made.pop("id") and made.pop("createdAt") == made.pop("updatedAt")
    assert made == {
        "status": "ACTIVE",
        "input": {"country": "Италия"},
        "expectedOutput": "Рим",
        "metadata": {"n": 1},
        "sourceTraceId": "t",
        "sourceObservationId": "o",
        "datasetId": dataset["id"],
        "datasetName": "Capitals",
        "mediaReferences": [],
    }


def test_items_are_listed_newest_first_even_when_made_at_once(api: Api, add_item) -> None:
    for number in range(12):
        add_item(input=number)
    listed = api.get("dataset-items", datasetName="Capitals").json()
    assert [item["input"] for item in listed["data"]] == list(range(11, -1, -1))
    assert listed["meta"] == {"page": 1, "limit": 50, "totalItems": 12, "totalPages": 1}
    assert api.get("dataset-items", datasetName="Capitals", page=3, limit=5).json()["data"][0]["input"] == 1


def test_an_id_is_upserted_and_null_keeps(api: Api, add_item) -> None:
    first = add_item(id="x/1", input={"a": 1}, expectedOutput="e", metadata={"m": 1}, sourceTraceId="t")
    second = add_item(id="x/1", input=None, expectedOutput="new")
    assert second["input"] == {"a": 1} and second["expectedOutput"] == "new" and second["metadata"] == {"m": 1}
    assert second["sourceTraceId"] == "t" and second["createdAt"] == first["createdAt"]
    assert second["updatedAt"] > first["updatedAt"]
    assert api.get("dataset-items/x%2F1").json() == second
    assert api.get("dataset-items", datasetName="Capitals").json()["meta"]["totalItems"] == 1


def test_sending_the_same_again_makes_no_new_version(add_item) -> None:
    first = add_item(id="same", input={"a": [1, 2]}, expectedOutput="e")
    assert add_item(id="same", input={"a": [1, 2]}, expectedOutput="e") == first
    assert DatasetItem.objects.filter(item_id="same").count() == 1


def test_an_updated_item_keeps_its_place(api: Api, capitals, add_item) -> None:
    add_item(id=capitals[0]["id"], expectedOutput="Roma")
    listed = api.get("dataset-items", datasetName="Capitals").json()["data"]
    assert [item["id"] for item in listed] == [item["id"] for item in reversed(capitals)]


def test_an_id_of_another_dataset_is_a_conflict(api: Api, add_item) -> None:
    add_item(id="taken", input=1)
    api.post("v2/datasets", {"name": "Other"})
    refusal = api.post("dataset-items", {"datasetName": "Other", "id": "taken", "input": 2})
    assert refusal.status_code == 409
    assert refusal.json()["error"] == "LangfuseConflictError" and "Capitals" in refusal.json()["message"]
    api.delete("dataset-items/taken")
    assert api.post("dataset-items", {"datasetName": "Other", "id": "taken", "input": 2}).status_code == 200


def test_another_project_may_use_the_same_id(api: Api, other_api: Api, add_item) -> None:
    add_item(id="shared", input="ours")
    other_api.post("v2/datasets", {"name": "Capitals"})
    assert other_api.get("dataset-items/shared").status_code == 404
    assert other_api.delete("dataset-items/shared").status_code == 404
    assert (
        other_api.post("dataset-items", {"datasetName": "Capitals", "id": "shared", "input": "theirs"}).status_code
        == 200
    )
    assert api.get("dataset-items/shared").json()["input"] == "ours"


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"input": 1}, 400, "datasetName"),
        ({"datasetName": "Nowhere", "input": 1}, 404, "Nowhere"),
        ({"datasetName": "Capitals", "id": "x" * 256}, 400, "id"),
        ({"datasetName": "Capitals", "id": "a\0"}, 400, "id"),
        ({"datasetName": "Capitals", "status": "GONE"}, 400, "status"),
        ({"datasetName": "Capitals", "sourceTraceId": "t" * 801}, 400, "sourceTraceId"),
        ({"datasetName": "Capitals", "sourceTraceId": 5}, 400, "sourceTraceId"),
    ],
)
def test_bad_items_are_refused(api: Api, dataset, body: dict, status: int, named: str) -> None:
    answer = api.post("dataset-items", body)
    assert answer.status_code == status
    assert named in answer.content.decode()


def test_archived_items_leave_lists_but_can_be_read(api: Api, capitals, add_item) -> None:
    gone = capitals[1]["id"]
    add_item(id=gone, status="ARCHIVED")
    assert gone not in [item["id"] for item in api.get("dataset-items", datasetName="Capitals").json()["data"]]
    assert api.get(f"dataset-items/{gone}").json()["status"] == "ARCHIVED"


def test_a_deleted_item_is_gone_but_its_past_stays(api: Api, capitals) -> None:
    gone = capitals[0]["id"]
    before = api.get(f"dataset-items/{capitals[2]['id']}").json()["updatedAt"]
    time.sleep(0.005)
    answer = api.delete(f"dataset-items/{gone}")
    assert answer.status_code == 200 and answer.json()["message"]
    assert api.get(f"dataset-items/{gone}").status_code == 404
    assert api.delete(f"dataset-items/{gone}").status_code == 404
    assert api.get("dataset-items", datasetName="Capitals").json()["meta"]["totalItems"] == 2
    assert api.get("dataset-items", datasetName="Capitals", version=before).json()["meta"]["totalItems"] == 3


def test_a_version_replays_the_dataset_as_it_was(api: Api, add_item) -> None:
    first = add_item(id="a", input=1)
    time.sleep(0.01)
    second = add_item(id="a", input=2)
    add_item(id="b", input=3)

    def at(version: str) -> list:
        return [
            item["input"] for item in api.get("dataset-items", datasetName="Capitals", version=version).json()["data"]
        ]

    assert at(first["updatedAt"]) == [1]  # the very moment that the item names as its own
    assert at(second["updatedAt"])[-1] == 2
    assert at("2020-01-01T00:00:00Z") == []
    assert at(second["updatedAt"].replace("Z", " 00:00"))[-1] == 2  # a plus sign that nobody encoded
    assert at("2100-01-01")[-1] == 2


@pytest.mark.parametrize("version", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "\0"])
def test_a_version_that_is_no_time_is_refused(api: Api, dataset, version: str) -> None:
    refusal = api.get("dataset-items", datasetName="Capitals", version=version)
    assert refusal.status_code == 400 and refusal.json()["error"][0]["path"] == ["version"]


def test_a_version_needs_a_dataset(api: Api) -> None:
    assert api.get("dataset-items", version="2026-01-01T00:00:00Z").status_code == 400


def test_items_are_found_by_their_source(api: Api, add_item) -> None:
    add_item(input=1, sourceTraceId="t1", sourceObservationId="o1")
    add_item(input=2, sourceTraceId="t2")
    found = api.get("dataset-items", sourceTraceId="t1").json()["data"]
    assert [item["input"] for item in found] == [1]
    assert [item["input"] for item in api.get("dataset-items", sourceObservationId="o1").json()["data"]] == [1]
    assert api.get("dataset-items", sourceTraceId="t\0").status_code == 400


def test_text_is_kept_as_sent(api: Api, dataset) -> None:
    given = rb'{"z":1,"a":"\u0418\u0442","n":1234567890123456789012,"x":"\u0000"}'
    body = b'{"datasetName":"Capitals","id":"t","input":' + given + b"}"
    assert api.post("dataset-items", body).status_code == 200
    answer = api.get("dataset-items/t")
    assert '{"z":1,"a":"Ит","n":1234567890123456789012,"x":"\\u0000"}' in answer.content.decode()


def test_a_string_that_holds_json_stays_a_string(add_item) -> None:
    assert add_item(input="2", expectedOutput='{"a":1}')["expectedOutput"] == '{"a":1}'


class TestSchemas:
    SCHEMA = {"type": "object", "required": ["country"], "properties": {"country": {"type": "string"}}}

    def test_new_items_must_fit(self, api: Api, dataset) -> None:
        api.post(
            "v2/datasets", {"name": "Capitals", "inputSchema": self.SCHEMA, "expectedOutputSchema": {"type": "string"}}
        )
        refusal = api.post("dataset-items", {"datasetName": "Capitals", "input": {"country": 5}, "expectedOutput": 7})
        assert refusal.status_code == 400
        assert [found["path"] for found in refusal.json()["error"]] == [["input", "country"], ["expectedOutput"]]
        good = {"datasetName": "Capitals", "input": {"country": "Италия"}, "expectedOutput": "Рим"}
        assert api.post("dataset-items", good).status_code == 200

    def test_a_new_schema_must_hold_for_what_is_there_and_names_up_to_ten(self, api: Api, add_item) -> None:
        for number in range(12):
            add_item(input=number, id=f"i{number}")
        refusal = api.post("v2/datasets", {"name": "Capitals", "inputSchema": self.SCHEMA})
        assert refusal.status_code == 400
        assert len(refusal.json()["error"]) == 10 and refusal.json()["error"][0]["itemId"] == "i11"
        assert api.get("v2/datasets/Capitals").json()["inputSchema"] is None

    def test_a_reference_to_another_host_is_not_fetched(self, api: Api, dataset) -> None:
        api.post("v2/datasets", {"name": "Capitals", "inputSchema": {"$ref": "http://127.0.0.1:9/secret"}})
        refusal = api.post("dataset-items", {"datasetName": "Capitals", "input": 1})
        assert refusal.status_code == 400 and "cannot be found" in refusal.content.decode()

    def test_a_schema_that_refers_to_itself_does_not_hang(self, api: Api, dataset) -> None:
        api.post("v2/datasets", {"name": "Capitals", "inputSchema": {"$ref": "#"}})
        assert api.post("dataset-items", {"datasetName": "Capitals", "input": 1}).status_code == 400


def test_listing_takes_a_constant_number_of_queries(api: Api, add_item, django_assert_max_num_queries) -> None:
    for number in range(8):
        add_item(input=number)
    with django_assert_max_num_queries(3):
        api.get("dataset-items", datasetName="Capitals")


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_of_one_id_leave_one_history(api: Api, dataset) -> None:
    def write(number: int) -> int:
        try:
            return api.post("dataset-items", {"datasetName": "Capitals", "id": "hot", "input": number}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {200}
    versions = list(DatasetItem.objects.filter(item_id="hot").order_by("valid_from"))
    assert len(versions) == 24 and [row.valid_to for row in versions][:-1] == [row.valid_from for row in versions][1:]
    assert versions[-1].valid_to is None


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_of_one_id_in_two_datasets_get_one_and_conflicts(api: Api, dataset) -> None:
    api.post("v2/datasets", {"name": "Other"})

    def write(number: int) -> tuple[str, int]:
        name = ("Capitals", "Other")[number % 2]
        try:
            return name, api.post("dataset-items", {"datasetName": name, "id": "hot", "input": number}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(16)))
    won = {name for name, status in answers if status == 200}
    assert len(won) == 1 and {status for name, status in answers if name not in won} == {409}
