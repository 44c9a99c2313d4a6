"""Figures against the same worked out in plain Python."""

import random
import statistics
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.errors import Invalid
from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import NOON, at, generation, score, step, trace
from tracing.filters import Filter
from tracing.records import ObservationChange, TraceChange
from tracing.store.base import Measure, MetricsQuery, Store
from tracing.store.postgres.views import VIEWS

DAY = timedelta(days=1)
AGGREGATIONS = ("count", "sum", "avg", "min", "max", "uniq", "p50", "p75", "p90", "p95", "p99", "histogram")


def ask(a_store: Store, view: str, *measures: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    query = MetricsQuery(
        **{
            "project_id": HERE,
            "view": view,
            "measures": tuple(Measure(measure=name, aggregation=how) for name, how in measures),
            "since": NOON - 400 * DAY,
            "until": NOON + 400 * DAY,
            **more,
        }
    )
    return list(a_store.metrics(query))


@pytest.fixture
def many(write: Callable[..., None]) -> list[tuple[TraceChange, ObservationChange]]:
    """A hundred generations, one a trace, over twenty days."""
    chance = random.Random(7)
    made = []
    for n in range(100):
        moment = NOON + chance.random() * 20 * DAY
        amount = {"input": chance.randrange(100), "output": chance.randrange(50)}
        price = {"input": chance.randrange(1000) / 1e4, "output": 0.1}
        made.append(
            (
                trace(f"t{n}", timestamp=moment, name=f"n{n % 3}", user_id=f"u{n % 7}", tags=("even",) * (n % 2 == 0)),
                generation(
                    f"g{n}", f"t{n}", start_time=moment, end_time=moment + timedelta(seconds=chance.random()),
                    model=f"m{n % 2}", usage_details=amount, cost_details=price,
                    total_cost=round(sum(price.values()), 6),
                ),
            )
        )  # fmt: skip
    write(*(change for pair in made for change in pair))
    return made


def percentile(values: list[float], share: float) -> float:
    values = sorted(values)
    position = (len(values) - 1) * share
    low = int(position)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (position - low)


def test_figures_by_group_agree_with_python(a_store: Store, many: Any) -> None:
    rows = ask(
        a_store, "observations", ("count", "count"), ("totalCost", "sum"), ("totalTokens", "sum"),
        ("inputTokens", "avg"), ("latency", "p95"), ("latency", "min"), ("latency", "max"), ("uniqueUserIds", "uniq"),
        dimensions=("model",),
    )  # fmt: skip
    groups = defaultdict(list)
    for change, inner in many:
        groups[inner.model].append((change, inner))
    assert {row["model"] for row in rows} == {"m0", "m1"}
    for row in rows:
        group = groups[row["model"]]
        latencies = [(inner.end_time - inner.start_time).total_seconds() * 1000 for _, inner in group]
        assert row["count_count"] == len(group)
        assert row["sum_totalCost"] == pytest.approx(sum(inner.total_cost for _, inner in group))
        assert row["sum_totalTokens"] == sum(sum(inner.usage_details.values()) for _, inner in group)
        assert row["avg_inputTokens"] == pytest.approx(
            statistics.mean(inner.usage_details["input"] for _, inner in group)
        )
        assert row["p95_latency"] == pytest.approx(percentile(latencies, 0.95), abs=0.01)
        assert row["min_latency"] == pytest.approx(min(latencies), abs=0.01)
        assert row["max_latency"] == pytest.approx(max(latencies), abs=0.01)
        assert row["uniq_uniqueUserIds"] == len({change.user_id for change, _ in group})


@pytest.mark.parametrize("granularity", ["minute", "hour", "day", "week", "month"])
def test_buckets_agree_with_python(a_store: Store, many: Any, granularity: str) -> None:
    def bucket(moment: datetime) -> datetime:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            "minute": moment.replace(second=0, microsecond=0),
            "hour": moment.replace(minute=0, second=0, microsecond=0),
            "day": midnight,
            "week": midnight - timedelta(days=midnight.weekday()),
            "month": midnight.replace(day=1),
        }[granularity]

    counted: dict[datetime, int] = defaultdict(int)
    for change, _ in many:
        counted[bucket(change.timestamp)] += 1
    rows = ask(a_store, "traces", ("count", "count"), granularity=granularity)
    assert [(row["time_dimension"], row["count_count"]) for row in rows] == sorted(counted.items())
    assert rows[0]["time_dimension"].tzinfo is UTC


def test_the_window_holds_its_start_and_not_its_end(a_store: Store, write: Any) -> None:
    write(trace("t1", timestamp=at(0)), trace("t2", timestamp=at(1)), trace("t3", timestamp=at(2)))
    [row] = ask(a_store, "traces", ("count", "count"), since=at(0), until=at(2))
    assert row == {"count_count": 2}


def test_nothing_counts_as_nothing(a_store: Store, db: None) -> None:
    rows = ask(a_store, "observations", ("count", "count"), ("totalCost", "sum"), ("latency", "histogram"))
    assert rows == [{"count_count": 0, "sum_totalCost": None, "histogram_latency": []}]
    assert ask(a_store, "observations", ("count", "count"), dimensions=("name",)) == []


def test_histograms_have_equal_bars(a_store: Store, write: Any) -> None:
    write(*(step(f"o{n}", end_time=at(n), name="same" if n < 9 else "wide") for n in (0, 1, 2, 5, 8, 10)))
    [row] = ask(a_store, "observations", ("latency", "histogram"), bins=5)
    assert [count for _, _, count in row["histogram_latency"]] == [2, 1, 1, 0, 2]
    assert row["histogram_latency"][0][:2] == (0, 2000)
    assert row["histogram_latency"][-1][1] == 10_000
    rows = ask(a_store, "observations", ("latency", "histogram"), ("count", "count"), dimensions=("name",), bins=2)
    assert {row["name"]: row["histogram_latency"] for row in rows} == {
        "same": [(0, 4000, 3), (4000, 8000, 2)],
        "wide": [(10_000, 10_000, 1)],
    }


