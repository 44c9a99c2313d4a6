"""The start page of a project: what happened in a range, drawn from the store's own numbers.

Every chart carries, for each of its points, the address of the filtered list behind it.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.pages import Page
from promptlab.window import Row, Window, read_window
from tracing.filters import Filter
from tracing.seen import READ
from tracing.views.filtering import RANGES

TOP = 8
NAMELESS = "–"


class Home(Page):
    """Numbers and charts over `?range=` (or `from`/`to`)."""

    template = "home.html"
    section = "home"

    def get(self, request: HttpRequest) -> HttpResponse:
        window = read_window(self.project_id, request)
        steps = read_steps(window)
        charts = (activity(window, steps), costs(window), tokens(window, steps), errors(window, steps))
        return self.render(
            {
                "range": window.name,
                "ranges": [(name, label) for name, (label, length) in RANGES.items() if length],
                "window": window,
                "totals": totals(window, steps),
                "charts": charts,
                "latencies": latencies(window),
                "may_see_runs": self.may(READ),
                "scores": scores(window) if self.may(READ) else (),
                "users": users(window),
                "unpriced": unpriced(window),
                "may_price": self.may("models:write"),
                "score_list": window.link("scores"),
                "user_list": window.link("users"),
            }
        )


def read_steps(window: Window) -> Sequence[Row]:
    """What several parts of the page tell of observations: by bucket and level, in one aggregation."""
    spent = [(name, "sum") for name in ("totalCost", "inputTokens", "outputTokens", "totalTokens")]
    return window.ask("observations", ("count", "count"), *spent, dimensions=("level",), bucketed=True)


def totals(window: Window, steps: Sequence[Row]) -> list[dict[str, Any]]:
    """The figures above the charts."""
    traces = _only(window.ask("traces", ("count", "count"), ("latency", "p95")))
    costs = [row["sum_totalCost"] for row in steps if row["sum_totalCost"] is not None]
    failed = sum(row["count_count"] for row in steps if row["level"] == "ERROR")
    return [
        {
            "caption": _("traces"),
            "value": traces.get("count_count") or 0,
            "unit": "count",
            "url": window.link("traces"),
        },
        {
            "caption": _("observations"),
            "value": sum(row["count_count"] for row in steps),
            "unit": "count",
            "url": window.link("observations"),
        },
        {
            "caption": _("cost"),
            "value": math.fsum(costs) if costs else None,
            "unit": "money",
            "url": window.link("observations", order="totalCost.desc"),
        },
        {
            "caption": _("tokens"),
            "value": sum(row["sum_totalTokens"] or 0 for row in steps),
            "unit": "count",
            "url": window.link("observations", order="totalTokens.desc"),
        },
        {
            "caption": _("latency of traces, p95"),
            "value": _seconds(traces.get("p95_latency")),
            "unit": "duration",
            "url": window.link("traces", order="latency.desc"),
        },
        {
            "caption": _("errors"),
            "value": failed,
            "unit": "count",
            "url": window.link("observations", level="ERROR"),
            "bad": bool(failed),
        },
    ]


def activity(window: Window, steps: Sequence[Row]) -> dict[str, Any]:
    """Traces and observations over time."""
    series = {_("traces"): window.ask("traces", ("count", "count"), bucketed=True), _("observations"): steps}
    points = {name: _by_bucket(rows, "count_count") for name, rows in series.items()}
    pages = {_("observations"): _address("observations")}
    return _chart(window, _("Activity"), points, "count", "traces", kind="bar", addresses=pages)


def costs(window: Window) -> dict[str, Any]:
    """Cost by model over time, the models that cost most first."""
    by_model = _split(window, "observations", ("totalCost", "sum"), "model")
    models = [name for name in by_model if name not in (NAMELESS, _("others"))]
    addresses = {model: _address("observations", model=model) for model in models}
    return _chart(
        window, _("Cost by model"), by_model, "money", "observations", kind="bar", stacked=True, addresses=addresses
    )


def tokens(window: Window, steps: Sequence[Row]) -> dict[str, Any]:
    """Input and output tokens over time."""
    points = {_("input"): _by_bucket(steps, "sum_inputTokens"), _("output"): _by_bucket(steps, "sum_outputTokens")}
    return _chart(window, _("Tokens"), points, "count", "observations", kind="bar", stacked=True)


def errors(window: Window, steps: Sequence[Row]) -> dict[str, Any]:
    """Observations that failed, over time."""
    rows = [row for row in steps if row["level"] == "ERROR"]
    return _chart(
        window,
        _("Errors"),
        {_("errors"): _by_bucket(rows, "count_count")},
        "count",
        "observations",
        kind="bar",
        extra={"level": "ERROR"},
        tone="bad",
    )


def latencies(window: Window) -> list[dict[str, Any]]:
    """Percentiles by name of the trace, in seconds, the busiest first."""
    rows = window.ask(
        "traces",
        ("count", "count"), ("latency", "p50"), ("latency", "p95"), ("latency", "p99"),
        dimensions=("name",), order=(("count_count", "desc"),), limit=TOP,
    )  # fmt: skip
    return [
        {
            "name": row.get("name"),
            "count": row["count_count"],
            **{p: _seconds(row.get(f"{p}_latency")) for p in ("p50", "p95", "p99")},
            "url": window.link("traces", name=row["name"], order="latency.desc") if row.get("name") else "",
        }
        for row in rows
    ]


def scores(window: Window) -> list[dict[str, Any]]:
    """Each score's mean over time, with its n, and shares of categories."""
    numeric = window.ask(
        "scores-numeric",
        ("count", "count"),
        ("value", "avg"),
        dimensions=("name",),
        order=(("count_count", "desc"),),
        limit=TOP,
    )
    over_time = window.ask("scores-numeric", ("value", "avg"), dimensions=("name",), bucketed=True) if numeric else ()
    categories = window.ask("scores-categorical", ("count", "count"), dimensions=("name", "stringValue"))
    found = []
    for row in numeric:
        points = {row["name"]: _by_bucket([r for r in over_time if r["name"] == row["name"]], "avg_value")}
        chart = _chart(window, row["name"], points, "figure", "scores", kind="line", extra={"name": row["name"]})
        found.append(
            {
                "name": row["name"],
                "n": row["count_count"],
                "mean": row["avg_value"],
                "chart": chart,
                "url": window.link("scores", name=row["name"]),
            }
        )
    for name in dict.fromkeys(row["name"] for row in categories):
        parts = sorted((r for r in categories if r["name"] == name), key=lambda r: -r["count_count"])
        n = sum(part["count_count"] for part in parts)
        shares = [
            {"label": part["stringValue"], "n": part["count_count"], "share": part["count_count"] / n}
            for part in parts[:6]
        ]
        found.append({"name": name, "n": n, "shares": shares, "url": window.link("scores", name=name)})
    return found[:TOP]


