"""Dashboards: the list, one with its tiles, and adding to it. Each tile asks the metrics when it is shown."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.authors import Author
from common.errors import Conflict, DomainError, Invalid, NotFound
from common.pages import Page
from promptlab.widget_charts import draw
from promptlab.window import read_window
from tracing import dashboards, widgets
from tracing.dashboards import Placement
from tracing.models.dashboards import Dashboard, Widget
from tracing.seen import READ
from tracing.store import store
from tracing.views.filtering import RANGES
from tracing.widgets import Draft

MOST = 200
# What the form offers; the API takes every measure and dimension that the metrics know.
MEASURES = (
    *("count", "totalCost", "inputCost", "outputCost", "totalTokens", "inputTokens", "outputTokens", "latency"),
    *("timeToFirstToken", "outputTokensPerSecond", "uniqueUserIds", "uniqueSessionIds", "value"),
)
AGGREGATIONS = ("count", "sum", "avg", "min", "max", "p50", "p75", "p90", "p95", "p99", "uniq", "histogram")
DIMENSIONS = (
    *("name", "providedModelName", "type", "level", "environment", "version", "promptName", "promptVersion"),
    *("traceName", "userId", "tags", "release", "source", "stringValue"),
)
CHARTS = {
    "NUMBER": _("Number"),
    "LINE_TIME_SERIES": _("Lines over time"),
    "AREA_TIME_SERIES": _("Areas over time"),
    "BAR_TIME_SERIES": _("Columns over time"),
    "VERTICAL_BAR": _("Columns"),
    "HORIZONTAL_BAR": _("Bars"),
    "PIE": _("Shares"),
    "HISTOGRAM": _("Histogram"),
    "PIVOT_TABLE": _("Table"),
}


class DashboardPage(Page):
    section = "dashboards"
    permission = READ
    write_permission = "dashboards:write"

    @property
    def author(self) -> Author:
        return Author(user=self.request.user)  # type: ignore[arg-type]


class Dashboards(DashboardPage):
    """All of the project; POST makes one."""

    template = "dashboards/list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponseBase:
        name, description = request.POST.get("name", ""), request.POST.get("description", "")
        try:
            made = dashboards.create(self.project_id, self.author, name=name, description=description)
        except Invalid as error:
            return self.show(typed={"name": name, "description": description}, refusal=error.message)
        return redirect("dashboard", made.pk)

    def show(self, typed: dict[str, str] | None = None, refusal: str = "") -> HttpResponse:
        context = {
            "dashboards": Dashboard.objects.filter(project_id=self.project_id)[:MOST],
            "may_write": self.may("dashboards:write"),
            "typed": typed or {},
            "refusal": refusal,
        }
        return self.render(context, status=422 if refusal else 200)


class OneDashboard(DashboardPage):
    """Its tiles over `?range=` (or `from`/`to`); POST `do`: rename, delete, displace (a tile)."""

    template = "dashboards/dashboard.html"

    def get(self, request: HttpRequest, dashboard_id: str) -> HttpResponse:
        return self.show(dashboards.own(self.project_id, dashboard_id))

    def post(self, request: HttpRequest, dashboard_id: str) -> HttpResponseBase:
        do = request.POST.get("do", "")
        if do == "delete":
            dashboards.remove(self.project_id, dashboard_id, self.author)
            messages.success(request, gettext("The dashboard is deleted. Its widgets stay for others."))
            return redirect("dashboards")
        try:
            if do == "rename":
                changes = {name: request.POST.get(name, "") for name in ("name", "description")}
                dashboards.change(self.project_id, dashboard_id, changes, self.author)
            elif do == "displace":
                dashboards.displace(self.project_id, dashboard_id, request.POST.get("tile", ""), self.author)
            else:
                raise Http404("There is nothing of that name to do.")
        except Invalid as error:
            return self.show(dashboards.own(self.project_id, dashboard_id), error.message)
        return redirect("dashboard", dashboard_id)

    def show(self, dashboard: Dashboard, refusal: str = "") -> HttpResponse:
        window = read_window(self.project_id, self.request)
        wanted = [tile["widgetId"] for tile in dashboard.placements if tile["type"] == "widget"]
        found = {row.pk: row for row in Widget.objects.filter(project_id=self.project_id, pk__in=wanted)}
        tiles = [
            {**tile, "widget": found.get(tile.get("widgetId", "")), "column": tile["x"] + 1, "row": tile["y"] + 1}
            for tile in sorted(dashboard.placements, key=lambda tile: (tile["y"], tile["x"]))
        ]
        context: dict[str, Any] = {
            "dashboard": dashboard,
            "tiles": tiles,
            "window": window,
            "range": window.name,
            "ranges": [(name, label) for name, (label, length) in RANGES.items() if length],
            "may_write": self.may("dashboards:write"),
            "refusal": refusal,
        }
        return self.render(context, status=422 if refusal else 200)


class Tile(DashboardPage):
    """One widget drawn over the range of its dashboard's page: a fragment."""

    template = "dashboards/tile.html"

    def get(self, request: HttpRequest, dashboard_id: str, tile_id: str) -> HttpResponse:
        dashboard = dashboards.own(self.project_id, dashboard_id)
        tile = dashboards.find_tile(dashboard, tile_id)
        if tile["type"] != "widget":
            raise Http404("Only widgets are drawn.")
        widget = widgets.own(self.project_id, tile["widgetId"])
        window = read_window(self.project_id, request)
        try:
            filters = widgets.check_filters(dashboard.filters)
            query = widgets.question(widget, self.project_id, window.since, window.until, window.granularity, filters)
            drawn = draw(widget, query, store().metrics(query), window)
        except Invalid as error:  # a filter of the dashboard that this view does not know
            drawn = {"kind": "refused", "refusal": error.message}
        return self.render(drawn)


