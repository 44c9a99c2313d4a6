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
        (
            "metrics",
            {"filters": [{"type": "string", "column": "x", "operator": "=", "value": "y"}]},
            "filters.0.column",
        ),
        ("metrics", {"filters": [{"type": "number", "column": "name", "operator": "=", "value": 1}]}, "filters.0.type"),
        ("metrics", {"fromTimestamp": "0001-01-01T00:00:00+14:00"}, "fromTimestamp"),
        ("metrics", {"fromTimestamp": "3000-01-01T00:00:00Z", "toTimestamp": "4000-01-01T00:00:00Z"}, "toTimestamp"),
        ("v2/metrics", {"dimensions": [{"field": "parentObservationId"}]}, "dimensions"),
        ("v2/metrics", {"view": "scores-boolean", "dimensions": [{"field": "observationId"}]}, "dimensions"),
        ("metrics", {"config": {"bins": 10**30}}, "config.bins"),
    ],
)
def test_it_refuses_what_makes_no_sense_and_names_it(api, path: str, changes: dict, field: str) -> None:
    answer = api.get(path, query=query(**changes))
    assert answer.status_code == 400
    assert ".".join(answer.json()["error"][0]["path"]) == field


# The lists of the contract (openapi.yml, `metrics_metrics` and `legacy_metricsV1_metrics`), word by word.
_OF_PARENTS = (
    "traceName tags traceRelease traceVersion observationName observationModelName observationPromptName"
    " observationPromptVersion"
)
_OF_SCORES = f"environment name source dataType configId timestampMonth timestampDay {_OF_PARENTS}"
_COSTS = "inputTokens outputTokens totalTokens inputCost outputCost totalCost"
CONTRACT: dict[str, tuple[str, str]] = {
    "observations": (
        "environment type name level version tags release traceName traceRelease traceVersion providedModelName"
        " promptName promptVersion isRootObservation startTimeMonth",
        f"count latency streamingLatency {_COSTS} outputTokensPerSecond tokensPerSecond timeToFirstToken countScores",
    ),
    "scores-numeric": (f"{_OF_SCORES} value", "count value"),
    "scores-boolean": (f"{_OF_SCORES} value booleanValue", "count value"),
    "scores-categorical": (f"{_OF_SCORES} stringValue", "count"),
}
_IDS = "id traceId userId sessionId"
LEGACY: dict[str, tuple[str, str]] = {
    **{
        view: (f"{dimensions} {'parentObservationId' if view == 'observations' else 'observationId'} {_IDS}", measures)
        for view, (dimensions, measures) in CONTRACT.items()
    },
    "traces": (
        "id name tags userId sessionId release version environment timestampMonth",
        "count observationsCount scoresCount uniqueUserIds uniqueSessionIds latency totalTokens totalCost",
    ),
}
AGGREGATIONS = ("sum", "avg", "count", "max", "min", "p50", "p75", "p90", "p95", "p99", "histogram")
EVERY = [
    *(("v2/metrics", view, *names) for view, names in CONTRACT.items()),
    *(("metrics", view, *names) for view, names in LEGACY.items()),
]


@pytest.mark.parametrize(("path", "view", "dimensions", "measures"), EVERY)
def test_everything_the_contract_lists_is_answered(
    api, stored, path: str, view: str, dimensions: str, measures: str
) -> None:
    def rows(**asked: object) -> list[dict]:
        answer = api.get(path, query=query(view=view, **asked))
        assert answer.status_code == 200, (asked, answer.content)
        return answer.json()["data"]

    for name in dimensions.split():
        for row in rows(dimensions=[{"field": name}], timeDimension={"granularity": "auto"}):
            assert {name, "time_dimension", "count_count"} == set(row)
        typed = {
            "tags": ("arrayOptions", "none of", ["x"]),
            "isRootObservation": ("boolean", "=", True),
            "booleanValue": ("boolean", "<>", False),
            "value": ("number", ">=", 0.1),
        }
        kind, operator, value = typed.get(name, ("string", "=", "1"))
        rows(filters=[{"type": kind, "column": name, "operator": operator, "value": value}])
        rows(filters=[{"type": "null", "column": name, "operator": "is not null", "value": ""}])
    for name in measures.split():
        counted = name == "count" or name.startswith("unique")
        for how in ("count",) if counted else AGGREGATIONS:
            for row in rows(metrics=[{"measure": name, "aggregation": how}]):
                assert set(row) == {f"{how}_{name}"}


