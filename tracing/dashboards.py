"""Dashboards: widgets on a grid of 12 columns (openapi.yml unstable/dashboards)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.authors import Author
from common.errors import Conflict, Invalid, NotFound
from common.finding import find
from common.ids import new_id
from tracing.models.dashboards import Dashboard, Widget
from tracing.widgets import MAX_DESCRIPTION, check_filters, check_name, check_text

COLUMNS = 12
MOST_ROWS = 10_000
MOST_PLACEMENTS = 200
MAX_ID = 200
MISSING = "Dashboard not found within authorized project"
SIDE = 6  # of a tile whose size nobody gave
# What a placement shows, by its type.
CONTENT = {"widget": "widgetId", "preset": "presetId"}
BOUNDS = {"x": (0, COLUMNS - 1), "y": (0, MOST_ROWS), "width": (1, COLUMNS), "height": (1, MOST_ROWS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A tile as given; what is None is chosen: a new id, a place below all others, 6 by 6 cells."""

    type: str
    content_id: str  # of the widget, or the name of a preset
    id: str | None = None
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None


def create(
    project_id: str,
    author: Author,
    *,
    name: str,
    description: str = "",
    placements: Sequence[Placement] = (),
    filters: Sequence[Any] = (),
) -> Dashboard:
    """Make a dashboard. Raises Invalid, and NotFound for widgets that are not there."""
    with transaction.atomic():
        dashboard = Dashboard(project_id=project_id)
        _set(dashboard, {"name": name, "description": description, "placements": placements, "filters": filters})
        return _save(dashboard, author, "create", None)


def change(project_id: str, dashboard_id: str, changes: Mapping[str, Any], author: Author) -> Dashboard:
    """Change name, description, placements (all of them) or filters. Raises NotFound, Invalid."""
    with transaction.atomic():
        dashboard = _locked(project_id, dashboard_id)
        before = _told(dashboard)
        _set(dashboard, changes)
        return _save(dashboard, author, "update", before)


def remove(project_id: str, dashboard_id: str, author: Author) -> None:
    """Delete a dashboard; its widgets stay. Raises NotFound."""
    with transaction.atomic():
        dashboard = _locked(project_id, dashboard_id)
        author.record("delete", "dashboard", dashboard.pk, project=project_id, before=_told(dashboard))
        dashboard.delete()


def place(project_id: str, dashboard_id: str, placement: Placement, author: Author) -> dict[str, Any]:
    """Add a tile, and return it as it stands. Raises NotFound, Invalid, Conflict (an id that is taken)."""
    with transaction.atomic():
        dashboard = _locked(project_id, dashboard_id)
        before = _told(dashboard)
        if placement.id is not None and any(tile["id"] == placement.id for tile in dashboard.placements):
            raise Conflict(f"A placement with the id {placement.id!r} is on the dashboard already.")
        tile = _tile(placement, dashboard.placements)
        _require_widgets(project_id, [tile])
        dashboard.placements = _bounded([*dashboard.placements, tile])
        _save(dashboard, author, "update", before)
    return tile


def move(
    project_id: str, dashboard_id: str, placement_id: str, changes: Mapping[str, int], author: Author
) -> dict[str, Any]:
    """Move or resize a tile, and return it as it stands then. Raises NotFound, Invalid."""
    if not changes:
        raise Invalid("Give at least one of x, y, width and height.")
    with transaction.atomic():
        dashboard = _locked(project_id, dashboard_id)
        before = _told(dashboard)
        tile = find_tile(dashboard, placement_id)
        _check_bounds(changes)
        moved = {**tile, **changes}
        dashboard.placements = [moved if one is tile else one for one in dashboard.placements]
        _save(dashboard, author, "update", before)
    return moved


def displace(project_id: str, dashboard_id: str, placement_id: str, author: Author) -> None:
    """Take a tile off; its widget stays. Raises NotFound."""
    with transaction.atomic():
        dashboard = _locked(project_id, dashboard_id)
        before = _told(dashboard)
        tile = find_tile(dashboard, placement_id)
        dashboard.placements = [one for one in dashboard.placements if one is not tile]
        _save(dashboard, author, "update", before)


