"""`/traces`."""

import json

import pytest

from tests.contract import check
from tests.tracing.api.conftest import at, generation, ids, observation, score, trace

pytestmark = pytest.mark.django_db


def filtered(**condition: object) -> str:
    return json.dumps([condition])


def test_a_trace_is_shown_with_everything_in_it(api, project, write) -> None:
    write(
        trace("t1", name="qa", user_id="u", session_id="s", tags=("b", "a"), input='{"q":1}', output='"x"'),
        observation("root", "t1", end_time=at(3), type="SPAN", name="root"),
        generation("g", "t1", parent_observation_id="root"),
        score("s1", trace_id="t1"),
        score("s2", trace_id="t1", data_type="BOOLEAN", value=1.0, string_value="True", observation_id="g"),
        score("s3", trace_id="t1", data_type="CATEGORICAL", value=0.0, string_value="good"),
        score("s4", trace_id="t1", data_type="TEXT", value=None, string_value="fine"),
        score("s5", trace_id="t1", data_type="CORRECTION", value=None, string_value="better", name="output"),
    )
    answer = api.get("traces/t1")
    assert answer.status_code == 200
    body = answer.json()
    check(body, "TraceWithFullDetails")
    assert body["externalId"] is None
    assert body["htmlPath"] == f"/project/{project.id}/traces/t1"
    assert (body["latency"], body["totalCost"], body["tags"]) == (3.0, 1.0, ["a", "b"])
    assert (body["input"], body["output"], body["metadata"]) == ({"q": 1}, "x", {})
    assert [each["id"] for each in body["observations"]] == ["g", "root"]
    assert [each["id"] for each in body["scores"]] == ["s1", "s2", "s3", "s4"]


def test_an_unknown_trace_is_told_in_the_words_clients_compare(api) -> None:
    answer = api.get("traces/nope")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "LangfuseNotFoundError",
        "message": "Trace nope not found within authorized project",
    }


@pytest.mark.parametrize("path", ["traces/a/b c", "traces/a%2Fb%20c"])
def test_ids_may_hold_slashes_and_spaces(api, write, path: str) -> None:
    write(trace("a/b c"))
    assert api.get(path).json()["id"] == "a/b c"


@pytest.mark.parametrize("path", ["traces/%00", "observations/%00", "sessions/%00", "scores/%00", "score-configs/%00"])
def test_an_id_that_cannot_be_stored_is_not_found(api, path: str) -> None:
    assert api.get(path).status_code == 404


def test_json_goes_out_as_it_came_in(api, write) -> None:
    """Key order, big numbers and escaped NUL survive."""
    text = '{"b":123456789012345678901234567890,"a":"\\u0000"}'
    write(trace("t1", input=text))
    assert text.encode() in api.get("traces/t1").content


def test_the_list_is_newest_first_with_ids_and_figures(api, write) -> None:
    write(
        trace("old", timestamp=at(0)), trace("new", timestamp=at(9)), generation("g", "old"), score("s", trace_id="old")
    )
    body = api.get("traces").json()
    check(body, "Traces")
    assert [row["id"] for row in body["data"]] == ["new", "old"]
    old = body["data"][1]
    assert (old["observations"], old["scores"], old["latency"], old["totalCost"]) == (["g"], ["s"], 2.0, 1.0)
    assert body["meta"] == {"page": 1, "limit": 50, "totalItems": 2, "totalPages": 1}


