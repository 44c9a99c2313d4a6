"""`GET /scores` and `/v2/scores`: numbered pages, each score with its trace."""

import json

import pytest

from tests.contract import check
from tests.tracing.api.conftest import at, ids, score, trace

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(write) -> None:
    write(
        trace("t1", user_id="u", tags=("x", "y"), environment="prod", session_id="s"),
        score("numeric", trace_id="t1", timestamp=at(1), metadata='{"k":"v"}', environment="prod"),
        score("boolean", trace_id="t1", data_type="BOOLEAN", value=1.0, string_value="True", observation_id="o"),
        score("category", trace_id="t2", data_type="CATEGORICAL", value=2.0, string_value="good", timestamp=at(2)),
        score("text", trace_id="t2", data_type="TEXT", value=None, string_value="ok", timestamp=at(3)),
        score("correction", trace_id="t2", data_type="CORRECTION", value=None, string_value="x", timestamp=at(4)),
        score("session", session_id="s", timestamp=at(5), source="ANNOTATION", config_id="c", queue_id="q"),
        score("run", dataset_run_id="r", timestamp=at(6), name="other"),
    )


def test_the_second_generation_lists_scores_of_everything(api, stored) -> None:
    body = api.get("v2/scores").json()
    check(body, "GetScoresResponse")
    rows = {row["id"]: row for row in body["data"]}
    assert list(rows) == ["run", "session", "correction", "text", "category", "numeric", "boolean"]
    assert rows["numeric"]["trace"] == {"userId": "u", "tags": ["x", "y"], "environment": "prod", "sessionId": "s"}
    assert rows["category"]["trace"] is None, "the trace is not there yet"
    assert (rows["session"]["sessionId"], rows["run"]["datasetRunId"]) == ("s", "r")
    assert (rows["boolean"]["value"], rows["boolean"]["stringValue"]) == (1, "True")
    assert (rows["numeric"]["stringValue"], rows["text"]["value"]) == (None, None)


def test_the_first_generation_knows_scores_of_traces_only(api, stored) -> None:
    for path in ("scores", "scores/"):
        body = api.get(path).json()
        check(body, "GetScoresResponse")
        assert [row["id"] for row in body["data"]] == ["text", "category", "numeric", "boolean"]


def test_one_score_is_read(api, stored) -> None:
    for id in ("numeric", "boolean", "category", "text", "correction", "session", "run"):
        check(api.get(f"v2/scores/{id}").json(), "Score")
    check(api.get("scores/category").json(), "ScoreV1")
    for path in ("scores/correction", "scores/run", "scores/nope", "v2/scores/nope"):
        assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"userId": "u"}, ["numeric", "boolean"]),
        ({"name": "other"}, ["run"]),
        ({"traceId": "t1"}, ["numeric", "boolean"]),
        ({"sessionId": "s"}, ["session"]),
        ({"datasetRunId": "r"}, ["run"]),
        ({"observationId": "o,p"}, ["boolean"]),
        ({"scoreIds": "run, text"}, ["run", "text"]),
        ({"configId": "c"}, ["session"]),
        ({"queueId": "q"}, ["session"]),
        ({"source": "ANNOTATION"}, ["session"]),
        ({"dataType": "CATEGORICAL"}, ["category"]),
        ({"dataType": "TEXT"}, ["text"]),
        ({"operator": ">=", "value": "1"}, ["category", "boolean"]),
        ({"operator": "=", "value": "0.5", "traceId": "t1"}, ["numeric"]),
        ({"operator": "!=", "value": "0.5", "traceId": "t1"}, ["boolean"]),
        ({"environment": "prod"}, ["numeric"]),
        ({"traceTags": ["x", "y"]}, ["numeric", "boolean"]),
        ({"traceTags": ["x", "z"]}, []),
        ({"fromTimestamp": at(6).isoformat()}, ["run"]),
        ({"toTimestamp": at(1).isoformat()}, ["boolean"]),
        ({"limit": 1, "page": 2}, ["session"]),
        (
            {
                "filter": json.dumps(
                    [{"type": "stringObject", "column": "metadata", "key": "k", "operator": "=", "value": "v"}]
                )
            },
            ["numeric"],
        ),
    ],
)
def test_they_are_filtered(api, stored, params: dict, found: list[str]) -> None:
    assert ids(api.get("v2/scores", **params)) == found


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"source": "ME"}, "source"),
        ({"dataType": "STARS"}, "dataType"),
        ({"value": "x", "operator": "="}, "value"),
        ({"value": "1"}, "operator"),
        ({"operator": ">"}, "value"),
        ({"operator": "~", "value": "1"}, "operator"),
        ({"fields": "score", "userId": "u"}, "fields"),
        ({"limit": 101}, "limit"),
    ],
)
def test_it_refuses_parameters_it_cannot_read(api, params: dict, field: str) -> None:
    answer = api.get("v2/scores", **params)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [field]


def test_traces_are_left_out_on_request(api, stored) -> None:
    rows = api.get("v2/scores", fields="score").json()["data"]
    assert all("trace" not in row for row in rows)


def test_a_page_takes_two_queries_and_a_count(api, write, django_assert_num_queries) -> None:
    write(*(trace(f"t{n}") for n in range(60)), *(score(f"s{n}", trace_id=f"t{n}") for n in range(60)))
    api.get("v2/scores")
    with django_assert_num_queries(3):
        assert len(ids(api.get("v2/scores"))) == 50


def test_strangers_see_nothing(other_api, stored) -> None:
    for path in ("scores", "v2/scores", "v3/scores"):
        assert ids(other_api.get(path)) == []
    assert other_api.get("scores/numeric").status_code == 404
    assert other_api.get("v2/scores/numeric").status_code == 404