def test_tags_count_for_each_tag(a_store: Store, write: Any) -> None:
    write(trace("t1", tags=("a", "b")), trace("t2", tags=("a",)), trace("t3"))
    rows = ask(a_store, "traces", ("count", "count"), dimensions=("tags",))
    assert {row["tags"]: row["count_count"] for row in rows} == {"a": 2, "b": 1, None: 1}


def test_tokens_and_cost_by_type(a_store: Store, write: Any) -> None:
    write(
        generation("g1", usage_details={"input": 1, "output": 2, "input_cached": 3, "total": 6}),
        generation("g2", usage_details={"input": 10, "total": 10}, cost_details={"input": 0.5, "total": 0.5}),
    )
    rows = ask(a_store, "observations", ("totalTokens", "sum"), dimensions=("usageType",))
    assert {row["usageType"]: row["sum_totalTokens"] for row in rows} == {"input": 11, "output": 2, "input_cached": 3}
    rows = ask(a_store, "observations", ("totalCost", "sum"), dimensions=("costType",))
    assert {row["costType"]: row["sum_totalCost"] for row in rows} == {"input": 0.501, "output": 0.002}


def test_unpriced_are_those_with_a_model_and_no_cost(a_store: Store, write: Any) -> None:
    free = {"cost_details": None, "total_cost": None}
    write(generation("g1", model="own", **free), generation("g2", model=None, **free), generation("g3"))
    rows = ask(a_store, "observations", ("count", "count"), dimensions=("model",), unpriced=True)
    assert rows == [{"model": "own", "count_count": 1}]


def test_scores_by_name(a_store: Store, write: Any) -> None:
    write(
        trace(name="capital", user_id="ann"),
        generation("g1"),
        score("s1", name="f1", value=0.25, observation_id="g1"),
        score("s2", name="f1", value=0.75),
        score("s3", name="ok", data_type="BOOLEAN", value=1.0, string_value="True"),
        score("s4", name="tone", data_type="CATEGORICAL", value=0, string_value="warm"),
        score("s5", name="tone", data_type="CATEGORICAL", value=0, string_value="cold"),
        score("s6", name="note", data_type="TEXT", value=None, string_value="hm"),
    )
    rows = ask(a_store, "scores-numeric", ("value", "avg"), ("count", "count"), dimensions=("name", "traceName"))
    assert rows == [
        {"name": "ok", "traceName": "capital", "avg_value": 1.0, "count_count": 1},
        {"name": "f1", "traceName": "capital", "avg_value": 0.5, "count_count": 2},
    ]
    rows = ask(a_store, "scores-categorical", ("count", "count"), dimensions=("name", "stringValue"))
    assert {(row["name"], row["stringValue"]) for row in rows} == {("tone", "warm"), ("tone", "cold"), ("ok", "True")}
    rows = ask(a_store, "scores-numeric", ("count", "count"), dimensions=("observationModelName",))
    assert {row["observationModelName"]: row["count_count"] for row in rows} == {"gpt-4o-mini": 1, None: 2}


def test_filters_order_and_limit(a_store: Store, many: Any) -> None:
    rows = ask(
        a_store, "traces", ("count", "count"), dimensions=("userId",), order=(("userId", "desc"),), limit=2,
        filters=(Filter("arrayOptions", "tags", "any of", ("even",)),),
    )  # fmt: skip
    assert [row["userId"] for row in rows] == ["u6", "u5"]
    assert rows[0]["count_count"] == sum("even" in change.tags and change.user_id == "u6" for change, _ in many)
    largest_first = ask(a_store, "traces", ("count", "count"), dimensions=("userId",))
    assert [row["count_count"] for row in largest_first] == sorted(row["count_count"] for row in largest_first)[::-1]


@pytest.mark.parametrize("view", VIEWS)
def test_every_measure_dimension_and_aggregation_answers_or_refuses(a_store: Store, many: Any, view: str) -> None:
    for measure in VIEWS[view].measures:
        for aggregation in AGGREGATIONS:
            try:
                ask(a_store, view, (measure, aggregation), limit=5)
            except Invalid as refusal:
                assert "counted" in refusal.message
    for dimension in VIEWS[view].dimensions:
        ask(a_store, view, ("count", "count"), dimensions=(dimension,), granularity="day", limit=5)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"view": "dreams"}, "dreams"),
        ({"measures": (Measure(measure="beauty", aggregation="sum"),)}, "beauty"),
        ({"measures": (Measure(measure="latency", aggregation="p42"),)}, "p42"),
        ({"measures": (Measure(measure="count", aggregation="avg"),)}, "count"),
        ({"measures": ()}, "measure"),
        ({"measures": (Measure(measure="latency", aggregation="histogram"),), "bins": 0}, "bins"),
        ({"dimensions": ("mood",)}, "mood"),
        ({"granularity": "fortnight"}, "granularity"),
        ({"order": (("mood", "asc"),)}, "mood"),
        ({"dimensions": ("usageType", "costType"), "view": "observations"}, "usageType"),
        ({"filters": (Filter("string", "mood", "=", "x"),)}, "mood"),
    ],
)
def test_what_a_view_does_not_know_is_refused_by_name(a_store: Store, db: None, wrong: Any, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        ask(a_store, wrong.pop("view", "traces"), ("count", "count"), **wrong)