class AddTile(DashboardPage):
    """Place a widget that is there, or a new one; POST `do`: place, create, delete (a widget)."""

    template = "dashboards/add.html"
    permission = "dashboards:write"

    def get(self, request: HttpRequest, dashboard_id: str) -> HttpResponse:
        return self.show(dashboards.own(self.project_id, dashboard_id))

    def post(self, request: HttpRequest, dashboard_id: str) -> HttpResponseBase:
        dashboard = dashboards.own(self.project_id, dashboard_id)
        widget_id = request.POST.get("widget", "")
        try:
            match request.POST.get("do", ""):
                case "delete":
                    widgets.remove(self.project_id, widget_id, self.author)
                    return redirect("dashboard_add", dashboard_id)
                case "create":
                    widget_id = widgets.create(self.project_id, _draft(request.POST), self.author).pk
                case "place":
                    pass
                case _:
                    raise Http404("There is nothing of that name to do.")
            placement = Placement(type="widget", content_id=widget_id)
            dashboards.place(self.project_id, dashboard_id, placement, self.author)
        except NotFound:
            raise
        except (Invalid, Conflict) as error:
            return self.show(dashboard, error)
        return redirect("dashboard", dashboard_id)

    def show(self, dashboard: Dashboard, refusal: DomainError | None = None) -> HttpResponse:
        context: dict[str, Any] = {
            "dashboard": dashboard,
            "widgets": [
                {"widget": row, "chart": CHARTS[row.chart_type]}
                for row in Widget.objects.filter(project_id=self.project_id)[:MOST]
            ],
            "views": widgets.VIEWS,
            "measures": MEASURES,
            "aggregations": AGGREGATIONS,
            "dimensions": DIMENSIONS,
            "charts": CHARTS.items(),
            "typed": self.request.POST,
            "refusal": refusal.message if refusal else "",
        }
        return self.render(context, status=422 if refusal else 200)


def _draft(given: Any) -> Draft:
    dimension = given.get("dimension", "")
    return Draft(
        name=given.get("name", ""),
        view=given.get("view", ""),
        dimensions=[{"field": dimension}] if dimension else [],
        metrics=[{"measure": given.get("measure", ""), "agg": given.get("aggregation", "")}],
        filters=[],
        chart_type=given.get("chart", ""),
    )
