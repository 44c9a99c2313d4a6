"""`GET /v3/scores`: typed values, a cursor, comma lists."""

import pytest

from tests.contract import check
from tests.tracing.api.conftest import at, ids, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(write) -> None:
    write(
        score("numeric", trace_id="t1", comment="c", config_id="k", metadata='{"a":1}', value=0.5),
        score("boolean", trace_id="t1", observation_id="o", data_type="BOOLEAN", value=0.0, string_value="False"),
        score("category", session_id="s", data_type="CATEGORICAL", value=1.0, string_value="good", timestamp=at(1)),
        score("text", dataset_run_id="r", data_type="TEXT", value=None, string_value="ok", timestamp=at(2)),
        score("correction", trace_id="t2", data_type="CORRECTION", value=None, string_value="x", timestamp=at(3)),
        score("high", trace_id="t2", value=2.0, timestamp=at(4), source="EVAL", metadata='["odd"]', name="n"),
    )


def test_each_value_has_the_type_that_its_data_type_says(api, stored) -> None:
    body = api.get("v3/scores").json()
    check(body, "GetScoresV3Response")
    values = {row["id"]: row["value"] for row in body["data"]}
    assert values == {
        "numeric": 0.5,
        "boolean": False,
        "category": "good",
        "text": "ok",
        "correction": "x",
        "high": 2.0,
    }
    assert values["boolean"] is False
    assert body["meta"] == {"limit": 50}
    assert not {"comment", "subject", "queueId"} & body["data"][0].keys()


def test_groups_bring_their_fields(api, stored) -> None:
    body = api.get("v3/scores", fields="details,subject,annotation").json()
    check(body, "GetScoresV3Response")
    rows = {row["id"]: row for row in body["data"]}
    assert (rows["numeric"]["comment"], rows["numeric"]["configId"], rows["numeric"]["metadata"]) == (
        "c",
        "k",
        {"a": 1},
    )
    assert rows["high"]["metadata"] == {"metadata": ["odd"]}
    assert rows["numeric"]["authorUserId"] is rows["numeric"]["queueId"] is None
    assert [rows[id]["subject"] for id in ("numeric", "boolean", "category", "text")] == [
        {"kind": "trace", "id": "t1"},
        {"kind": "observation", "id": "o", "traceId": "t1"},
        {"kind": "session", "id": "s"},
        {"kind": "experiment", "id": "r"},
    ]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"id": "text,high"}, ["high", "text"]),
        ({"name": "n,m"}, ["high"]),
        ({"source": "eval,annotation"}, ["high"]),
        ({"dataType": "numeric,TEXT"}, ["high", "text", "numeric"]),
        ({"configId": "k"}, ["numeric"]),
        ({"traceId": "t1,t2"}, ["high", "correction", "numeric", "boolean"]),
        ({"traceId": "t1", "observationId": "o"}, ["boolean"]),
        ({"sessionId": "s"}, ["category"]),
        ({"experimentId": "r"}, ["text"]),
        ({"dataType": "NUMERIC", "value": "0.5"}, ["numeric"]),
        ({"dataType": "NUMERIC", "value": "0.5,2"}, ["high", "numeric"]),
        ({"dataType": "NUMERIC", "valueMin": "1"}, ["high"]),
        ({"dataType": "NUMERIC", "valueMin": "0.5", "valueMax": "0.5"}, ["numeric"]),
        ({"dataType": "BOOLEAN", "value": "false"}, ["boolean"]),
        ({"dataType": "BOOLEAN", "value": "true"}, []),
        ({"dataType": "CATEGORICAL", "value": "good,bad"}, ["category"]),
        ({"fromTimestamp": at(3).isoformat()}, ["high", "correction"]),
        ({"toTimestamp": at(1).isoformat()}, ["numeric", "boolean"]),
    ],
)
def test_they_are_filtered(api, stored, params: dict, found: list[str]) -> None:
    assert ids(api.get("v3/scores", **params)) == found


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"fields": "weather"}, "fields"),
        ({"traceId": "t", "sessionId": "s"}, "sessionId"),
        ({"traceId": "t", "experimentId": "e"}, "experimentId"),
        ({"observationId": "o"}, "observationId"),
        ({"observationId": "o", "sessionId": "s"}, "observationId"),
        ({"value": "1"}, "dataType"),
        ({"value": "1", "dataType": "NUMERIC,BOOLEAN"}, "dataType"),
        ({"value": "x", "dataType": "TEXT"}, "dataType"),
        ({"value": "x", "dataType": "NUMERIC"}, "value"),
        ({"value": "nan", "dataType": "NUMERIC"}, "value"),
        ({"value": "maybe", "dataType": "BOOLEAN"}, "value"),
        ({"valueMin": "1", "dataType": "BOOLEAN"}, "dataType"),
        ({"valueMin": "x", "dataType": "NUMERIC"}, "valueMin"),
        ({"limit": 101}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
def test_it_refuses_what_makes_no_sense_and_names_it(api, params: dict, field: str) -> None:
    answer = api.get("v3/scores", **params)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [field]


def test_the_cursor_leads_through_all_scores_once(api, stored) -> None:
    seen, cursor = [], None
    for _ in range(3):
        answer = api.get("v3/scores", limit=2, cursor=cursor)
        seen += ids(answer)
        cursor = answer.json()["meta"].get("cursor")
    assert cursor is None
    assert seen == ["high", "correction", "text", "category", "numeric", "boolean"]
