"""The numbers of the start page are those that were stored, and every way out of it leads to exactly these rows."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.tracing.api.conftest import Write, at, generation, observation, score, trace
from tests.tracing.pages.conftest import Visitor, shown

# at() counts from 2026-06-01 12:00.
RANGE = "from=2026-06-01T11:30:00&to=2026-06-01T13:30:00"


@pytest.fixture
def happened(write: Write) -> None:
    """Three traces in the range, one before it and one behind it, each with something of everything."""
    for n, minute in enumerate((0, 1, 61)):
        moment = at(60 * minute)
        write(
            trace(f"t{n}", name="chat" if n else "search", user_id=f"u{n % 2}", timestamp=moment),
            generation(f"g{n}", f"t{n}", start_time=moment, end_time=moment + timedelta(seconds=n + 1)),
            score(f"s{n}", name="quality", trace_id=f"t{n}", value=n / 10, timestamp=moment),
            score(f"c{n}", name="tone", data_type="CATEGORICAL", value=0, string_value="calm" if n else "rude",
                  trace_id=f"t{n}", timestamp=moment),
        )  # fmt: skip
    write(observation("broken", "t0", type="TOOL", level="ERROR", start_time=at(5)))
    write(generation("new", "t0", model="unheard-of", start_time=at(6), cost_details=None, total_cost=None))
    for n, moment in enumerate((at(-3600), at(7200))):
        write(trace(f"out{n}", timestamp=moment), generation(f"outg{n}", f"out{n}", start_time=moment, level="ERROR"))


def _stats(page: str) -> dict[str, tuple[str, str]]:
    """caption → (value, address)"""
    found = re.findall(
        r'<a class="stat" href="([^"]+)"><span class="value [^"]*">(.*?)</span><span class="caption">([^<]+)<', page
    )
    return {caption: (re.sub(r"<[^>]+>", "", value), unescape(url)) for url, value, caption in found}


def _charts(page: str) -> dict[str, dict[str, Any]]:
    specs = [
        json.loads(text) for text in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)
    ]
    return {spec["title"]: spec for spec in specs}


def _rows(bobs: Visitor, url: str) -> list[str]:
    return shown(bobs.client.get(url, {}, follow=True).content.decode()) if url else []


def test_the_figures_are_what_was_stored(bobs: Visitor, happened: None) -> None:
    stats = _stats(bobs.get(f"?{RANGE}"))
    assert {caption: value for caption, (value, _) in stats.items()} == {
        "traces": "3",
        "observations": "5",
        "cost": "$3.00",
        "tokens": "60",
        "latency of traces, p95": stats["latency of traces, p95"][0],
        "errors": "1",
    }
    assert len(_rows(bobs, stats["traces"][1])) == 3
    assert len(_rows(bobs, stats["observations"][1])) == 5
    assert len(_rows(bobs, stats["errors"][1])) == 1
    assert len(_rows(bobs, stats["tokens"][1])) == 5


@pytest.mark.parametrize("query", [RANGE, "range=24h", "range=30d", "range=90d"])
def test_the_page_asks_as_often_however_much_happened(bobs: Visitor, happened: None, write: Write, query: str) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            bobs.get(f"?{query}")
        return sum("tracing_" in one["sql"] for one in queries)

    asked()
    before = asked()
    for n in range(12):
        moment = timezone.now() - timedelta(hours=30 * n)
        write(trace(f"more{n}", timestamp=moment, name=f"name {n}"), generation(f"more{n}", f"more{n}", model=f"m{n}"),
              score(f"more{n}", name=f"score {n % 3}", trace_id=f"more{n}", timestamp=moment))  # fmt: skip
    # One more when the range has scores at last: their curves.
    assert asked() <= before + 1 <= 14


@pytest.mark.parametrize(
    "query",
    [RANGE, "from=2026-06-01T12:00:30&to=2026-06-01T13:00:30", "from=2026-05-20&to=2026-06-30T12:00:30",
     "from=2026-06-01"],
)  # fmt: skip
def test_every_bar_leads_to_exactly_its_rows(bobs: Visitor, happened: None, query: str) -> None:
    charts = _charts(bobs.get(f"?{query}"))
    assert {"Activity", "Cost by model", "Tokens", "quality"} <= set(charts)
    checked = 0
    for title in {"Activity", "Errors"} & set(charts):  # without errors there is no chart of them
        chart = charts[title]
        for series in chart["series"]:
            for number, span in zip(series["data"], chart["spans"], strict=True):
                if number:
                    url = series["url"] + ("&" if "?" in series["url"] else "?") + span
                    assert len(_rows(bobs, url)) == number, (title, series["name"], span)
                    checked += 1
    assert checked >= 2


def test_bars_sum_up_to_the_figures(bobs: Visitor, happened: None) -> None:
    charts = _charts(bobs.get(f"?{RANGE}"))
    sums = {
        series["name"]: sum(series["data"])
        for title in ("Activity", "Tokens", "Errors")
        for series in charts[title]["series"]
    }
    assert sums == {"traces": 3, "observations": 5, "input": 40, "output": 20, "errors": 1}
    [cost] = charts["Cost by model"]["series"]
    assert (cost["name"], sum(cost["data"])) == ("gpt-4o", pytest.approx(3))
    assert cost["url"].endswith("/observations?model=gpt-4o")
    means = [value for value in charts["quality"]["series"][0]["data"] if value is not None]
    assert means == pytest.approx([0.0, 0.1, 0.2])


def test_latencies_users_and_scores_are_listed(bobs: Visitor, happened: None) -> None:
    page = bobs.get(f"?{RANGE}")
    assert re.search(r">chat</a>.*?>2</td>.*?2\.\d+ s", page, re.S)
    assert re.search(r'href="[^"]*user=u0[^"]*">u0</a></td><td class="number">2</td>', page)
    assert re.search(r"n = 3 · mean 0\.1", page)
    assert re.search(r"calm.*?67", page, re.S)
    for pattern, n in ((r'href="([^"]*/traces\?name=chat[^"]*)"', 2), (r'href="([^"]*/scores\?name=tone[^"]*)"', 3)):
        link = re.search(pattern, page)
        assert link
        assert len(_rows(bobs, unescape(link[1]))) == n


def test_calls_without_a_price_are_counted_and_shown(bobs: Visitor, happened: None) -> None:
    page = bobs.get(f"?{RANGE}")
    assert "1 call has no known price" in page
    link = re.search(r'href="([^"]*unpriced=1[^"]*)"', page)
    assert link
    assert _rows(bobs, unescape(link[1])) == ["answer"]


@pytest.mark.parametrize("name", ["1h", "24h", "7d", "30d", "90d", "all"])
def test_ranges_reach_back_as_far_as_they_say(bobs: Visitor, write: Write, name: str) -> None:
    now = datetime.now(UTC)
    hours = {"1h": 1, "24h": 24, "7d": 168, "30d": 720, "90d": 2160, "all": 8000}[name]
    inside, outside = now - timedelta(hours=hours * 0.9), now - timedelta(hours=hours * 1.2)
    write(trace("inside", timestamp=inside), trace("outside", timestamp=outside))
    value, url = _stats(bobs.get(f"?range={name}"))["traces"]
    assert value == "1"
    assert len(_rows(bobs, url)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "range=nonsense", "range=%00", "from=abc&to=def", "from=2026-06-02&to=2026-06-01", "from=9999-12-31",
        "to=9999-12-31",
        "to=0001-01-02", "from=0001-01-01&to=0001-01-02", "from=0001-01-01", "from=2026-06-01T12:00%2B23:59",
        "from=0001-01-01T00:00%2B14:00", "from=9999-12-31T23:59-14:00", "from=2026-06-01&to=2026-06-01", "from=",
        "from=2026-06-01T12:00:00.000001&to=2026-06-01T12:00:00.000002",
    ],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_no_fault(bobs: Visitor, happened: None, query: str) -> None:
    charts = _charts(bobs.get(f"?{query}"))
    for chart in charts.values():
        assert all(len(series["data"]) == len(chart["spans"]) == len(chart["labels"]) for series in chart["series"])


def test_an_empty_project_says_how_to_begin(bobs: Visitor, project) -> None:
    page = bobs.get("")
    assert "Nothing was traced in this range." in page
    assert project.public_key in page
    assert _stats(page)["traces"][0] == "0"


def test_another_project_counts_for_nothing(bobs: Visitor, write: Write, other_project) -> None:
    write(trace("theirs", timestamp=at(0)), generation("g", "theirs"), keys=other_project)
    stats = _stats(bobs.get(f"?{RANGE}"))
    assert (stats["traces"][0], stats["observations"][0]) == ("0", "0")


def test_many_models_are_drawn_as_the_largest_and_the_rest(bobs: Visitor, write: Write) -> None:
    write(trace("t"), *(generation(f"g{n}", "t", model=f"m{n:02}", total_cost=float(n + 1)) for n in range(12)))
    series = _charts(bobs.get(f"?{RANGE}"))["Cost by model"]["series"]
    assert len(series) == 8
    [others] = [one for one in series if one["name"] == "others"]
    assert sum(others["data"]) == pytest.approx(1 + 2 + 3 + 4 + 5)
    assert others["url"].endswith("/observations")
