"""`/metrics`, `/v2/metrics` and `/metrics/daily`."""

import json
from datetime import timedelta

import pytest

from tests.tracing.api.conftest import NOON, at, generation, observation, score, trace
from tracing.api.metrics import auto_granularity
from tracing.unpriced import Unpriced, unpriced_models

pytestmark = pytest.mark.django_db


def query(**changes: object) -> str:
    usual = {
        "view": "observations",
        "metrics": [{"measure": "count", "aggregation": "count"}],
        "fromTimestamp": at(-60).isoformat(),
        "toTimestamp": at(86400 * 3).isoformat(),
    }
    return json.dumps({**usual, **changes})


@pytest.fixture
def stored(write) -> None:
    write(
        trace("t1", name="qa", user_id="u", tags=("x",)),
        trace("t2", name="chat", environment="prod", timestamp=at(86400)),
        observation("s", "t1", type="SPAN", end_time=at(3)),
        generation("g1", "t1"),
        generation("g2", "t2", start_time=at(86400), end_time=at(86404), environment="prod"),
        observation("free", "t2", type="GENERATION", model="yandexgpt", usage_details={"input": 3, "total": 3}),
        score("a", trace_id="t1", value=0.5),
        score("b", trace_id="t2", value=1.0),
        score("c", trace_id="t2", data_type="CATEGORICAL", value=0.0, string_value="good", name="style"),
    )


def test_the_names_of_figures_are_aggregation_and_measure(api, stored) -> None:
    answer = api.get("metrics", query=query(view="traces"))
    assert (answer.status_code, answer.json()) == (200, {"data": [{"count_count": 2}]})


def test_groups_filters_and_order(api, stored) -> None:
    asked = query(
        dimensions=[{"field": "providedModelName"}],
        metrics=[{"measure": "count", "aggregation": "count"}, {"measure": "totalCost", "aggregation": "sum"}],
        filters=[{"type": "string", "column": "type", "operator": "=", "value": "GENERATION"}],
        orderBy=[{"field": "count_count", "direction": "desc"}],
    )
    for path in ("metrics", "v2/metrics"):
        assert api.get(path, query=asked).json()["data"] == [
            {"providedModelName": "gpt-4o", "count_count": 2, "sum_totalCost": 2.0},
            {"providedModelName": "yandexgpt", "count_count": 1, "sum_totalCost": None},
        ]


def test_pieces_of_time(api, stored) -> None:
    rows = api.get("v2/metrics", query=query(timeDimension={"granularity": "day"})).json()["data"]
    assert [(row["time_dimension"], row["count_count"]) for row in rows] == [
        ("2026-06-01T00:00:00.000Z", 3),
        ("2026-06-02T00:00:00.000Z", 1),
    ]


def test_scores_by_name_and_by_category(api, stored) -> None:
    numeric = query(
        view="scores-numeric", metrics=[{"measure": "value", "aggregation": "avg"}], dimensions=[{"field": "name"}]
    )
    assert api.get("v2/metrics", query=numeric).json()["data"] == [{"name": "quality", "avg_value": 0.75}]
    categories = query(view="scores-categorical", dimensions=[{"field": "stringValue"}])
    assert api.get("metrics", query=categories).json()["data"] == [{"stringValue": "good", "count_count": 1}]


def test_a_histogram_has_as_many_bars_as_asked(api, stored) -> None:
    asked = query(metrics=[{"measure": "latency", "aggregation": "histogram"}], config={"bins": 4})
    (row,) = api.get("metrics", query=asked).json()["data"]
    assert [bar[2] for bar in row["histogram_latency"]] == [1, 0, 1, 1]


def test_rows_are_limited(api, stored) -> None:
    asked = query(dimensions=[{"field": "name"}, {"field": "type"}], config={"row_limit": 1})
    assert len(api.get("metrics", query=asked).json()["data"]) == 1


