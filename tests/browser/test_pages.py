"""Every page, wide and narrow: nothing sticks out, and the browser complains of nothing."""

import pytest
from playwright.sync_api import Page, expect

from promptlab.demo.wire import Wire
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PAGES = (
    "", "traces", "traces?name=nobody", "observations", "sessions", "users", "scores", "prompts", "prompts/test_2",
    "datasets", "datasets/-/new", "experiments", "annotation", "annotation/-/new", "judge-trust?score=exact_match",
    "settings", "settings/keys", "settings/members",
    "admin/tracing/scoreconfig/", "admin/tracing/scoreconfig/add/", "admin/llm/modeldefinition/",
    "admin/llm/modeldefinition/add/",
)  # fmt: skip
# Lists, and what is opened from their first rows.
INSIDE = ("traces?name=experiment", "sessions", "datasets", "experiments")
STICKS_OUT = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > width + 1)
        .slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
}"""


def _addresses(window: Window) -> list[str]:
    found = list(PAGES)
    for path in INSIDE:
        page = window.open(path)
        href = page.locator("a.row-link").first.get_attribute("href")
        assert href
        inner = href.removeprefix(window.root.removeprefix(window.server.url)).lstrip("/")
        found.append(inner)
        if inner.startswith("traces/"):
            found += [f"{inner}?tab={tab}" for tab in ("scores", "annotate", "raw")] + [f"{inner}?view=timeline"]
        if path == "datasets":
            found += [f"{inner}/runs", f"{inner}/-/import", f"{inner}/-/item", f"{inner}/-/edit"]
    return found


def _look(page: Page) -> list[str]:
    page.wait_for_function("() => !document.querySelector('[hx-trigger=load]')")  # fragments have come
    return [f"{page.url}: {one}" for one in page.evaluate(STICKS_OUT)]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_and_nothing_fails(window: Window, width: int) -> None:
    window.page.set_viewport_size({"width": width, "height": 800})
    beyond: list[str] = []
    for address in _addresses(window):
        beyond += _look(window.open(address))
    window.page.goto(f"{window.server.url}/account")
    beyond += _look(window.page)
    window.page.goto(f"{window.server.url}/projects")
    beyond += _look(window.page)
    assert beyond == []


@pytest.mark.parametrize("width", [1280, 390])
def test_words_without_an_end_are_broken(window: Window, width: int) -> None:
    """Names and ids that clients send, descriptions with long links in them."""
    page, word, at = window.page, "W" * 200, {"timestamp": "2026-11-01T00:00:00Z"}
    trace = {"id": "long", "name": word, "userId": word, "sessionId": word, "tags": [word], **at}
    span = {"id": "inside", "traceId": "long", "name": word, "statusMessage": word, "model": word, "level": "ERROR"}
    wire = Wire(window.server.url, window.server.public_key, window.server.secret_key)
    wire.ingest([
        {"id": f"long-{kind}", "type": kind, "body": body, **at}
        for kind, body in (("trace-create", trace), ("generation-create", span))
    ])  # fmt: skip
    dataset = wire.post("v2/datasets", {"name": word, "description": f"https://example.org/{word}"})["id"]
    dashboard = wire.post("unstable/dashboards", {"name": word, "description": word})["id"]
    page.set_viewport_size({"width": width, "height": 800})
    beyond: list[str] = []
    for path in ("traces/long", "traces/long?observation=inside", f"sessions/{word}"):
        beyond += _look(window.open(path))
    for path in (f"datasets/{dataset}", f"dashboards/{dashboard}"):
        beyond += _look(window.open(path))
    assert beyond == []


@pytest.mark.parametrize("path", ["traces", "admin/tracing/scoreconfig/"])
def test_the_menu_of_a_narrow_screen_opens_and_closes(window: Window, path: str) -> None:
    page = window.page
    page.set_viewport_size({"width": 390, "height": 800})
    window.open(path)
    menu = page.locator("#sidebar")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(menu).to_be_visible()
    page.mouse.click(370, 600)
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Datasets").click()
    page.wait_for_url("**/datasets")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_opens_stays_on_the_screen(window: Window, width: int) -> None:
    page = window.page
    page.set_viewport_size({"width": width, "height": 800})
    window.open("traces")
    for name in ("Filter", "Columns"):
        page.locator("summary").filter(has_text=name).click()
        box = page.locator("details[open] > .panel").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        page.locator("h1").click()