def users(window: Window) -> list[dict[str, Any]]:
    """The most active users."""
    rows = window.ask(
        "traces", ("count", "count"), ("totalCost", "sum"), dimensions=("userId",),
        filters=(Filter("null", "userId", "is not null", ""),), order=(("count_count", "desc"),), limit=TOP,
    )  # fmt: skip
    return [
        {
            "name": r["userId"],
            "count": r["count_count"],
            "cost": r["sum_totalCost"],
            "url": window.link("traces", user=r["userId"]),
        }
        for r in rows
    ]


def unpriced(window: Window) -> dict[str, Any] | None:
    """Calls whose price is unknown: counted and offered for pricing, not hidden."""
    rows = window.ask(
        "observations", ("count", "count"), dimensions=("model",), order=(("count_count", "desc"),), limit=TOP,
        unpriced=True,
    )  # fmt: skip
    if not rows:
        return None
    return {
        "count": sum(row["count_count"] for row in rows),
        "models": [row["model"] for row in rows],
        "url": window.link("observations", unpriced="1"),
    }


def _address(page: str, **params: str) -> str:
    """The list `page`, filtered, over all time."""
    return f"{reverse(page)}?{urlencode(params)}" if params else reverse(page)


def _only(rows: Sequence[Row]) -> Row:
    return rows[0] if rows else {}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _by_bucket(rows: Sequence[Row], figure: str) -> dict[datetime, float | None]:
    """The figure over time, that of several rows of one bucket added up; None where nothing was measured."""
    points: dict[datetime, float | None] = {}
    for row in rows:
        start, value = row["time_dimension"], row[figure]
        before = points.get(start)
        points[start] = value if before is None else before + (value or 0)
    return points


def _split(
    window: Window, view: str, measure: tuple[str, str], dimension: str, **more: Any
) -> dict[str, dict[datetime, float | None]]:
    """One series per value of the dimension; beyond the largest few the rest is one series."""
    figure = f"{measure[1]}_{measure[0]}"
    asked = window.ask(view, measure, bucketed=True, dimensions=(dimension,), **more)
    rows = [row for row in asked if row[figure] is not None]
    sums: dict[str, float] = {}
    for row in rows:
        name = row[dimension] or NAMELESS
        sums[name] = sums.get(name, 0) + row[figure]
    large = sorted(sums, key=lambda name: -sums[name])[: TOP - 1]
    series: dict[str, dict[datetime, float | None]] = {name: {} for name in large}
    for row in rows:
        name = row[dimension] or NAMELESS
        points = series.setdefault(name if name in large else _("others"), {})
        points[row["time_dimension"]] = (points.get(row["time_dimension"]) or 0) + row[figure]
    return series


def _chart(
    window: Window,
    title: str,
    series: Mapping[str, Mapping[datetime, float | None]],
    unit: str,
    target: str,
    *,
    kind: str,
    stacked: bool = False,
    extra: Mapping[str, str] | None = None,
    addresses: Mapping[str, str] | None = None,
    tone: str = "",
) -> dict[str, Any]:
    """What `static/js/charts.js` draws.

    A series' `url` is the list behind it (that of `addresses`, else `target` with `extra`), and with `spans[i]` added
    the list behind its i-th bucket.
    """
    usual = _address(target, **(extra or {}))
    starts = window.starts()
    empty = None if kind == "line" else 0
    return {
        "title": title,
        "kind": kind,
        "unit": unit,
        "stacked": stacked,
        "tone": tone,
        "labels": [window.label(start) for start in starts],
        "spans": window.spans(),
        "series": [
            {
                "name": name,
                "url": (addresses or {}).get(name, usual),
                "data": [points.get(start, empty) for start in starts],
            }
            for name, points in series.items()
        ],
        "empty": not any(value for points in series.values() for value in points.values()),
        "url": window.link(target, **(extra or {})),
    }