@pytest.mark.parametrize(
    ("path", "changes", "field"),
    [
        ("metrics", {"view": "weather"}, "view"),
        ("v2/metrics", {"view": "traces"}, "view"),
        ("metrics", {"metrics": []}, "metrics"),
        ("metrics", {"metrics": "count"}, "metrics"),
        ("metrics", {"metrics": [{"measure": "weather", "aggregation": "sum"}]}, "metrics"),
        ("metrics", {"metrics": [{"measure": "latency", "aggregation": "guess"}]}, "metrics"),
        ("metrics", {"dimensions": [{"field": "weather"}]}, "dimensions"),
        ("v2/metrics", {"dimensions": [{"field": "traceId"}]}, "dimensions"),
        ("metrics", {"fromTimestamp": "x"}, "fromTimestamp"),
        ("metrics", {"toTimestamp": at(-3600).isoformat()}, "toTimestamp"),
        ("metrics", {"timeDimension": {"granularity": "year"}}, "timeDimension.granularity"),
        ("metrics", {"orderBy": [{"field": "weather", "direction": "asc"}]}, "orderBy"),
        ("metrics", {"config": {"row_limit": 1001}}, "config.row_limit"),
        ("metrics", {"config": {"bins": 0}}, "config.bins"),
        ("metrics", {"filters": [{"type": "string"}]}, "filters.0.column"),
        ("metrics", {"filters": [{"type": "string", "column": "x", "operator": "=", "value": "y"}]}, "filter"),
    ],
)
def test_it_refuses_what_makes_no_sense_and_names_it(api, path: str, changes: dict, field: str) -> None:
    answer = api.get(path, query=query(**changes))
    assert answer.status_code == 400
    assert ".".join(answer.json()["error"][0]["path"]) == field


@pytest.mark.parametrize("text", [None, "", "{", "[]", "5", "[" * 5000])
def test_a_query_that_is_no_query_is_refused(api, text: str | None) -> None:
    assert api.get("metrics", query=text).status_code == 400


def test_strangers_count_nothing(other_api, stored) -> None:
    assert other_api.get("metrics", query=query()).json()["data"] == [{"count_count": 0}]


@pytest.mark.parametrize(
    ("span", "pieces"),
    [
        (timedelta(hours=1), "minute"),
        (timedelta(days=2), "hour"),
        (timedelta(days=30), "day"),
        (timedelta(days=200), "week"),
        (timedelta(days=1000), "month"),
    ],
)
def test_auto_cuts_time_into_a_readable_number_of_pieces(span: timedelta, pieces: str) -> None:
    assert auto_granularity(span) == pieces


def test_daily_usage_by_model_as_sdk_2_reads_it(api, stored) -> None:
    body = api.get("metrics/daily").json()
    assert body["meta"] == {"page": 1, "limit": 50, "totalItems": 2, "totalPages": 1}
    newest, first = body["data"]
    assert (newest["date"], newest["countTraces"], newest["countObservations"]) == ("2026-06-02", 1, 1)
    assert (first["date"], first["countTraces"], first["countObservations"]) == ("2026-06-01", 1, 3)
    usage = {row["model"]: row for row in first["usage"]}
    assert usage["gpt-4o"] == {
        "model": "gpt-4o",
        "inputUsage": 10,
        "outputUsage": 5,
        "totalUsage": 15,
        "countTraces": 1,
        "countObservations": 1,
        "totalCost": 1.0,
    }
    assert usage["yandexgpt"]["totalCost"] == 0


@pytest.mark.parametrize(
    ("params", "days"),
    [
        ({"traceName": "qa"}, ["2026-06-01"]),
        ({"userId": "u"}, ["2026-06-01"]),
        ({"tags": ["x"]}, ["2026-06-01"]),
        ({"environment": ["prod"]}, ["2026-06-02"]),
        ({"fromTimestamp": at(80000).isoformat()}, ["2026-06-02"]),
        ({"limit": 1, "page": 2}, ["2026-06-01"]),
    ],
)
def test_daily_usage_is_filtered_and_paged(api, stored, params: dict, days: list[str]) -> None:
    assert [row["date"] for row in api.get("metrics/daily", **params).json()["data"]] == days


def test_models_without_a_price_are_counted_for_pricing(api, project, other_project, stored) -> None:
    span = (NOON - timedelta(days=1), NOON + timedelta(days=3))
    assert unpriced_models(project.id, *span) == (Unpriced("yandexgpt", 1, 3),)
    assert unpriced_models(other_project.id, *span) == ()
    assert unpriced_models(project.id, span[0], NOON) == ()
