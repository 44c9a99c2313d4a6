"""`GET /v2/prompts?filter=`: conditions on versions (SDK 5; api.md, section 9)."""

import json
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from prompts.models import PromptVersion
from tests.prompts.casting import create

pytestmark = pytest.mark.django_db


def asked(api: Any, *conditions: dict[str, Any], **query: Any) -> dict[str, list[int]]:
    """The versions found, by name."""
    answer = api.get("v2/prompts", filter=json.dumps(conditions), **query)
    assert answer.status_code == 200, answer.content
    return {row["name"]: row["versions"] for row in answer.json()["data"]}


def one(type: str, column: str, operator: str, value: Any = "", **more: Any) -> dict[str, Any]:
    return {"type": type, "column": column, "operator": operator, "value": value, **more}


def config(operator: str, key: str, value: str = "") -> dict[str, Any]:
    return one("stringObject", "config", operator, value, key=key)


@pytest.fixture
def cast(api: Any) -> None:
    create(
        api, "tools/search/description", labels=["production"], tags=["x", "y"], config={"model": "GPT-4o", "t": 0.7}
    )
    create(api, "tools/search/description", labels=["staging"], tags=["x", "y"], config={"model": "claude", "t": 1})
    create(api, "tools/50%_off", tags=["y"], config={"model": None, "nested": {"a": [1]}})
    create(api, "chat", prompt=[], type="chat", config={})


SEARCH, OFF, CHAT = "tools/search/description", "tools/50%_off", "chat"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (one("string", "name", "=", "chat"), {CHAT: [1]}),
        (one("string", "name", "=", "Chat"), {}),
        (one("string", "name", "contains", "SEARCH"), {SEARCH: [1, 2]}),
        (one("string", "name", "does not contain", "search"), {OFF: [1], CHAT: [1]}),
        (one("string", "name", "starts with", "tools/"), {SEARCH: [1, 2], OFF: [1]}),
        (one("string", "name", "ends with", "/description"), {SEARCH: [1, 2]}),
        (one("string", "name", "is not empty"), {SEARCH: [1, 2], OFF: [1], CHAT: [1]}),
        # Wildcards, unless escaped.
        (one("string", "name", "starts with", "t%s/s_arch"), {SEARCH: [1, 2]}),
        (one("string", "name", "contains", "\\%"), {OFF: [1]}),
        (one("string", "name", "contains", "50\\%\\_"), {OFF: [1]}),
        (one("string", "name", "contains", "*"), {}),
        (one("string", "name", "ends with", "\\"), {}),
        (one("string", "name", "contains", "\\\\"), {}),
        (one("string", "type", "=", "chat"), {CHAT: [1]}),
        (one("stringOptions", "type", "any of", ["text", "other"]), {SEARCH: [1, 2], OFF: [1]}),
        (one("stringOptions", "name", "none of", [SEARCH, OFF]), {CHAT: [1]}),
        (one("number", "version", "=", 2), {SEARCH: [2]}),
        (one("number", "version", ">", 1), {SEARCH: [2]}),
        (one("number", "version", ">", 1.5), {SEARCH: [2]}),
        (one("number", "version", ">=", 1.5), {SEARCH: [2]}),
        (one("number", "version", "<", 1.5), {SEARCH: [1], OFF: [1], CHAT: [1]}),
        (one("number", "version", "<=", 1), {SEARCH: [1], OFF: [1], CHAT: [1]}),
        (one("number", "version", "=", 1.5), {}),
        (one("number", "version", "=", 10**30), {}),
        (one("number", "version", "<", 1e300), {SEARCH: [1, 2], OFF: [1], CHAT: [1]}),
        (one("arrayOptions", "labels", "any of", ["production", "staging"]), {SEARCH: [1, 2]}),
        (one("arrayOptions", "labels", "all of", ["latest", "staging"]), {SEARCH: [2]}),
        (one("arrayOptions", "labels", "none of", ["latest"]), {SEARCH: [1]}),
        (one("arrayOptions", "tags", "any of", ["x", "z"]), {SEARCH: [1, 2]}),
        (one("arrayOptions", "tags", "all of", ["y", "x"]), {SEARCH: [1, 2]}),
        (one("arrayOptions", "tags", "none of", ["x"]), {OFF: [1], CHAT: [1]}),
        (config("=", "model", "claude"), {SEARCH: [2]}),
        (config("=", "model", "Claude"), {}),
        (config("contains", "model", "gpt"), {SEARCH: [1]}),
        (config("starts with", "model", "GPT-_o"), {SEARCH: [1]}),
        (config("ends with", "model", "4o"), {SEARCH: [1]}),
        (config("does not contain", "model", "gpt"), {SEARCH: [2], OFF: [1], CHAT: [1]}),
        (config("=", "t", "0.7"), {SEARCH: [1]}),
        (config("contains", "nested", '"a"'), {OFF: [1]}),
        (config("is set", "model"), {SEARCH: [1, 2], OFF: [1]}),
        (config("is not set", "model"), {CHAT: [1]}),
        (config("contains", "t", ""), {SEARCH: [1, 2]}),
        (config("is set", "no\"such'key%"), {}),
    ],
)
def test_each_condition_finds_its_versions(
    api: Any, cast: None, condition: dict[str, Any], found: dict[str, list[int]]
) -> None:
    assert asked(api, condition) == found


