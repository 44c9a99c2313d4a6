"""Dashboards as people see and make them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.conftest import Api, Keys
from tests.tracing.dashboards.test_api import DASHBOARDS, WIDGET, dashboard, widget
from tracing.models.dashboards import Dashboard, Widget

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
COUNT = {"dimensions": [], "filters": [], "metrics": [{"measure": "count", "agg": "count"}], "chartType": "NUMBER"}
NEW = {"do": "create", "name": "Calls", "view": "observations", "measure": "count", "aggregation": "count"}


@pytest.fixture
def calls(api: Api) -> None:
    """Two models, called three times within the last minutes."""
    now = timezone.now().isoformat()
    batch = [
        {
            "id": f"e{n}",
            "type": "generation-create",
            "timestamp": now,
            "body": {"id": f"g{n}", "traceId": "t", "model": model, "startTime": now, "endTime": now},
        }
        for n, model in enumerate(("big", "big", "<small>"))
    ]
    assert not api.post("ingestion", {"batch": batch}).json()["errors"]


def board(api: Api, **change: Any) -> tuple[str, str]:
    """A dashboard with one widget: its path and that of the tile."""
    made = dashboard(api, filters=change.pop("board_filters", []))
    tile = {"type": "widget", "widgetId": widget(api, **change)["id"], "id": "a/b"}
    assert api.post(f"{DASHBOARDS}/{made['id']}/placements", tile).status_code == 200
    return f"dashboards/{made['id']}", f"dashboards/{made['id']}/tiles/a/b"


def read(client: Client, keys: Keys, path: str, status: int = 200) -> str:
    answer = client.get(f"/project/{keys.id}/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def test_a_dashboard_is_listed_and_loads_its_tiles_one_by_one(
    api: Api, project: Keys, vera: User, page_client: SignIn
) -> None:
    path, _tile = board(api)
    client = page_client(vera)
    assert f'href="/project/{project.id}/{path}">Overview' in read(client, project, "dashboards")
    html = read(client, project, f"{path}?range=24h")
    assert "Cost by model" in html
    assert f'hx-get="/project/{project.id}/{path}/tiles/a/b?range=24h"' in html
    assert "displace" not in html, "a viewer changes nothing"


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"chartType": "NUMBER", "dimensions": []}, '<a class="big-number"'),
        ({"chartType": "PIE"}, "&lt;small&gt;"),
        ({"chartType": "HORIZONTAL_BAR"}, "<meter"),
        ({"chartType": "VERTICAL_BAR"}, '"data": [2.0, 1.0]'),
        ({"chartType": "BAR_TIME_SERIES"}, '"stacked": true'),
        ({"chartType": "LINE_TIME_SERIES"}, '"kind": "line"'),
        ({"chartType": "AREA_TIME_SERIES", "dimensions": []}, '"filled": true'),
        ({"chartType": "PIVOT_TABLE"}, '<td class="number">2'),
        ({"chartType": "HISTOGRAM", "dimensions": [], "metrics": [{"measure": "latency", "agg": "histogram"}]}, '"n"'),
    ],
)
def test_every_kind_of_chart_is_drawn(
    api: Api, project: Keys, vera: User, page_client: SignIn, change: dict[str, Any], seen: str
) -> None:
    _path, tile = board(api, **{**WIDGET, "filters": [], "metrics": COUNT["metrics"]} | change)
    html = read(page_client(vera), project, tile)
    assert seen in html
    assert "<small>" not in html


def test_nothing_in_the_range_says_so(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    _path, tile = board(api)
    assert "Nothing in this range." in read(page_client(vera), project, tile)


@pytest.mark.usefixtures("calls")
def test_filters_of_the_dashboard_count_for_its_tiles(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    of_big = {"type": "stringOptions", "column": "model", "operator": "any of", "value": ["big"]}
    _path, tile = board(api, **COUNT, board_filters=[of_big])
    assert ">2" in read(page_client(vera), project, tile).replace("\n", "")
    _path, scores = board(api, **COUNT, view="scores-numeric", board_filters=[of_big])
    assert "notice warn" in read(page_client(vera), project, scores)


def test_a_member_makes_a_dashboard_with_a_widget_and_takes_it_apart(
    api: Api, project: Keys, bob: User, page_client: SignIn
) -> None:
    client, root = page_client(bob), f"/project/{project.id}/dashboards"
    made = client.post(root, {"name": "Mine", "description": "d"})
    page = made.headers["Location"]
    assert client.post(f"{page}/add", NEW | {"chart": "NUMBER", "dimension": ""}).headers["Location"] == page
    (tile,) = Dashboard.objects.get().placements
    refused = client.post(f"{page}/add", {"do": "delete", "widget": tile["widgetId"]})
    assert refused.status_code == 422
    assert "placed on Mine" in refused.content.decode()
    assert client.post(f"{page}/add", {"do": "place", "widget": tile["widgetId"]}).status_code == 302
    for placed in Dashboard.objects.get().placements:
        assert client.post(page, {"do": "displace", "tile": placed["id"]}).status_code == 302
    assert client.post(f"{page}/add", {"do": "delete", "widget": tile["widgetId"]}).status_code == 302
    assert client.post(page, {"do": "rename", "name": "Ours", "description": ""}).status_code == 302
    assert Dashboard.objects.get().name == "Ours"
    assert client.post(page, {"do": "delete"}).headers["Location"] == root
    assert not Dashboard.objects.exists()
    assert not Widget.objects.exists()
    assert set(AuditEntry.objects.filter(user=bob).values_list("subject_type", flat=True)) == {"dashboard", "widget"}


def test_what_is_refused_stays_in_the_form(api: Api, project: Keys, bob: User, page_client: SignIn) -> None:
    path, _tile = board(api)
    client = page_client(bob)
    answer = client.post(f"/project/{project.id}/{path}/add", NEW | {"measure": "value", "chart": "PIE"})
    assert answer.status_code == 422
    assert 'value="Calls"' in answer.content.decode()
    assert "knows no" in answer.content.decode()
    assert client.post(f"/project/{project.id}/dashboards", {"name": " "}).status_code == 422
    assert client.post(f"/project/{project.id}/{path}", {"do": "rename", "name": ""}).status_code == 422


@pytest.mark.parametrize("do", ["", "place", "\0"])
def test_nonsense_is_not_found(api: Api, project: Keys, bob: User, page_client: SignIn, do: str) -> None:
    path, _tile = board(api)
    client = page_client(bob)
    assert client.post(f"/project/{project.id}/{path}/add", {"do": do, "widget": "none"}).status_code == 404
    assert client.post(f"/project/{project.id}/{path}", {"do": do}).status_code == 404
    assert client.get(f"/project/{project.id}/{path}/tiles/none").status_code == 404


def test_viewers_and_strangers_change_nothing(
    api: Api, project: Keys, vera: User, mallory: User, page_client: SignIn
) -> None:
    path, tile = board(api)
    for do in ("rename", "delete", "displace"):
        assert page_client(vera).post(f"/project/{project.id}/{path}", {"do": do}).status_code == 403
    assert page_client(vera).get(f"/project/{project.id}/{path}/add").status_code == 403
    for address in (path, tile, f"{path}/add", "dashboards"):
        read(page_client(mallory), project, address, 404)


def test_more_tiles_ask_no_more_of_the_page(
    api: Api, project: Keys, vera: User, page_client: SignIn, django_assert_max_num_queries: Any
) -> None:
    path, _tile = board(api)
    for n in range(8):
        tile = {"type": "widget", "widgetId": widget(api, name=str(n))["id"]}
        api.post(f"{path.replace('dashboards', DASHBOARDS)}/placements", tile)
    client = page_client(vera)
    read(client, project, path)
    with django_assert_max_num_queries(8):
        read(client, project, path)
