"""What the routes of dashboards and widgets take and answer."""

from datetime import datetime
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from common.api.describing import Group, Message, Numbered, Operation, Refusals, Unset, paged
from common.api.fields import WireStruct
from tracing.api.dashboards import CellsBody, DashboardBody, DashboardChangeBody, PlacementBody
from tracing.api.widgets import WidgetBody, WidgetChangeBody


class Dimension(WireStruct, frozen=True):
    field: str


class Metric(WireStruct, frozen=True):
    measure: str
    agg: str


class Sorting(WireStruct, frozen=True):
    column: str
    order: Literal["ASC", "DESC"]


class ChartConfig(WireStruct, kw_only=True, frozen=True):
    type: str
    row_limit: int | Unset = msgspec.field(name="row_limit", default=UNSET)
    show_value_labels: bool | Unset = msgspec.field(name="show_value_labels", default=UNSET)
    bins: int | Unset = UNSET
    default_sort: Sorting | Unset = UNSET


class Widget(WireStruct, frozen=True):
    """A chart."""

    id: str
    created_at: datetime
    updated_at: datetime
    name: str
    description: str
    view: str
    dimensions: list[Dimension]
    metrics: list[Metric]
    filters: list[dict[str, Any]]
    chart_type: str
    chart_config: ChartConfig


class _Placement(WireStruct, frozen=True):
    id: str
    x: int
    y: int
    width: int
    height: int


class WidgetPlacement(_Placement, frozen=True, tag_field="type", tag="widget"):
    widget_id: str


class PresetPlacement(_Placement, frozen=True, tag_field="type", tag="preset"):
    preset_id: str


Placement = WidgetPlacement | PresetPlacement


class Definition(WireStruct, frozen=True):
    widgets: list[Placement]


class Dashboard(WireStruct, frozen=True):
    """Widgets and where they stand; the grid is 12 wide."""

    id: str
    created_at: datetime
    updated_at: datetime
    name: str
    description: str
    definition: Definition
    filters: list[dict[str, Any]]


unstable = partial(Operation, refusals=Refusals.STRUCTURED)
WIDGETS, WIDGET = "/unstable/dashboard-widgets", "/unstable/dashboard-widgets/{widgetId}"
DASHBOARDS, DASHBOARD = "/unstable/dashboards", "/unstable/dashboards/{dashboardId}"
TILE = f"{DASHBOARD}/placements/{{placementId}}"

GROUPS = (
    Group(
        "Dashboards",
        (
            unstable("GET", DASHBOARDS, "List dashboards.", Numbered[Dashboard], query=paged()),
            unstable("POST", DASHBOARDS, "Make a dashboard.", Dashboard, body=DashboardBody),
            unstable("GET", DASHBOARD, "Read a dashboard.", Dashboard),
            unstable("PATCH", DASHBOARD, "Change a dashboard.", Dashboard, body=DashboardChangeBody),
            unstable("DELETE", DASHBOARD, "Delete a dashboard; its widgets stay.", Message),
            unstable("POST", f"{DASHBOARD}/placements", "Put a widget on it.", Placement, body=PlacementBody),
            unstable("PATCH", TILE, "Move a widget on it.", Placement, body=CellsBody),
            unstable("DELETE", TILE, "Take a widget off it.", Message),
            unstable("GET", WIDGETS, "List widgets.", Numbered[Widget], query=paged()),
            unstable("POST", WIDGETS, "Make a widget.", Widget, body=WidgetBody),
            unstable("GET", WIDGET, "Read a widget.", Widget),
            unstable("PATCH", WIDGET, "Change a widget.", Widget, body=WidgetChangeBody),
            unstable("DELETE", WIDGET, "Delete a widget that stands on no dashboard.", Message),
        ),
    ),
)