def test_conditions_are_joined_and_pages_are_counted_after_them(api: Any, cast: None) -> None:
    both = (one("string", "name", "starts with", "tools/"), one("string", "name", "ends with", "/description"))
    assert asked(api, *both, config("=", "model", "claude")) == {SEARCH: [2]}
    text = orjson.dumps([one("string", "name", "starts with", "tools/")]).decode()
    page = api.get("v2/prompts", filter=text, limit=1, page=2).json()
    assert [row["name"] for row in page["data"]] == [SEARCH]
    assert page["meta"] == {"page": 2, "limit": 1, "totalItems": 2, "totalPages": 2}


def test_a_row_tells_of_the_versions_found_only(api: Any, cast: None) -> None:
    answer = api.get("v2/prompts", filter=orjson.dumps([one("number", "version", "=", 1)]).decode())
    row = next(row for row in answer.json()["data"] if row["name"] == SEARCH)
    assert (row["versions"], row["labels"]) == ([1], ["production"])
    assert row["lastConfig"] == {"model": "GPT-4o", "t": 0.7}


def test_it_is_taken_instead_of_the_other_parameters(api: Any, cast: None) -> None:
    assert asked(api, one("string", "name", "=", CHAT), name=OFF, label="production", tag="x", version=9) == {CHAT: [1]}
    assert set(asked(api, name=OFF)) == {SEARCH, OFF, CHAT}
    assert [row["name"] for row in api.get("v2/prompts", filter="", name=OFF).json()["data"]] == [OFF]


def test_versions_are_found_by_id_and_by_time(api: Any, cast: None) -> None:
    version = PromptVersion.objects.get(prompt__name=SEARCH, version=1)
    assert asked(api, one("string", "id", "=", version.pk)) == {SEARCH: [1]}
    assert asked(api, one("stringOptions", "id", "any of", [version.pk, "x"])) == {SEARCH: [1]}
    PromptVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - timedelta(days=3))
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert asked(api, one("datetime", "createdAt", "<", yesterday)) == {SEARCH: [1]}
    assert asked(api, one("datetime", "updatedAt", "<=", "2020-01-31T12:00:00Z")) == {}
    assert (
        len(asked(api, one("datetime", "updatedAt", ">", yesterday), one("datetime", "createdAt", ">", "2020-01-31")))
        == 3
    )


def test_configs_that_are_no_objects_or_hold_what_postgresql_refuses_are_no_crash(api: Any) -> None:
    create(api, "list", config=["model"])
    create(api, "text", config="model")
    body = rb'{"name": "odd", "prompt": "x", "config": {"model": "a\\u0000\u0000\u0000b", "more": "\\\\u0000"}}'
    assert api.post("v2/prompts", body).status_code == 201
    assert asked(api, config("is set", "model")) == {"odd": [1]}
    assert asked(api, config("=", "model", "a\\u0000b")) == {"odd": [1]}
    assert asked(api, config("=", "more", "\\\\u0000")) == {"odd": [1]}
    assert asked(api, config("is not set", "model")) == {"list": [1], "text": [1]}


def test_other_projects_are_not_searched(other_api: Any, cast: None) -> None:
    assert asked(other_api) == asked(other_api, one("string", "name", "contains", "")) == {}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{", "filter"),
        ("{}", "filter"),
        ("null", "filter"),
        ("[" * 100_000, "filter"),
        ("[5]", "filter.0"),
        ("[{}]", "filter.0.type"),
        ('[{"type": ["string"]}]', "filter.0.type"),
        ('[{"type": "null", "column": "name", "operator": "is null", "value": ""}]', "filter.0.type"),
        (one("string", "labels", "=", "x"), "filter.0.column"),
        (one("string", "secret", "=", "x"), "filter.0.column"),
        (one("string", "name", "~", "x"), "filter.0.operator"),
        (one("string", "name", "is set"), "filter.0.operator"),
        (one("string", "name", "=", 5), "filter.0.value"),
        (one("string", "name", "=", "\0"), "filter.0.value"),
        (one("string", "name", "=", None), "filter.0.value"),
        (one("stringOptions", "name", "any of", []), "filter.0.value"),
        (one("arrayOptions", "tags", "any of", "x"), "filter.0.value"),
        (one("arrayOptions", "tags", "any of", [1]), "filter.0.value"),
        (one("number", "version", "=", "1"), "filter.0.value"),
        (one("number", "version", "=", True), "filter.0.value"),
        ('[{"type": "number", "column": "version", "operator": "=", "value": 1e999}]', "filter"),
        (one("datetime", "createdAt", "<", "yesterday"), "filter.0.value"),
        (one("datetime", "createdAt", "<", 5), "filter.0.value"),
        (one("stringObject", "config", "=", "x"), "filter.0.key"),
        (one("stringObject", "config", "=", "x", key=""), "filter.0.key"),
        (one("stringObject", "config", "=", "x", key="a\0"), "filter.0.key"),
        (orjson.dumps([one("string", "name", "=", "x")] * 101).decode(), "filter"),
    ],
)
def test_a_bad_filter_is_refused_with_its_place(api: Any, text: Any, path: str) -> None:
    answer = api.get("v2/prompts", filter=text if isinstance(text, str) else orjson.dumps([text]).decode())
    assert answer.status_code == 400, answer.content
    assert ".".join(answer.json()["error"][0]["path"]) == path


def test_it_costs_no_more_queries_than_without(api: Any, cast: None, django_assert_max_num_queries: Any) -> None:
    api.get("v2/prompts")
    with django_assert_max_num_queries(5):
        asked(api, one("arrayOptions", "labels", "all of", ["latest", "staging"]), config("is set", "model"))
