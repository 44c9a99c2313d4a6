"""What a widget's answer looks like on a page: a chart, a number, bars with shares, or a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from promptlab.window import Window
from tracing.models.dashboards import Widget
from tracing.store.base import MetricsQuery
from tracing.widgets import OVER_TIME

# The most lines in one chart, bars in one list and columns in one histogram that still say something.
MOST_SERIES, MOST_BARS = 8, 30
NAMELESS = "–"
LISTS = {"observations": "observations", "traces": "traces"}  # the others are about scores
MILLISECONDS = frozenset({"latency", "timeToFirstToken", "streamingLatency"})
MONEY = frozenset({"totalCost", "inputCost", "outputCost"})

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of a widget: its key in the answer, its words, its unit on pages, and what to divide by."""

    key: str
    label: str
    unit: str
    scale: float = 1

    def read(self, row: Row) -> float | None:
        value = row.get(self.key)
        return None if value is None else float(value) / self.scale


def draw(widget: Widget, query: MetricsQuery, rows: Sequence[Row], window: Window) -> dict[str, Any]:
    """The context of the tile's template; `kind` says which of its shapes."""
    figures = [_figure(one) for one in widget.metrics]
    if not rows:
        return {"kind": "empty"}
    if widget.chart_type in OVER_TIME:
        return {"kind": "chart", "chart": _over_time(widget, query, figures, rows, window)}
    if widget.chart_type == "HISTOGRAM":
        return {"kind": "chart", "chart": _histogram(widget, figures[0], rows, window)}
    if widget.chart_type == "PIVOT_TABLE" or len(figures) > 1:
        return {"kind": "table"} | _table(widget, query, figures, rows)
    (figure,) = figures
    if widget.chart_type == "NUMBER" or not query.dimensions:
        return {"kind": "number", "figure": figure, "value": figure.read(rows[0]), "url": _list(widget, window)}
    if widget.chart_type == "VERTICAL_BAR":
        return {"kind": "chart", "chart": _columns(widget, query, figure, rows, window)}
    return {"kind": "bars", "figure": figure} | _bars(widget, query, figure, rows)


def _figure(metric: Mapping[str, str]) -> Figure:
    measure, how = metric["measure"], metric["agg"]
    key, label = f"{how}_{measure}", measure if measure == how else f"{how} {measure}"
    if how in ("count", "uniq"):
        return Figure(key, label, "count")
    if measure in MONEY:
        return Figure(key, label, "money")
    if measure in MILLISECONDS:
        return Figure(key, label, "duration", 1000)
    return Figure(key, label, "figure" if measure == "value" or measure.endswith("PerSecond") else "count")


def _over_time(
    widget: Widget, query: MetricsQuery, figures: Sequence[Figure], rows: Sequence[Row], window: Window
) -> dict[str, Any]:
    """One series per group and metric; where there are too many, the largest."""
    series: dict[str, dict[datetime, float]] = {}
    for row in rows:
        for figure in figures:
            value = figure.read(row)
            if value is not None:
                series.setdefault(_name(query, row, figure, figures), {})[row["time_dimension"]] = value
    largest = sorted(series, key=lambda name: -sum(series[name].values()))[:MOST_SERIES]
    starts = window.starts()
    bar = widget.chart_type == "BAR_TIME_SERIES"
    return {
        **_chart(widget, figures[0], "bar" if bar else "line"),
        "stacked": bar,
        "filled": widget.chart_type == "AREA_TIME_SERIES",
        "labels": [window.label(start) for start in starts],
        "spans": window.spans(),
        "series": [
            {
                "name": name,
                "url": reverse(_target(widget)),
                "data": [series[name].get(start, 0 if bar else None) for start in starts],
            }
            for name in largest
        ],
        "left_out": len(series) - len(largest),
    }


def _columns(
    widget: Widget, query: MetricsQuery, figure: Figure, rows: Sequence[Row], window: Window
) -> dict[str, Any]:
    shown = rows[:MOST_BARS]
    return {
        **_chart(widget, figure, "bar"),
        "labels": [_group(query, row) for row in shown],
        "spans": [""] * len(shown),
        "series": [{"name": figure.label, "url": _list(widget, window), "data": [figure.read(row) for row in shown]}],
        "left_out": len(rows) - len(shown),
    }


def _histogram(widget: Widget, figure: Figure, rows: Sequence[Row], window: Window) -> dict[str, Any]:
    """The bars of the first group; widgets of this type have no groups, usually."""
    bars = rows[0].get(figure.key) or []
    measure = _figure({"measure": figure.key.partition("_")[2], "agg": "avg"})
    edges = [(low / measure.scale, high / measure.scale) for low, high, _count in bars]
    return {
        **_chart(widget, Figure(figure.key, figure.label, "count"), "bar"),
        "labels": [f"{low:.3g} … {high:.3g}" for low, high in edges],
        "spans": [""] * len(bars),
        "series": [{"name": _("n"), "url": _list(widget, window), "data": [count for _low, _high, count in bars]}],
    }


def _bars(widget: Widget, query: MetricsQuery, figure: Figure, rows: Sequence[Row]) -> dict[str, Any]:
    """Bars beside each other's share: of the whole in a pie, else of the largest."""
    values = [(_group(query, row), figure.read(row) or 0.0) for row in rows]
    pie = widget.chart_type == "PIE"
    whole = (sum if pie else max)([value for _name, value in values] or [0.0]) or 1.0
    shown = values[:MOST_BARS]
    return {
        "pie": pie,
        "bars": [{"label": name, "value": value, "share": max(0.0, value / whole)} for name, value in shown],
        "left_out": len(values) - len(shown),
    }


def _table(widget: Widget, query: MetricsQuery, figures: Sequence[Figure], rows: Sequence[Row]) -> dict[str, Any]:
    sort = widget.chart_config.get("defaultSort") or {}
    column, down = sort.get("column"), str(sort.get("order", "")).upper() == "DESC"
    if column in query.dimensions or column in {figure.key for figure in figures}:
        empty = [row for row in rows if row.get(column) is None]
        filled = sorted((row for row in rows if row.get(column) is not None), key=lambda r: r[column], reverse=down)
        rows = [*filled, *empty]
    return {
        "dimensions": query.dimensions,
        "figures": figures,
        "rows": [
            {
                "groups": [_text(row.get(name)) for name in query.dimensions],
                "values": [(figure, figure.read(row)) for figure in figures],
            }
            for row in rows
        ],
    }


def _chart(widget: Widget, figure: Figure, kind: str) -> dict[str, Any]:
    return {"title": widget.name, "kind": kind, "unit": figure.unit, "stacked": False, "tone": ""}


def _name(query: MetricsQuery, row: Row, figure: Figure, figures: Sequence[Figure]) -> str:
    if not query.dimensions:
        return figure.label
    return _group(query, row) if len(figures) == 1 else f"{_group(query, row)} · {figure.label}"


def _group(query: MetricsQuery, row: Row) -> str:
    return " · ".join(_text(row.get(name)) for name in query.dimensions)


def _text(value: Any) -> str:
    return NAMELESS if value is None or value == "" else str(value)


def _target(widget: Widget) -> str:
    return LISTS.get(widget.view, "scores")


def _list(widget: Widget, window: Window) -> str:
    """The list behind it, over the same range."""
    return window.link(_target(widget))