@pytest.mark.parametrize("granularity", ["auto", "minute", "hour", "day", "week", "month"])
def test_every_granularity(api, stored, granularity: str) -> None:
    rows = api.get("v2/metrics", query=query(timeDimension={"granularity": granularity})).json()["data"]
    assert sum(row["count_count"] for row in rows) == 4


@pytest.mark.parametrize(
    ("view", "column", "kind", "operator", "value", "key", "count"),
    [
        ("observations", "startTime", "datetime", "<", at(3600).isoformat(), None, 3),
        ("observations", "id", "string", "starts with", "g", None, 2),
        ("observations", "providedModelName", "string", "does not contain", "yandex", None, 3),
        ("observations", "type", "stringOptions", "none of", ["SPAN"], None, 3),
        ("observations", "tags", "arrayOptions", "all of", ["x"], None, 2),
        ("observations", "totalTokens", "number", ">", 3, None, 2),
        ("observations", "isRootObservation", "boolean", "=", True, None, 4),
        ("observations", "model", "null", "is null", "", None, 1),
        ("observations", "traceRelease", "null", "is not null", "", None, 0),
        ("observations", "startTimeMonth", "string", "=", "2026-06", None, 4),
        ("observations", "metadata", "stringObject", "=", "none", "team", 0),
        ("traces", "traceName", "string", "=", "qa", None, 1),
        ("traces", "scores_avg", "numberObject", ">=", 0.75, "quality", 1),
        ("traces", "score_categories", "categoryOptions", "any of", ["good"], "style", 1),
        ("scores-numeric", "value", "number", "<", 0.75, None, 1),
        ("scores-categorical", "stringValue", "stringOptions", "any of", ["good", "bad"], None, 1),
    ],
)
def test_every_type_of_filter(
    api, stored, view: str, column: str, kind: str, operator: str, value: object, key: str | None, count: int
) -> None:
    condition = {"type": kind, "column": column, "operator": operator, "value": value} | ({"key": key} if key else {})
    [row] = api.get("metrics", query=query(view=view, filters=[condition])).json()["data"]
    assert row == {"count_count": count}


def test_versions_of_prompts_are_compared_as_numbers_and_as_texts(api, write) -> None:
    write(generation("g", "t", prompt_name="p", prompt_version=3))
    for kind, value in (("string", "3"), ("number", 3), ("stringOptions", ["3"])):
        operator = "any of" if kind == "stringOptions" else "="
        condition = {"type": kind, "column": "promptVersion", "operator": operator, "value": value}
        assert api.get("v2/metrics", query=query(filters=[condition])).json()["data"] == [{"count_count": 1}]


def test_yes_and_no_are_told_apart(api, write) -> None:
    for n, value in enumerate((1.0, 1.0, 0.0)):
        write(score(f"s{n}", trace_id="t", data_type="BOOLEAN", value=value, string_value=str(bool(value)), name="ok"))
    asked = query(
        view="scores-boolean",
        dimensions=[{"field": "booleanValue"}],
        metrics=[{"measure": "count", "aggregation": "count"}, {"measure": "value", "aggregation": "avg"}],
    )
    assert api.get("v2/metrics", query=asked).json()["data"] == [
        {"booleanValue": True, "count_count": 2, "avg_value": 1.0},
        {"booleanValue": False, "count_count": 1, "avg_value": 0.0},
    ]


def test_output_tokens_per_second_count_from_the_first_token(api, write) -> None:
    write(generation("g", "t", end_time=at(6), completion_start_time=at(1), usage_details={"output": 50, "total": 60}))
    asked = query(
        metrics=[{"measure": f"{name}PerSecond", "aggregation": "avg"} for name in ("tokens", "outputTokens")]
    )
    assert api.get("v2/metrics", query=asked).json()["data"] == [
        {"avg_tokensPerSecond": 10.0, "avg_outputTokensPerSecond": 10.0}
    ]


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
