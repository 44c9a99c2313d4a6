"""The desk in a real browser, by keys alone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from promptlab.demo.wire import Wire
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def queue_of(window: Window, n: int) -> dict[str, Any]:
    """A queue over new traces that asks four things."""
    wire = Wire(window.server.url, window.server.public_key, window.server.secret_key)
    tones = [{"label": label, "value": value} for value, label in enumerate("ab")]
    asked = (
        {"name": "correct", "dataType": "BOOLEAN"},
        {
            "name": "tone",
            "dataType": "CATEGORICAL",
            "categories": tones,
        },
        {"name": "quality", "dataType": "NUMERIC", "maxValue": 10},
        {"name": "remark", "dataType": "TEXT"},
    )
    configs = [wire.post("score-configs", config)["id"] for config in asked]
    queue = wire.post("annotation-queues", {"name": "Desk", "description": "Read well", "scoreConfigIds": configs})
    at = {"timestamp": "2026-11-01T00:00:00Z"}
    for i in range(n):
        body = {"id": f"desk-{i}", "input": f"question {i}", "output": f"answer {i}", **at}
        wire.ingest([{"id": f"desk-event-{i}", "type": "trace-create", "body": body, **at}])
        wire.post(f"annotation-queues/{queue['id']}/items", {"objectId": f"desk-{i}", "objectType": "TRACE"})
    return queue


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_person_works_at_the_desk_by_keys_alone(window: Window) -> None:
    queue = queue_of(window, 3)
    page = window.open(f"annotation/{queue['id']}/desk")
    item = page.locator(".desk-item")
    expect(item).to_contain_text("question 0")
    # Digits answer question after question; the number takes the digit itself; Enter saves and moves on.
    press(page, "1", "2", "7")
    expect(page.locator("[data-type=NUMERIC] input[name^=value]")).to_have_value("7")
    # Arrows lead into a text and out of a number; in a text keys are letters, until Escape.
    press(page, "ArrowDown")
    page.keyboard.type("us 1")
    expect(page.locator("[data-type=TEXT] textarea").first).to_have_value("us 1")
    press(page, "Escape", "ArrowUp", "9")
    expect(page.locator("[data-type=NUMERIC] input[name^=value]")).to_have_value("9")
    press(page, "Escape", "ArrowUp", "ArrowDown", "7", "Enter")
    expect(item).to_contain_text("question 1")
    expect(page.locator(".desk-count")).to_contain_text("2 left for you")
    # A draft is there again after a reload.
    with page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        press(page, "2")
    assert kept.value.status == 204
    page.reload()
    expect(item).to_contain_text("question 1")
    expect(page.locator("input[data-key='2']").first).to_be_checked()
    # Back to the one before, another answer, forward again.
    press(page, "u")
    expect(item).to_contain_text("question 0")
    expect(page.locator("[data-field]").first.locator("input[data-key='1']")).to_be_checked()
    press(page, "2", "Enter")
    expect(item).to_contain_text("question 1")
    # Skipping asks why.
    press(page, "s")
    page.keyboard.type("cut off")
    press(page, "Enter")
    expect(item).to_contain_text("question 2")
    press(page, "1", "1", "3", "Enter")
    expect(page.locator("#desk")).to_contain_text("Nothing is left for you")
    page = window.open(f"annotation/{queue['id']}")
    expect(page.locator("#list")).to_contain_text("correct: No · tone: b · quality: 7")
    expect(page.locator("#list")).to_contain_text("skipped: cut off")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("annotation", f"annotation/{queue['id']}", f"annotation/{queue['id']}/desk?item="):
        page = window.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
