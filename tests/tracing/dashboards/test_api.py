"""`/unstable/dashboards` and `/unstable/dashboard-widgets`."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from tests.conftest import Api
from tests.contract import check, check_list

pytestmark = pytest.mark.django_db
WIDGETS, DASHBOARDS = "unstable/dashboard-widgets", "unstable/dashboards"
WIDGET: dict[str, Any] = {
    "name": "Cost by model",
    "view": "observations",
    "dimensions": [{"field": "providedModelName"}],
    "metrics": [{"measure": "totalCost", "agg": "sum"}],
    "filters": [{"column": "environment", "operator": "any of", "type": "stringOptions", "value": ["production"]}],
    "chartType": "VERTICAL_BAR",
}


def widget(api: Api, **change: Any) -> dict[str, Any]:
    made = api.post(WIDGETS, WIDGET | change)
    assert made.status_code == 200, made.content
    return made.json()


def dashboard(api: Api, **change: Any) -> dict[str, Any]:
    made = api.post(DASHBOARDS, {"name": "Overview"} | change)
    assert made.status_code == 200, made.content
    return made.json()


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    check(answer.json(), "unstablePublicApiError")
    assert answer.json()["code"] == code
    return answer.json()


def path_of(answer: Any) -> str:
    return ".".join(map(str, refused(answer, 400, "invalid_body")["details"]["issues"][0]["path"]))


# --- Widgets ----------------------------------------------------------------------------------------------------------


def test_a_widget_is_made_read_changed_and_deleted(api: Api) -> None:
    made = widget(api)
    check(made, "unstableDashboardWidget")
    assert made["chartConfig"] == {"type": "VERTICAL_BAR"}
    assert made["description"] == ""
    assert {key: made[key] for key in WIDGET} == WIDGET
    address = f"{WIDGETS}/{made['id']}"
    assert api.get(address).json() == made
    changed = api.patch(address, {"name": "Dear models", "description": None, "filters": []}).json()
    check(changed, "unstableDashboardWidget")
    assert (changed["name"], changed["filters"], changed["metrics"]) == ("Dear models", [], WIDGET["metrics"])
    deleted = api.delete(address)
    check(deleted.json(), "unstableDeleteDashboardWidgetResponse")
    refused(api.get(address), 404, "resource_not_found")
    actions = AuditEntry.objects.filter(subject_type="widget").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["create", "update", "delete"]


def test_widgets_are_listed_by_their_last_change(api: Api) -> None:
    ids = [widget(api, name=str(n))["id"] for n in range(3)]
    api.patch(f"{WIDGETS}/{ids[0]}", {"name": "changed"})
    listed = api.get(WIDGETS, limit=2).json()
    check(listed, "unstableDashboardWidgetList")
    check_list(listed, "unstableDashboardWidget")
    assert [row["id"] for row in listed["data"]] == [ids[0], ids[2]]
    assert listed["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    refused(api.get(WIDGETS, limit="many"), 400, "invalid_query")


def test_a_new_chart_type_brings_its_plain_config(api: Api) -> None:
    made = widget(api, chartConfig={"row_limit": 5, "show_value_labels": True})
    assert made["chartConfig"] == {"type": "VERTICAL_BAR", "row_limit": 5, "show_value_labels": True}
    address = f"{WIDGETS}/{made['id']}"
    assert api.patch(address, {"name": "x"}).json()["chartConfig"] == made["chartConfig"]
    assert api.patch(address, {"chartType": "PIE"}).json()["chartConfig"] == {"type": "PIE"}
    sort = {"column": "sum_totalCost", "order": "DESC"}
    pivot = api.patch(address, {"chartType": "PIVOT_TABLE", "chartConfig": {"defaultSort": sort}}).json()
    check(pivot, "unstableDashboardWidget")
    assert pivot["chartConfig"] == {"type": "PIVOT_TABLE", "defaultSort": sort}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": 5}, "name"),
        ({"description": "a\0"}, "description"),
        ({"view": "traces"}, "view"),
        ({"view": None}, "view"),
        ({"metrics": []}, "metrics"),
        ({"metrics": [{"measure": "beauty", "agg": "sum"}]}, "metrics"),
        ({"metrics": [{"measure": "totalCost", "agg": "median"}]}, "metrics"),
        ({"metrics": [{"measure": "totalCost", "agg": "histogram"}]}, "metrics"),
        ({"metrics": [{"measure": "totalCost"}]}, "metrics.0"),
        ({"dimensions": [{"field": "colour"}]}, "dimensions"),
        ({"dimensions": [{"field": "name"}] * 11}, "dimensions"),
        ({"filters": ["x"]}, "filters.0"),
        ({"filters": [{"column": "name", "operator": "~", "type": "string", "value": "x"}]}, "filters.0.operator"),
        ({"filters": [{"column": "name", "operator": "=", "type": "string", "value": "a\0"}]}, "filters.0"),
        ({"filters": [{"column": "latency", "operator": "=", "type": "number", "value": 1e300}]}, "filters.0.value"),
        ({"filters": "all"}, "filters"),
        ({"chartType": "DONUT"}, "chartType"),
        ({"chartType": "HISTOGRAM"}, "metrics"),
        ({"chartConfig": {"type": "PIE"}}, "chartConfig.type"),
        ({"chartConfig": {"row_limit": 0}}, "chartConfig.row_limit"),
        ({"chartConfig": {"bins": 10**6}}, "chartConfig.bins"),
    ],
)
def test_bad_widgets_are_refused_by_the_name_of_the_field(api: Api, change: dict[str, Any], path: str) -> None:
    answer = api.post(WIDGETS, WIDGET | change)
    assert path_of(answer) == path
    assert api.get(WIDGETS).json()["data"] == []


def test_a_filter_on_a_column_that_the_view_has_not_is_refused(api: Api) -> None:
    unknown = {"column": "colour", "operator": "=", "type": "string", "value": "red"}
    assert api.post(WIDGETS, WIDGET | {"filters": [unknown]}).status_code == 400


@pytest.mark.parametrize("view", ["observations", "scores-numeric", "scores-boolean", "scores-categorical"])
def test_every_view_has_widgets(api: Api, view: str) -> None:
    plain = {"dimensions": [], "metrics": [{"measure": "count", "agg": "count"}], "filters": []}
    assert widget(api, view=view, **plain)["view"] == view


def test_a_histogram_is_one_metric(api: Api) -> None:
    metrics = [{"measure": "latency", "agg": "histogram"}]
    made = widget(api, chartType="HISTOGRAM", metrics=metrics, dimensions=[], chartConfig={"bins": 20})
    assert made["chartConfig"] == {"type": "HISTOGRAM", "bins": 20}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_bodies_that_are_no_widget_are_refused(api: Api, body: bytes) -> None:
    refused(api._call("POST", WIDGETS, body), 400, "invalid_body")
    refused(api._call("POST", DASHBOARDS, body), 400, "invalid_body")


# --- Dashboards -------------------------------------------------------------------------------------------------------


def test_a_dashboard_is_made_read_changed_and_deleted(api: Api) -> None:
    made = dashboard(api)
    check(made, "unstableDashboard")
    assert (made["description"], made["definition"], made["filters"]) == ("", {"widgets": []}, [])
    address = f"{DASHBOARDS}/{made['id']}"
    assert api.get(address).json() == made
    changed = api.patch(address, {"description": "of all", "filters": WIDGET["filters"]}).json()
    check(changed, "unstableDashboard")
    assert (changed["name"], changed["description"], changed["filters"]) == ("Overview", "of all", WIDGET["filters"])
    check(api.delete(address).json(), "unstableDeleteDashboardResponse")
    refused(api.get(address), 404, "resource_not_found")
    refused(api.delete(address), 404, "resource_not_found")


def test_dashboards_are_listed_by_their_last_change(api: Api) -> None:
    ids = [dashboard(api)["id"] for _ in range(3)]
    api.patch(f"{DASHBOARDS}/{ids[1]}", {"name": "changed"})
    listed = api.get(DASHBOARDS).json()
    check(listed, "unstableDashboardList")
    check_list(listed, "unstableDashboard")
    assert [row["id"] for row in listed["data"]] == [ids[1], ids[2], ids[0]]


def test_tiles_are_added_below_each_other_moved_and_taken_off(api: Api) -> None:
    shown, board = widget(api), dashboard(api)
    address = f"{DASHBOARDS}/{board['id']}/placements"
    first = api.post(address, {"type": "widget", "widgetId": shown["id"]}).json()
    check(first, "unstableDashboardPlacement")
    assert {name: first[name] for name in ("x", "y", "width", "height")} == {"x": 0, "y": 0, "width": 6, "height": 6}
    second = api.post(address, {"type": "preset", "presetId": "latency", "id": "mine", "width": 12}).json()
    check(second, "unstableDashboardPlacement")
    assert (second["id"], second["y"], second["width"]) == ("mine", 6, 12)
    moved = api.patch(f"{address}/mine", {"x": 2, "y": None, "height": 3}).json()
    check(moved, "unstableDashboardPlacement")
    assert moved == second | {"x": 2, "height": 3}
    assert api.get(f"{DASHBOARDS}/{board['id']}").json()["definition"] == {"widgets": [first, moved]}
    check(api.delete(f"{address}/{first['id']}").json(), "unstableDeleteDashboardPlacementResponse")
    assert api.get(f"{DASHBOARDS}/{board['id']}").json()["definition"] == {"widgets": [moved]}
    refused(api.delete(f"{address}/{first['id']}"), 404, "resource_not_found")


def test_an_id_that_is_taken_is_a_conflict(api: Api) -> None:
    address = f"{DASHBOARDS}/{dashboard(api)['id']}/placements"
    tile = {"type": "preset", "presetId": "p", "id": "a"}
    assert api.post(address, tile).status_code == 200
    refused(api.post(address, tile), 409, "conflict")


def test_a_placed_widget_cannot_be_deleted(api: Api) -> None:
    shown = widget(api)
    tile = {"type": "widget", "widgetId": shown["id"], "id": "a", "x": 0, "y": 0, "width": 6, "height": 6}
    board = dashboard(api, definition={"widgets": [tile]})
    assert "Overview" in refused(api.delete(f"{WIDGETS}/{shown['id']}"), 409, "conflict")["message"]
    api.patch(f"{DASHBOARDS}/{board['id']}", {"definition": {"widgets": []}})
    assert api.delete(f"{WIDGETS}/{shown['id']}").status_code == 200


def test_widgets_that_are_not_there_or_not_ours_cannot_be_placed(api: Api, other_api: Api) -> None:
    theirs = widget(other_api)["id"]
    address = f"{DASHBOARDS}/{dashboard(api)['id']}"
    for missing in ("nowhere", theirs):
        tile = {"type": "widget", "widgetId": missing, "id": "a", "x": 0, "y": 0, "width": 6, "height": 6}
        refused(api.post(f"{address}/placements", tile), 404, "resource_not_found")
        refused(api.patch(address, {"definition": {"widgets": [tile]}}), 404, "resource_not_found")


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        ({"type": "photo"}, "type"),
        ({"type": "widget"}, "widgetId"),
        ({"type": "preset"}, "presetId"),
        ({"type": "preset", "presetId": ""}, "presetId"),
        ({"type": "preset", "presetId": "a\0"}, "presetId"),
        ({"type": "preset", "presetId": "a", "id": "x" * 201}, "id"),
        ({"type": "preset", "presetId": "a", "x": 12}, "x"),
        ({"type": "preset", "presetId": "a", "x": -1}, "x"),
        ({"type": "preset", "presetId": "a", "y": 10**15}, "y"),
        ({"type": "preset", "presetId": "a", "width": 13}, "width"),
        ({"type": "preset", "presetId": "a", "height": 0}, "height"),
        ({"type": "preset", "presetId": "a", "height": 1.5}, "height"),
    ],
)
def test_bad_tiles_are_refused_by_the_name_of_the_field(api: Api, tile: dict[str, Any], path: str) -> None:
    assert path_of(api.post(f"{DASHBOARDS}/{dashboard(api)['id']}/placements", tile)) == path


def test_a_move_must_say_where_to(api: Api) -> None:
    address = f"{DASHBOARDS}/{dashboard(api)['id']}/placements"
    api.post(address, {"type": "preset", "presetId": "a", "id": "a"})
    assert api.patch(f"{address}/a", {}).status_code == 400
    assert path_of(api.patch(f"{address}/a", {"width": 99})) == "width"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, "name"),
        ({"definition": {"widgets": [{"type": "photo"}]}}, "definition.widgets.0.type"),
        ({"definition": {}}, "definition.widgets"),
        ({"filters": [{"column": "x"}]}, "filters.0.type"),
    ],
)
def test_bad_dashboards_are_refused_by_the_name_of_the_field(api: Api, change: dict[str, Any], path: str) -> None:
    found = path_of(api.post(DASHBOARDS, {"name": "x"} | change))
    assert path.startswith(found)


def test_a_definition_names_each_tile_once(api: Api) -> None:
    tile = {"type": "preset", "presetId": "p", "id": "a"}
    assert api.post(DASHBOARDS, {"name": "x", "definition": {"widgets": [tile, tile]}}).status_code == 400


def test_strangers_find_nothing(api: Api, other_api: Api) -> None:
    board, shown = dashboard(api)["id"], widget(api)["id"]
    for address in (f"{DASHBOARDS}/{board}", f"{WIDGETS}/{shown}", f"{WIDGETS}/%00", f"{DASHBOARDS}/%00"):
        refused(other_api.get(address), 404, "resource_not_found")
        refused(other_api.delete(address), 404, "resource_not_found")
        refused(other_api.patch(address, {"name": "x"}), 404, "resource_not_found")
    assert other_api.get(DASHBOARDS).json()["data"] == other_api.get(WIDGETS).json()["data"] == []


def test_refusals_at_the_door_are_structured_too(api: Api, nobody_api: Api) -> None:
    refused(nobody_api.get(DASHBOARDS), 401, "authentication_failed")
    refused(api.put(DASHBOARDS, {}), 405, "method_not_allowed")
