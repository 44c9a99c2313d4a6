"""GET /api/public/v2/prompts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prompts.models import PromptVersion
from tests.prompts.casting import bulk, create


def names(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["data"]]


def test_it_gives_one_row_per_name(api) -> None:
    create(api, "b", prompt=[], type="chat", labels=["production"], tags=["t"], config={"n": 1})
    create(api, "b", prompt=[], type="chat", labels=["stable"], config={"n": 2})
    create(api, "a/x")
    response = api.get("v2/prompts")
    body = response.json()
    assert names(response) == ["a/x", "b"]
    row = body["data"][1]
    assert row.pop("lastUpdatedAt").endswith("Z")
    assert row == {
        "name": "b",
        "type": "chat",
        "versions": [1, 2],
        "labels": ["latest", "production", "stable"],
        "tags": ["t"],
        "lastConfig": {"n": 2},
    }
    assert body["meta"] == body["pagination"] == {"page": 1, "limit": 10, "totalItems": 2, "totalPages": 1}


def test_it_pages(api, project) -> None:
    bulk(project.id, [f"p{number:02}" for number in range(12)])
    assert len(names(api.get("v2/prompts"))) == 10
    second = api.get("v2/prompts", page=2, limit=5)
    assert names(second) == ["p05", "p06", "p07", "p08", "p09"]
    assert second.json()["meta"] == {"page": 2, "limit": 5, "totalItems": 12, "totalPages": 3}
    assert names(api.get("v2/prompts", page=9)) == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"page": 0}, {"page": "x"}, {"version": "x"}])
def test_it_refuses_bad_numbers(api, query) -> None:
    response = api.get("v2/prompts", **query)
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == list(query)


def test_filters_choose_versions_before_they_are_gathered(api) -> None:
    create(api, "a", labels=["production"], config={"n": 1})
    create(api, "a", config={"n": 2})
    create(api, "b")
    (row,) = api.get("v2/prompts", label="production").json()["data"]
    assert (row["name"], row["versions"], row["labels"], row["lastConfig"]) == ("a", [1], ["production"], {"n": 1})


def test_it_filters_by_exact_name_tag_and_version(api) -> None:
    create(api, "a", tags=["x", "y"])
    create(api, "ab")
    create(api, "ab")
    assert names(api.get("v2/prompts", name="a")) == ["a"]
    assert names(api.get("v2/prompts", tag="y")) == ["a"]
    assert names(api.get("v2/prompts", version=2)) == ["ab"]
    assert names(api.get("v2/prompts", name="", tag="", label="")) == ["a", "ab"]
    assert names(api.get("v2/prompts", name="a\0")) == []


def test_it_filters_by_the_time_of_the_last_change(api) -> None:
    create(api, "old")
    PromptVersion.objects.update(updated_at=timezone.now() - timedelta(days=2))
    create(api, "young")
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert names(api.get("v2/prompts", fromUpdatedAt=yesterday)) == ["young"]
    assert names(api.get("v2/prompts", toUpdatedAt=yesterday)) == ["old"]
    assert names(api._call("GET", "v2/prompts", QUERY_STRING=f"fromUpdatedAt={yesterday}")) == ["young"]


def test_the_bounds_of_time_are_from_inclusive_to_exclusive(api) -> None:
    create(api)
    moment = timezone.now().replace(microsecond=0)
    PromptVersion.objects.update(updated_at=moment)
    text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names(api.get("v2/prompts", fromUpdatedAt=text)) == ["greeting"]
    assert names(api.get("v2/prompts", toUpdatedAt=text)) == []


@pytest.mark.parametrize("text", ["yesterday", "2026-13-45T00:00:00Z", "1"])
def test_it_refuses_what_is_no_time(api, text) -> None:
    response = api.get("v2/prompts", fromUpdatedAt=text)
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["fromUpdatedAt"]


def test_it_asks_the_same_number_of_queries_for_many_as_for_few(api) -> None:
    create(api, "first")
    api.get("v2/prompts")
    with CaptureQueriesContext(connection) as few:
        api.get("v2/prompts")
    for number in range(8):
        create(api, f"p{number}", labels=["production"])
        create(api, f"p{number}")
    with CaptureQueriesContext(connection) as many:
        api.get("v2/prompts")
    assert len(many) == len(few) == 5


def test_a_stranger_sees_nothing(api, other_api) -> None:
    create(api)
    assert names(other_api.get("v2/prompts")) == []
