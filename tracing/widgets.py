"""Widgets: charts that people and programs keep (openapi.yml unstable/dashboard-widgets).

A widget is a question in the grammar of the metrics with a way to draw its answer. It is asked once, over no time at
all, before it is kept: so the store's own refusals name what is wrong with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.authors import Author
from common.errors import Conflict, Invalid
from common.finding import find
from tracing.filters import Filter, check_filter
from tracing.models.dashboards import Dashboard, Widget
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

VIEWS = ("observations", "scores-numeric", "scores-boolean", "scores-categorical")
OVER_TIME = ("LINE_TIME_SERIES", "AREA_TIME_SERIES", "BAR_TIME_SERIES")
CHARTS = (*OVER_TIME, "HORIZONTAL_BAR", "VERTICAL_BAR", "PIE", "NUMBER", "HISTOGRAM", "PIVOT_TABLE")
MAX_NAME, MAX_DESCRIPTION, MAX_PARTS, MAX_FILTERS = 200, 10_000, 10, 50
MAX_ROWS, MAX_BINS = 1000, 100
MISSING = "Dashboard widget not found within authorized project"
USUAL_ROWS = 100
# Beyond it numbers change on their way through JavaScript.
MAX_NUMBER = 2**53
FIELDS = (
    "name",
    "description",
    "view",
    "dimensions",
    "metrics",
    "filters",
    "chart_type",
    "chart_config",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A widget as given; lists and config in the shapes of the wire. `chart_config` None: the plain one of the type."""

    name: str
    view: str
    dimensions: Sequence[Mapping[str, Any]]
    metrics: Sequence[Mapping[str, Any]]
    filters: Sequence[Any]
    chart_type: str
    chart_config: Mapping[str, Any] | None = None
    description: str = ""


def create(project_id: str, draft: Draft, author: Author) -> Widget:
    """Keep a widget. Raises Invalid."""
    if draft.view not in VIEWS:
        raise Invalid(f"view must be one of {', '.join(VIEWS)}.", "view")
    return _save(Widget(project_id=project_id), draft, author, "create")


def change(project_id: str, widget_id: str, changes: Mapping[str, Any], author: Author) -> Widget:
    """Change fields of a widget (names of `Draft`); a new chart type without a config gets its plain one.

    Raises NotFound, Invalid.
    """
    with transaction.atomic():
        widget = _locked(project_id, widget_id)
        if changes.get("view", widget.view) != widget.view and changes["view"] not in VIEWS:
            raise Invalid(f"view must be one of {', '.join(VIEWS)}.", "view")
        if changes.get("chart_type", widget.chart_type) != widget.chart_type:
            changes = {"chart_config": None, **changes}
        before = Draft(**{field: getattr(widget, field) for field in FIELDS})
        return _save(widget, replace(before, **changes), author, "update")


def remove(project_id: str, widget_id: str, author: Author) -> None:
    """Delete a widget. Raises NotFound, and Conflict while a dashboard shows it."""
    with transaction.atomic():
        widget = _locked(project_id, widget_id)
        placed = Dashboard.objects.filter(project_id=project_id, placements__contains=[{"widgetId": widget_id}])
        names = list(placed.values_list("name", flat=True)[:5])
        if names:
            raise Conflict(f"The widget is placed on {', '.join(names)}. Remove it there first.")
        author.record("delete", "widget", widget.pk, project=project_id, before=_told(widget))
        widget.delete()


def own(project_id: str, widget_id: str) -> Widget:
    """The project's widget of that id. Raises NotFound."""
    return find(Widget.objects.filter(project_id=project_id), widget_id, MISSING)


def question(
    widget: Widget | Draft,
    project_id: str,
    since: datetime,
    until: datetime,
    granularity: str | None = None,
    filters: Sequence[Filter] = (),
) -> MetricsQuery:
    """What the widget asks over a range; `granularity` counts for charts over time only."""
    config = widget.chart_config or {}
    over_time = widget.chart_type in OVER_TIME
    return MetricsQuery(
        project_id=project_id,
        view=widget.view,
        measures=tuple(Measure(measure=one["measure"], aggregation=one["agg"]) for one in widget.metrics),
        dimensions=tuple(one["field"] for one in widget.dimensions),
        filters=(*check_filters(widget.filters), *filters),
        since=since,
        until=until,
        granularity=granularity if over_time else None,
        limit=None if over_time else config.get("row_limit") or USUAL_ROWS,
        bins=config.get("bins") or 10,
    )


