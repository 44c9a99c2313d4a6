"""`/unstable/dashboards` and their placements (openapi.yml)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.errors import Invalid
from tracing import dashboards
from tracing.api.widgets import DashboardingView
from tracing.dashboards import CONTENT, Placement
from tracing.models.dashboards import Dashboard


class PlacementBody(WireStruct, frozen=True):
    """A tile to be added, or (with an id and all cells) one of a definition."""

    type: str
    id: str | None = None
    widget_id: str | None = None
    preset_id: str | None = None
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None


class DefinitionBody(WireStruct, frozen=True):
    widgets: list[PlacementBody]


class DashboardBody(WireStruct, frozen=True):
    name: str
    description: str | None = None
    definition: DefinitionBody | None = None
    filters: list[Any] | None = None


class DashboardChangeBody(WireStruct, frozen=True):
    """What is left out or null stays."""

    name: str | None = None
    description: str | None = None
    definition: DefinitionBody | None = None
    filters: list[Any] | None = None


class CellsBody(WireStruct, frozen=True):
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None


class DashboardsView(DashboardingView):
    """`GET, POST /unstable/dashboards`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        rows = Dashboard.objects.filter(project_id=self.project_id)
        found = [shown(row) for row in rows[(page - 1) * limit : page * limit]]
        return Response(envelope(found, page, limit, rows.count()))

    def post(self, request: Request) -> Response:
        given = _given(convert(request.data, DashboardBody))
        return Response(shown(dashboards.create(self.project_id, self.author, **given)))


class DashboardView(DashboardingView):
    """`GET, PATCH, DELETE /unstable/dashboards/{dashboardId}`."""

    def get(self, request: Request, dashboard_id: str) -> Response:
        return Response(shown(dashboards.own(self.project_id, dashboard_id)))

    def patch(self, request: Request, dashboard_id: str) -> Response:
        changes = _given(convert(request.data, DashboardChangeBody))
        return Response(shown(dashboards.change(self.project_id, dashboard_id, changes, self.author)))

    def delete(self, request: Request, dashboard_id: str) -> Response:
        dashboards.remove(self.project_id, dashboard_id, self.author)
        return Response({"message": "Dashboard successfully deleted"})


class PlacementsView(DashboardingView):
    """`POST /unstable/dashboards/{dashboardId}/placements`."""

    def post(self, request: Request, dashboard_id: str) -> Response:
        placement = _placement(convert(request.data, PlacementBody))
        return Response(dashboards.place(self.project_id, dashboard_id, placement, self.author))


class PlacementView(DashboardingView):
    """`PATCH, DELETE /unstable/dashboards/{dashboardId}/placements/{placementId}`."""

    def patch(self, request: Request, dashboard_id: str, placement_id: str) -> Response:
        cells = msgspec.structs.asdict(convert(request.data, CellsBody))
        changes = {name: value for name, value in cells.items() if value is not None}
        return Response(dashboards.move(self.project_id, dashboard_id, placement_id, changes, self.author))

    def delete(self, request: Request, dashboard_id: str, placement_id: str) -> Response:
        dashboards.displace(self.project_id, dashboard_id, placement_id, self.author)
        return Response({"message": "Dashboard placement successfully deleted"})


def _given(body: DashboardBody | DashboardChangeBody) -> dict[str, Any]:
    plain = {"name": body.name, "description": body.description, "filters": body.filters}
    given = {name: value for name, value in plain.items() if value is not None}
    return given | ({"placements": _placements(body.definition.widgets)} if body.definition else {})


def _placements(bodies: Sequence[PlacementBody]) -> list[Placement]:
    return [_placement(body, f"definition.widgets[{position}].") for position, body in enumerate(bodies)]


def _placement(body: PlacementBody, place: str = "") -> Placement:
    if body.type not in CONTENT:
        raise Invalid(f"{place}type must be one of {', '.join(CONTENT)}.", f"{place}type")
    content_id = body.widget_id if body.type == "widget" else body.preset_id
    if content_id is None:
        raise Invalid(f"{place}{CONTENT[body.type]} must be given.", f"{place}{CONTENT[body.type]}")
    cells = {"x": body.x, "y": body.y, "width": body.width, "height": body.height}
    return Placement(type=body.type, content_id=content_id, id=body.id, **cells)


def shown(dashboard: Dashboard) -> dict[str, Any]:
    """A dashboard on the wire."""
    return {
        "id": dashboard.pk,
        "createdAt": dashboard.created_at,
        "updatedAt": dashboard.updated_at,
        "name": dashboard.name,
        "description": dashboard.description,
        "definition": {"widgets": dashboard.placements},
        "filters": dashboard.filters,
    }