def test_groups_left_out_are_empty_and_figures_minus_one(api, write) -> None:
    write(trace("t1", input='"x"'), generation("g", "t1"), score("s", trace_id="t1"))
    (row,) = api.get("traces", fields="core").json()["data"]
    check(row, "TraceWithDetails")
    assert (row["observations"], row["scores"], row["latency"], row["totalCost"]) == ([], [], -1, -1)
    assert "input" not in row
    (row,) = api.get("traces", fields="core,io,metrics").json()["data"]
    assert (row["input"], row["latency"], row["scores"]) == ("x", 2.0, [])
    detail = api.get("traces/t1", fields="core,scores").json()
    assert (detail["observations"], len(detail["scores"]), detail["latency"]) == ([], 1, -1)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"userId": "u1"}, ["a"]),
        ({"name": "first"}, ["a"]),
        ({"sessionId": "s1"}, ["a"]),
        ({"version": "v1"}, ["a"]),
        ({"release": "r1"}, ["a"]),
        ({"tags": ["x"]}, ["b", "a"]),
        ({"tags": ["x", "y"]}, ["a"]),
        ({"environment": ["prod"]}, ["a"]),
        ({"environment": ["prod", "test"]}, ["b", "a"]),
        ({"fromTimestamp": at(5).isoformat()}, ["b"]),
        ({"toTimestamp": at(5).isoformat()}, ["a"]),
        ({"toTimestamp": "2026-06-01T12:00:05.000Z"}, ["a"]),
        ({"userId": ""}, ["b", "a"]),
        ({"userId": "nobody"}, []),
        ({"orderBy": "timestamp.asc"}, ["a", "b"]),
        ({"orderBy": "name.DESC"}, ["b", "a"]),
        ({"limit": 1}, ["b"]),
        ({"limit": 1, "page": 2}, ["a"]),
        ({"limit": 1, "page": 3}, []),
        ({"filter": filtered(type="string", column="name", operator="=", value="first"), "userId": "u2"}, ["a"]),
        ({"filter": filtered(type="arrayOptions", column="tags", operator="none of", value=["y"])}, ["b"]),
        ({"filter": filtered(type="stringObject", column="metadata", key="k", operator="=", value="v")}, ["a"]),
        ({"filter": filtered(type="string", column="name", operator="=", value="never")}, []),
        ({"filter": "[]"}, ["b", "a"]),
    ],
)
def test_the_list_is_filtered_ordered_and_paged(api, write, params: dict, found: list[str]) -> None:
    first = {"user_id": "u1", "session_id": "s1", "version": "v1", "release": "r1"}
    write(
        trace("a", name="first", tags=("x", "y"), environment="prod", metadata={"k": '"v"'}, **first),
        trace("b", name="second", tags=("x",), environment="test", user_id="u2", timestamp=at(9)),
    )
    assert ids(api.get("traces", **params)) == found


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": 0}, "limit"),
        ({"page": 0}, "page"),
        ({"page": "x"}, "page"),
        ({"fromTimestamp": "yesterday"}, "fromTimestamp"),
        ({"fromTimestamp": "0001-01-01T00:00:00+14:00"}, "fromTimestamp"),
        ({"orderBy": "timestamp"}, "orderBy"),
        ({"orderBy": "timestamp.sideways"}, "orderBy"),
        ({"orderBy": "nonsense.asc"}, "orderBy"),
        ({"orderBy": "tags.asc"}, "orderBy"),
        ({"userId": "\0"}, "userId"),
        ({"filter": "{"}, "filter"),
        ({"filter": "{}"}, "filter"),
        ({"filter": "[" * 5000}, "filter"),
        ({"filter": filtered(type="string", column="nonsense", operator="=", value="x")}, "filter"),
        ({"filter": filtered(type="string", column="name", operator="~", value="x")}, "filter.0.operator"),
        ({"filter": filtered(type="string", column="name", operator="=", value="\0")}, "filter.0"),
    ],
)
def test_it_refuses_parameters_it_cannot_read_and_names_them(api, params: dict, field: str) -> None:
    answer = api.get("traces", **params)
    assert answer.status_code == 400
    assert ".".join(answer.json()["error"][0]["path"]) == field


def test_the_number_of_queries_does_not_grow_with_the_page(api, write, django_assert_num_queries) -> None:
    write(*(trace(f"t{n}") for n in range(3)), *(generation(f"g{n}", f"t{n}") for n in range(3)))
    api.get("traces")  # the key is remembered from here on
    with django_assert_num_queries(4):  # rows, bodies, ids of observations, ids of scores
        api.get("traces")
    write(*(trace(f"t{n}") for n in range(50)), *(generation(f"g{n}", f"t{n}") for n in range(50)))
    with django_assert_num_queries(5):  # a full page is counted
        assert len(ids(api.get("traces"))) == 50


def test_a_trace_costs_four_queries_however_much_is_in_it(api, write, django_assert_num_queries) -> None:
    write(
        trace("t"), *(generation(f"g{n}", "t") for n in range(30)), *(score(f"s{n}", trace_id="t") for n in range(30))
    )
    api.get("traces/t")
    with django_assert_num_queries(4):
        assert len(api.get("traces/t").json()["observations"]) == 30


def test_a_trace_is_deleted_with_everything_in_it(api, write) -> None:
    write(trace("t1"), trace("t2"), generation("g", "t1"), score("s", trace_id="t1"))
    answer = api.delete("traces/t1")
    assert (answer.status_code, answer.json()) == (200, {"message": "Trace deleted successfully"})
    assert ids(api.get("traces")) == ["t2"]
    assert api.get("observations/g").status_code == 404
    assert api.get("scores/s").status_code == 404
    assert api.delete("traces/t1").status_code == 200, "deleting twice is no fault"


def test_several_traces_are_deleted_at_once(api, write) -> None:
    write(trace("t1"), trace("t2"), trace("t3"))
    assert api.delete("traces", {"traceIds": ["t1", "t3", "unknown", "\0"]}).status_code == 200
    assert ids(api.get("traces")) == ["t2"]


@pytest.mark.parametrize("body", [{}, {"traceIds": "t1"}, {"traceIds": [1]}, {"traceIds": ["x"] * 1001}])
def test_deleting_needs_a_list_of_ids(api, body: dict) -> None:
    answer = api.delete("traces", body)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"][0] == "traceIds"


def test_strangers_see_and_delete_nothing(api, other_api, write) -> None:
    write(trace("t1"), generation("g", "t1"))
    assert other_api.get("traces/t1").status_code == 404
    assert ids(other_api.get("traces")) == []
    other_api.delete("traces/t1")
    other_api.delete("traces", {"traceIds": ["t1"]})
    assert api.get("traces/t1").status_code == 200