def check_filters(raw: Sequence[Any], place: str = "filters") -> tuple[Filter, ...]:
    """Filters as the wire has them, checked. Raises Invalid."""
    if len(raw) > MAX_FILTERS:
        raise Invalid(f"{place} must be at most {MAX_FILTERS}.", place)
    return tuple(_filter(one, f"{place}[{position}]") for position, one in enumerate(raw))


def check_name(name: str) -> str:
    """Raises Invalid."""
    name = check_text(name.strip(), "name", MAX_NAME)
    if not name:
        raise Invalid("name must not be empty.", "name")
    return name


def check_text(text: str, field: str, longest: int) -> str:
    """Raises Invalid."""
    if len(text) > longest or "\0" in text:
        raise Invalid(f"{field} must have at most {longest} characters and no NUL.", field)
    return text


def _save(widget: Widget, draft: Draft, author: Author, action: str) -> Widget:
    before = _told(widget) if action == "update" else None
    for field, value in _checked(widget.project_id, draft).items():
        setattr(widget, field, value)
    widget.updated_at = timezone.now()
    with transaction.atomic():
        widget.save()
        author.record(action, "widget", widget.pk, project=widget.project_id, before=before, after=_told(widget))
    return widget


def _checked(project_id: str, draft: Draft) -> dict[str, Any]:
    """What would be stored, by field. Raises Invalid naming the wire's field."""
    if draft.chart_type not in CHARTS:
        raise Invalid(f"chartType must be one of {', '.join(CHARTS)}.", "chartType")
    for field, least, given in (("metrics", 1, draft.metrics), ("dimensions", 0, draft.dimensions)):
        if not least <= len(given) <= MAX_PARTS:
            raise Invalid(f"{field} must be {least} to {MAX_PARTS}; there are {len(given)}.", field)
    histogram = [one["agg"] == "histogram" for one in draft.metrics]
    if any(histogram) != (draft.chart_type == "HISTOGRAM") or (any(histogram) and len(histogram) > 1):
        raise Invalid("A HISTOGRAM shows one metric with agg histogram, and nothing else does.", "metrics")
    draft = replace(draft, chart_config=_config(draft))
    now = timezone.now()
    store().metrics(question(draft, project_id, now, now + timedelta(milliseconds=1), "hour"))
    return {
        "name": check_name(draft.name),
        "description": check_text(draft.description, "description", MAX_DESCRIPTION),
        "view": draft.view,
        "dimensions": [{"field": one["field"]} for one in draft.dimensions],
        "metrics": [{"measure": one["measure"], "agg": one["agg"]} for one in draft.metrics],
        "filters": list(draft.filters),
        "chart_type": draft.chart_type,
        "chart_config": draft.chart_config,
    }


def _config(draft: Draft) -> dict[str, Any]:
    given = {name: value for name, value in (draft.chart_config or {}).items() if value is not None}
    if given.get("type", draft.chart_type) != draft.chart_type:
        raise Invalid(f"chartConfig.type must be {draft.chart_type}, as chartType says.", "chartConfig.type")
    for name, most in (("row_limit", MAX_ROWS), ("bins", MAX_BINS)):
        if name in given and not 1 <= given[name] <= most:
            raise Invalid(f"chartConfig.{name} must be between 1 and {most}.", f"chartConfig.{name}")
    return given | {"type": draft.chart_type}


def _filter(raw: Any, place: str) -> Filter:
    checked = check_filter(raw, place)
    texts = [checked.column, checked.key or "", *(checked.value if isinstance(checked.value, tuple) else ())]
    texts += [checked.value] if isinstance(checked.value, str) else []
    if any("\0" in text for text in texts):
        raise Invalid(f"{place} must not hold NUL characters.", place)
    if checked.type == "positionInTrace" and not isinstance(checked.value, (int, type(None))):
        raise Invalid(f"{place}.value must be a whole number.", f"{place}.value")
    if isinstance(checked.value, (int, float)) and not -MAX_NUMBER <= checked.value <= MAX_NUMBER:
        raise Invalid(f"{place}.value is too large.", f"{place}.value")
    return checked


def _locked(project_id: str, widget_id: str) -> Widget:
    """For the rest of the transaction: no dashboard places it meanwhile."""
    return find(Widget.objects.select_for_update().filter(project_id=project_id), widget_id, MISSING)


def _told(widget: Widget) -> dict[str, Any]:
    return {field: getattr(widget, field) for field in FIELDS}