def own(project_id: str, dashboard_id: str) -> Dashboard:
    """The project's dashboard of that id. Raises NotFound."""
    return find(Dashboard.objects.filter(project_id=project_id), dashboard_id, MISSING)


def find_tile(dashboard: Dashboard, placement_id: str) -> dict[str, Any]:
    """The tile itself, as it stands in the list. Raises NotFound."""
    tiles: list[dict[str, Any]] = dashboard.placements
    for tile in tiles:
        if tile["id"] == placement_id:
            return tile
    raise NotFound("Dashboard placement not found")


def _set(dashboard: Dashboard, changes: Mapping[str, Any]) -> None:
    if "name" in changes:
        dashboard.name = check_name(changes["name"])
    if "description" in changes:
        dashboard.description = check_text(changes["description"], "description", MAX_DESCRIPTION)
    if "filters" in changes:
        check_filters(changes["filters"])
        dashboard.filters = list(changes["filters"])
    if "placements" in changes:
        tiles: list[dict[str, Any]] = []
        for placement in changes["placements"]:
            tiles.append(_tile(placement, tiles))
        ids = [tile["id"] for tile in tiles]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise Invalid(f"definition.widgets: the id {twice!r} stands there twice.", "definition.widgets")
        _require_widgets(dashboard.project_id, tiles)
        dashboard.placements = _bounded(tiles)


def _tile(placement: Placement, others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if placement.type not in CONTENT:
        raise Invalid(f"type must be one of {', '.join(CONTENT)}.", "type")
    for field, text in (("id", placement.id), (CONTENT[placement.type], placement.content_id)):
        if text is not None and (not 1 <= len(text) <= MAX_ID or "\0" in text):
            raise Invalid(f"{field} must have 1 to {MAX_ID} characters and no NUL.", field)
    below = max((tile["y"] + tile["height"] for tile in others), default=0)
    cells = {
        "x": 0 if placement.x is None else placement.x,
        "y": min(below, MOST_ROWS) if placement.y is None else placement.y,
        "width": SIDE if placement.width is None else placement.width,
        "height": SIDE if placement.height is None else placement.height,
    }
    _check_bounds(cells)
    content = {CONTENT[placement.type]: placement.content_id}
    return {"type": placement.type, "id": placement.id or new_id(), **content, **cells}


def _check_bounds(cells: Mapping[str, int]) -> None:
    for name, value in cells.items():
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise Invalid(f"{name} must be between {low} and {high}.", name)


def _bounded(tiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(tiles) > MOST_PLACEMENTS:
        raise Invalid(f"A dashboard holds at most {MOST_PLACEMENTS} placements.", "definition.widgets")
    return tiles


def _require_widgets(project_id: str, tiles: Sequence[Mapping[str, Any]]) -> None:
    """Locks them: none of them is deleted before the dashboard is stored."""
    wanted = {tile["widgetId"] for tile in tiles if tile["type"] == "widget"}
    rows = Widget.objects.select_for_update(no_key=True).filter(project_id=project_id, pk__in=wanted).order_by("pk")
    missing = wanted - set(rows.values_list("pk", flat=True))
    if missing:
        raise NotFound(f"Dashboard widget not found: {', '.join(sorted(missing))}.")


def _save(dashboard: Dashboard, author: Author, action: str, before: Mapping[str, Any] | None) -> Dashboard:
    dashboard.updated_at = timezone.now()
    dashboard.save()
    author.record(
        action, "dashboard", dashboard.pk, project=dashboard.project_id, before=before, after=_told(dashboard)
    )
    return dashboard


def _locked(project_id: str, dashboard_id: str) -> Dashboard:
    return find(Dashboard.objects.select_for_update().filter(project_id=project_id), dashboard_id, MISSING)


def _told(dashboard: Dashboard) -> dict[str, Any]:
    return {field: getattr(dashboard, field) for field in ("name", "description", "placements", "filters")}
