"""Pages of no single app: the start page of a project, the palette, links without a project."""

from django.urls import path

import common.addresses  # noqa: F401  (registers `any`)
from promptlab.api_reference import Operation, Reference
from promptlab.dashboards import AddTile, Dashboards, OneDashboard, Tile
from promptlab.home import Home
from promptlab.links import bare_trace
from promptlab.palette import Palette

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("dashboards", Dashboards.as_view(), name="dashboards"),
    path("dashboards/<str:dashboard_id>", OneDashboard.as_view(), name="dashboard"),
    path("dashboards/<str:dashboard_id>/add", AddTile.as_view(), name="dashboard_add"),
    path("dashboards/<str:dashboard_id>/tiles/<path:tile_id>", Tile.as_view(), name="dashboard_tile"),
    path("palette", Palette.as_view(), name="palette"),
    path("settings/api-reference", Reference.as_view(), name="api_reference"),
    path("settings/api-reference/<str:operation_id>", Operation.as_view(), name="api_operation"),
    path("trace/<any:trace_id>", bare_trace, name="bare_trace"),
]
