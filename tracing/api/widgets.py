"""`/unstable/dashboard-widgets` (openapi.yml)."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authors import Author
from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.api.structured import StructuredView
from tracing import widgets
from tracing.models.dashboards import Widget


class DimensionBody(WireStruct, frozen=True):
    field: str


class MetricBody(WireStruct, frozen=True):
    measure: str
    agg: str


class SortBody(WireStruct, frozen=True):
    column: str
    order: str


class ChartConfigBody(WireStruct, frozen=True):
    """Some names are in snake case on the wire, too."""

    type: str | None = None
    row_limit: int | None = msgspec.field(default=None, name="row_limit")
    show_value_labels: bool | None = msgspec.field(default=None, name="show_value_labels")
    bins: int | None = None
    default_sort: SortBody | None = None


class WidgetBody(WireStruct, frozen=True):
    name: str
    view: str
    dimensions: list[DimensionBody]
    metrics: list[MetricBody]
    filters: list[Any]
    chart_type: str
    chart_config: ChartConfigBody | None = None
    description: str | None = None


class WidgetChangeBody(WireStruct, frozen=True):
    """What is left out or null stays."""

    name: str | None = None
    description: str | None = None
    view: str | None = None
    dimensions: list[DimensionBody] | None = None
    metrics: list[MetricBody] | None = None
    filters: list[Any] | None = None
    chart_type: str | None = None
    chart_config: ChartConfigBody | None = None


class DashboardingView(StructuredView):
    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]


class WidgetsView(DashboardingView):
    """`GET, POST /unstable/dashboard-widgets`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        rows = Widget.objects.filter(project_id=self.project_id)
        found = [shown(row) for row in rows[(page - 1) * limit : page * limit]]
        return Response(envelope(found, page, limit, rows.count()))

    def post(self, request: Request) -> Response:
        draft = widgets.Draft(**_given(convert(request.data, WidgetBody)))
        return Response(shown(widgets.create(self.project_id, draft, self.author)))


class WidgetView(DashboardingView):
    """`GET, PATCH, DELETE /unstable/dashboard-widgets/{widgetId}`."""

    def get(self, request: Request, widget_id: str) -> Response:
        return Response(shown(widgets.own(self.project_id, widget_id)))

    def patch(self, request: Request, widget_id: str) -> Response:
        changes = _given(convert(request.data, WidgetChangeBody))
        return Response(shown(widgets.change(self.project_id, widget_id, changes, self.author)))

    def delete(self, request: Request, widget_id: str) -> Response:
        widgets.remove(self.project_id, widget_id, self.author)
        return Response({"message": "Dashboard widget successfully deleted"})


def _given(body: WidgetBody | WidgetChangeBody) -> dict[str, Any]:
    """The fields that were sent, their parts in the shapes of the wire."""
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
    return {name: msgspec.to_builtins(value) for name, value in values.items()}


def shown(widget: Widget) -> dict[str, Any]:
    """A widget on the wire."""
    return {
        "id": widget.pk,
        "createdAt": widget.created_at,
        "updatedAt": widget.updated_at,
        "name": widget.name,
        "description": widget.description,
        "view": widget.view,
        "dimensions": widget.dimensions,
        "metrics": widget.metrics,
        "filters": widget.filters,
        "chartType": widget.chart_type,
        "chartConfig": widget.chart_config,
    }
