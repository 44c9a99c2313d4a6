"""`/v2/datasets` and v1 `/datasets`."""

import pytest

from tests.conftest import Api


def test_it_makes_a_dataset_in_the_shape_of_the_specification(api: Api, project) -> None:
    answer = api.post("v2/datasets", {"name": "Capitals", "description": "d", "metadata": {"clearml_id": "X"}})
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("id") and body.pop("createdAt").endswith("Z") and body.pop("updatedAt").endswith("Z")
    assert body == {
        "name": "Capitals",
        "description": "d",
        "metadata": {"clearml_id": "X"},
        "inputSchema": None,
        "expectedOutputSchema": None,
        "projectId": project.id,
    }
    assert api.get("v2/datasets/Capitals").json()["metadata"] == {"clearml_id": "X"}


def test_the_same_name_updates_and_null_or_missing_keeps(api: Api) -> None:
    first = api.post("v2/datasets", {"name": "A", "description": "one", "metadata": [1]}).json()
    api.post("v2/datasets", {"name": "A", "description": None, "metadata": {"z": 1, "a": 2}})
    now = api.get("v2/datasets/A").json()
    assert (now["id"], now["description"]) == (first["id"], "one")
    assert list(now["metadata"]) == ["z", "a"]  # the order of keys survives


def test_a_reader_who_mistakes_the_case_finds_the_only_one_alike(api: Api, dataset) -> None:
    assert api.get("v2/datasets/capitals").json()["name"] == "Capitals"
    assert api.get("dataset-items", datasetName="CAPITALS").status_code == 200


def test_names_are_case_sensitive_as_soon_as_there_are_two(api: Api, dataset) -> None:
    small = api.post("v2/datasets", {"name": "capitals"}).json()
    assert small["id"] != dataset["id"]
    assert api.get("v2/datasets/capitals").json()["id"] == small["id"]
    refusal = api.get("v2/datasets/CAPITALS")
    assert refusal.status_code == 404
    assert refusal.json()["error"] == "LangfuseNotFoundError"


def test_writers_must_name_the_dataset_exactly(api: Api, dataset) -> None:
    assert api.post("dataset-items", {"datasetName": "capitals", "input": 1}).status_code == 404


@pytest.mark.parametrize("name", ["folder/sub/cities", "с пробелом и %", "a/runs/b", "100%25?x#y"])
def test_names_with_slashes_and_other_signs_are_found(api: Api, name: str) -> None:
    from urllib.parse import quote

    api.post("v2/datasets", {"name": name})
    assert api.get(f"v2/datasets/{quote(name, safe='')}").json()["name"] == name
    if "/" in name:
        assert api.get(f"v2/datasets/{quote(name)}").json()["name"] == name


def test_lists_are_newest_first_and_totals_are_right(api: Api) -> None:
    for number in range(5):
        api.post("v2/datasets", {"name": f"D{number}"})
    page = api.get("v2/datasets", page=2, limit=2).json()
    assert [row["name"] for row in page["data"]] == ["D2", "D1"]
    assert page["meta"] == {"page": 2, "limit": 2, "totalItems": 5, "totalPages": 3}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 501}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "A", "description": "a\0b"}, "description"),
        ({"name": "A", "description": 5}, "description"),
        ({"name": "A", "inputSchema": "text"}, "inputSchema"),
        ({"name": "A", "inputSchema": {"type": "nonsense"}}, "inputSchema"),
        ({"name": "A", "expectedOutputSchema": {"pattern": "["}}, "expectedOutputSchema"),
    ],
)
def test_bad_bodies_are_refused_with_the_field_named(api: Api, body: dict, field: str) -> None:
    answer = api.post("v2/datasets", body)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"][0] == field


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"name": "\xff"}', b"[" * 200 + b"]" * 200])
def test_bodies_that_are_no_object_are_refused(api: Api, body: bytes) -> None:
    assert api.post("v2/datasets", body).status_code == 400


@pytest.mark.parametrize("query", [{"page": 0}, {"limit": 101}, {"page": "x"}, {"limit": 0}])
def test_page_and_limit_have_bounds(api: Api, query: dict) -> None:
    assert api.get("v2/datasets", **query).status_code == 400


def test_nul_characters_and_big_numbers_in_values_are_kept(api: Api) -> None:
    api.post("v2/datasets", b'{"name": "A", "metadata": {"k": "a\\u0000b", "n": 123456789012345678901234567890}}')
    answer = api.get("v2/datasets/A")
    assert answer.json()["metadata"]["k"] == "a\0b"
    assert b"123456789012345678901234567890" in answer.content


def test_the_old_routes_list_items_and_runs(api: Api, capitals) -> None:
    api.post("dataset-run-items", {"runName": "r1", "datasetItemId": capitals[0]["id"], "traceId": "t"})
    listed = api.get("datasets").json()["data"][0]
    assert listed["items"] == [item["id"] for item in reversed(capitals)]
    assert listed["runs"] == ["r1"]
    one = api.get("datasets/Capitals").json()
    assert [item["id"] for item in one["items"]] == listed["items"]
    assert one["runs"] == ["r1"]
    made = api.post("datasets", {"name": "Other"}).json()
    assert (made["items"], made["runs"]) == ([], [])


def test_strangers_see_and_change_nothing(api: Api, other_api: Api, nobody_api: Api, dataset) -> None:
    assert other_api.get("v2/datasets/Capitals").status_code == 404
    assert other_api.get("v2/datasets").json()["data"] == []
    assert other_api.get("datasets").json()["data"] == []
    other_api.post("v2/datasets", {"name": "Capitals", "description": "theirs"})
    assert api.get("v2/datasets/Capitals").json()["description"] == "Optional description"
    assert nobody_api.get("v2/datasets").status_code == 401


def test_lists_take_a_constant_number_of_queries(api: Api, django_assert_max_num_queries) -> None:
    for number in range(10):
        api.post("v2/datasets", {"name": f"D{number}"})
    api.get("v2/datasets")
    with django_assert_max_num_queries(2):
        api.get("v2/datasets")
    with django_assert_max_num_queries(4):
        api.get("datasets")
