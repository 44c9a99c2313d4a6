"""Lists in a real browser: saved views, following live, many rows into a dataset."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def send(window: Window, *bodies: dict[str, Any]) -> None:
    """Traces, as the second generation of SDKs sends them."""
    now = datetime.now(UTC)
    batch = [
        {
            "id": f"{body['id']}-{now.timestamp()}-{number}",
            "type": "trace-create",
            "timestamp": now.isoformat(),
            "body": {"timestamp": now.isoformat(), **body},
        }
        for number, body in enumerate(bodies)
    ]
    with window.server.http as http:
        answer = http.post("/ingestion", json={"batch": batch})
    assert answer.status_code == 207 and not answer.json()["errors"], answer.text


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody a.row-link").all_inner_texts()]


def save_view(page: Page, name: str, *boxes: str) -> None:
    page.locator(".views > summary").click()
    page.get_by_role("button", name="Save as a new view").click()
    dialog = page.get_by_role("dialog", name="Save as a new view")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill(name)
    for box in boxes:
        dialog.get_by_label(box).check()
    dialog.get_by_label("Name").press("Enter")
    page.wait_for_url(re.compile(r"[?&]view=\w+"))


def test_a_view_keeps_filters_order_and_columns(window: Window) -> None:
    page = window.open("traces?name=experiment&order=latency.asc")
    page.locator("summary").filter(has_text="Columns").click()
    page.locator("[data-column-toggle][value=output]").uncheck()
    save_view(page, "Slow experiments", "Shared with everybody in the project")
    address = page.url
    for part in ("name=experiment", "order=latency.asc", "hide=output", "hide=release", "hide=version"):
        assert part in address
    expect(page.locator(".views > summary")).to_contain_text("Slow experiments")
    # Whoever opens it has these columns, whatever their browser remembers.
    window.page.evaluate("localStorage.clear()")
    view = re.search(r"view=(\w+)", address)
    assert view
    page = window.open(f"traces?view={view[1]}")
    assert page.url == address
    expect(page.locator("th[data-column=output]")).to_be_hidden()
    expect(page.locator("th[data-column=input]")).to_be_visible()
    # Other columns are in the address at once, and stay when something else changes; the view can be changed to them.
    page.locator("summary").filter(has_text="Columns").click()
    page.locator("[data-column-toggle][value=output]").check()
    page.locator("[data-column-toggle][value=input]").uncheck()
    assert "hide=input" in page.url and "hide=output" not in page.url
    page.keyboard.press("Escape")
    page.locator("th[data-column=name] a").click()
    page.wait_for_url("**order=name**")
    expect(page.locator("th[data-column=input]")).to_be_hidden()
    expect(page.locator("th[data-column=output]")).to_be_visible()
    page.locator(".views > summary").click()
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_load_state()
    page = window.open(f"traces?view={view[1]}")
    assert "order=name.desc" in page.url and "hide=input" in page.url
    # Rename, and delete.
    page.locator(".views > summary").click()
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename the view")
    dialog.get_by_label("Name").fill("Experiments")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".views > summary")).to_contain_text("Experiments")
    page.once("dialog", lambda question: question.accept())
    page.locator(".views > summary").click()
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/traces?view=")
    assert len(names(page)) > 10


def test_the_first_view_opens_and_a_link_leads_out_of_it(window: Window) -> None:
    page = window.open("observations?type=GENERATION")
    save_view(page, "Calls", "Opens first: what the list shows when it is opened")
    page = window.open("observations")
    assert "type=GENERATION" in page.url
    page.get_by_role("link", name="Clear all").click()
    page.wait_for_url("**/observations?view=")
    page.locator(".views > summary").click()
    page.get_by_role("navigation", name="Saved views").get_by_role("link", name=re.compile("Calls")).click()
    page.wait_for_url("**type=GENERATION**")


def test_new_rows_come_by_themselves_and_nothing_else_moves(window: Window) -> None:
    page = window.open("traces")
    page.get_by_role("switch", name="Live").press("Space")
    page.wait_for_url("**live=1**")
    switch = page.get_by_role("switch", name="Live")
    expect(switch).to_have_attribute("aria-checked", "true")
    second = page.locator("tbody tr").nth(1)
    chosen = second.get_attribute("data-id")
    second.locator("[data-check]").check()
    page.evaluate("window.marked = document.querySelectorAll('tbody tr')[2]")
    send(window, {"id": "live-1", "name": "arrived"})
    expect(page.locator("tbody tr").first).to_contain_text("arrived")
    expect(page.locator("[data-tail-told]")).to_have_text("1 new")
    expect(page.locator(f"tbody tr[data-id='{chosen}'] [data-check]")).to_be_checked()
    expect(page.locator(".bulk")).to_be_visible()
    assert page.evaluate("window.marked.isConnected && window.marked === document.querySelectorAll('tbody tr')[3]")
    expect(page.locator("tbody tr").first.locator("[data-column=release]")).to_be_hidden()
    # A row that changes is put in its own place, chosen as it was; one of an earlier time goes where it belongs.
    page.locator("tbody tr").first.locator("[data-check]").check()
    send(window, {"id": "live-1", "output": "said now"})
    expect(page.locator("tbody tr").first).to_contain_text("said now")
    expect(page.locator("tbody tr").first.locator("[data-check]")).to_be_checked()
    earlier = datetime.now(UTC) - timedelta(hours=1)
    send(window, {"id": "live-0", "name": "late", "timestamp": earlier.isoformat()}, {"id": "live-2", "name": "newest"})
    expect(page.locator("tbody tr").first).to_contain_text("newest")
    expect(page.locator("[data-tail-told]")).to_have_text(re.compile("[23] new"))
    assert names(page)[:2] == ["newest", "arrived"]


def test_following_rests_while_nobody_looks_and_ends_by_itself(window: Window) -> None:
    page = window.page
    page.clock.install()
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url) if "since=" in request.url else None)
    window.open("traces?live=1")
    with page.expect_request("**since=**"):
        page.clock.run_for(3100)
    assert len(polls) == 1
    hide = (
        "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.evaluate(hide % "true")
    page.clock.run_for(30_000)
    page.wait_for_timeout(200)
    resting = len(polls)
    assert resting <= 2
    with page.expect_request("**since=**"):
        page.evaluate(hide % "false")
    assert len(polls) == resting + 1
    page.clock.fast_forward(16 * 60 * 1000)
    expect(page.get_by_role("switch", name="Live")).to_have_attribute("aria-checked", "false")
    expect(page.locator("[data-tail-told]")).to_contain_text("Stopped")
    assert "live=1" not in page.url
    ended = len(polls)
    page.clock.run_for(30_000)
    page.wait_for_timeout(200)
    assert len(polls) == ended


def test_an_empty_list_fills_when_something_comes(window: Window) -> None:
    page = window.open("traces?live=1&name=not-there-yet")
    expect(page.get_by_text("No trace matches these filters.")).to_be_visible()
    send(window, {"id": "first-of-its-name", "name": "not-there-yet"})
    expect(page.locator("tbody tr")).to_have_count(1)


def test_chosen_traces_go_into_a_new_dataset(window: Window) -> None:
    page = window.open("traces?name=experiment")
    for number in (0, 1, 2):
        page.locator("tbody [data-check]").nth(number).check()
    page.get_by_role("button", name="Add to dataset").click()
    dialog = page.get_by_role("dialog", name="Add to dataset")
    expect(dialog.locator("#add-preview tbody tr")).to_have_count(3)
    dialog.get_by_label("Dataset", exact=True).select_option("")
    dialog.get_by_label("Name of the new dataset").fill("From traces")
    before = dialog.locator("#add-preview").inner_text()
    dialog.get_by_label("Expected output", exact=True).select_option("")
    expect(dialog.locator("#add-preview")).not_to_have_text(before)
    expect(dialog.get_by_label("Name of the new dataset")).to_have_value("From traces")
    dialog.get_by_role("button", name="Add 3 items").click()
    expect(dialog).to_contain_text("3 items added to “From traces”.")
    dialog.get_by_role("link", name="Open the dataset").click()
    page.wait_for_url("**/datasets/*")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tbody tr").first.get_by_role("link", name="trace").click()
    page.wait_for_url("**/traces/*")


def test_chosen_observations_go_into_a_dataset_by_keyboard(window: Window) -> None:
    page = window.open("observations?type=GENERATION")
    page.get_by_label("Choose all").press("Space")
    expect(page.locator("[data-chosen-count]").first).not_to_have_text("0")
    page.get_by_role("button", name="Add to dataset").press("Enter")
    dialog = page.get_by_role("dialog", name="Add to dataset")
    button = dialog.get_by_role("button", name=re.compile(r"Add \d+ items"))
    expect(button).to_be_visible()
    button.press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("added to “")
