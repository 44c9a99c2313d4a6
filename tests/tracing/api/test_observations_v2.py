"""`/v2/observations`: a cursor, and groups of fields."""

import json

import pytest

from tests.contract import check
from tests.tracing.api.conftest import at, generation, ids, observation, trace

pytestmark = pytest.mark.django_db

CORE = {
    *("id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type"),
    *("modelId", "inputPrice", "outputPrice", "totalPrice"),
}
BASIC = {
    *("name", "level", "statusMessage", "version", "environment", "bookmarked", "public", "userId", "sessionId"),
    "isRootObservation",
}
GROUPS = {
    "core": set(),
    "basic": BASIC,
    "time": {"completionStartTime", "createdAt", "updatedAt"},
    "io": {"input", "output"},
    "metadata": {"metadata"},
    "model": {"providedModelName", "internalModelId", "modelParameters"},
    "usage": {"usageDetails", "costDetails", "totalCost", "usagePricingTierName"},
    "prompt": {"promptId", "promptName", "promptVersion"},
    "metrics": {"latency", "timeToFirstToken"},
    "trace_context": {"tags", "release", "traceName"},
}


@pytest.fixture
def stored(write) -> None:
    write(
        trace("t1", name="qa", user_id="u", session_id="s", tags=("x",), release="r"),
        generation("g", "t1", prompt_id="p", prompt_name="geo", prompt_version=3),
    )


def row(api, **params: object) -> dict:
    (found,) = api.get("v2/observations", **params).json()["data"]
    check(found, "ObservationV2")
    return found


def test_without_fields_it_shows_core_and_basic(api, stored) -> None:
    found = row(api)
    assert found.keys() == CORE | BASIC
    assert (found["userId"], found["sessionId"], found["isRootObservation"]) == ("u", "s", True)


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_brings_its_fields_and_no_others(api, stored, group: str) -> None:
    assert row(api, fields=group).keys() == CORE | GROUPS[group]


def test_unknown_groups_are_ignored(api, stored) -> None:
    assert row(api, fields="core,weather,time").keys() == CORE | GROUPS["time"]


def test_bodies_are_strings_and_prices_too(api, stored) -> None:
    found = row(api, fields="io,model,usage,trace_context")
    assert found["input"] == '[{"role":"user","content":"Столица Франции?"}]'
    assert found["output"] == "Париж"
    assert (found["inputPrice"], found["outputPrice"], found["totalPrice"]) == ("0.0000025", "0.00001", None)
    assert (found["traceName"], found["tags"], found["release"]) == ("qa", ["x"], "r")
    assert found["totalCost"] == 1.0


def test_bodies_as_json_are_refused(api) -> None:
    assert api.get("v2/observations", parseIoAsJson="false").status_code == 200
    answer = api.get("v2/observations", parseIoAsJson="true")
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == ["parseIoAsJson"]


def test_long_metadata_is_cut_unless_it_is_asked_for(api, write) -> None:
    long, deep = "я" * 300, {"list": list(range(200))}
    texts = {"long": json.dumps(long, ensure_ascii=False), "deep": json.dumps(deep), "short": '{"a":1}'}
    write(observation("o", "t", metadata=texts))
    cut = row(api, fields="metadata")["metadata"]
    assert cut == {"long": "я" * 200, "deep": json.dumps(deep)[:200], "short": {"a": 1}}
    whole = row(api, fields="metadata", expandMetadata="long,deep")["metadata"]
    assert (whole["long"], whole["deep"]) == (long, deep)


def test_the_cursor_leads_through_all_rows_once(api, write) -> None:
    write(*(observation(f"o{n}", "t", start_time=at(n // 2)) for n in range(7)))
    seen, cursor = [], None
    for _ in range(4):
        answer = api.get("v2/observations", limit=2, cursor=cursor)
        seen += ids(answer)
        cursor = answer.json()["meta"].get("cursor")
    assert cursor is None
    assert seen == [f"o{n}" for n in (6, 5, 4, 3, 2, 1, 0)]


def test_a_page_that_ends_exactly_has_no_cursor(api, write) -> None:
    write(observation("o", "t"))
    assert api.get("v2/observations", limit=1).json()["meta"] == {}


@pytest.mark.parametrize("cursor", ["nonsense", "e30=", "AAAA", "я"])
def test_a_cursor_of_somebody_else_is_refused(api, cursor: str) -> None:
    answer = api.get("v2/observations", cursor=cursor)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == ["cursor"]


def test_the_limit_reaches_a_thousand(api) -> None:
    assert api.get("v2/observations", limit=1000).status_code == 200
    assert api.get("v2/observations", limit=1001).status_code == 400


MATCHING = {"type": "string", "column": "output", "operator": "matches", "value": "пари"}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"sessionId": "s1"}, ["child", "root"]),
        ({"userId": "u1"}, ["child", "root"]),
        ({"parentObservationId": ""}, ["other", "root"]),
        ({"parentObservationId": "root"}, ["child"]),
        ({"isRootObservation": "true"}, ["other", "child", "root"]),
        ({"isRootObservation": "false"}, []),
        ({"traceId": "t2"}, ["other"]),
        (
            {"filter": json.dumps([{"type": "string", "column": "output", "operator": "matches", "value": "пари"}])},
            ["root"],
        ),
    ],
)
def test_it_is_filtered(api, write, params: dict, found: list[str]) -> None:
    write(
        trace("t1", session_id="s1", user_id="u1"),
        trace("t2"),
        observation("root", "t1", output='"Париж"'),
        observation("child", "t1", parent_observation_id="root", as_root=True, start_time=at(1)),
        observation("other", "t2", start_time=at(2)),
    )
    assert ids(api.get("v2/observations", **params)) == found


def test_a_page_takes_one_query_for_rows_one_for_texts_and_no_count(api, write, django_assert_num_queries) -> None:
    write(trace("t"), *(generation(f"g{n}", "t") for n in range(60)))
    api.get("v2/observations")
    with django_assert_num_queries(2):
        assert len(ids(api.get("v2/observations", fields=",".join(GROUPS)))) == 50
