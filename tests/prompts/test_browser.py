"""The editor and the label's question in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from prompts.models import LabelMove, PromptVersion
from tests.browser.conftest import browser, chromium
from tests.conftest import PASSWORD
from tests.prompts.casting import text_prompt

__all__ = ["browser", "chromium"]


@pytest.fixture
def browser_page(browser: Browser, server, bob) -> Iterator[Page]:
    """A page signed in as Bob, in the project."""
    page = browser.new_page(base_url=f"{server.url}/project/{server.keys.id}/")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{server.url}/accounts/login/?next=/project/{server.keys.id}/prompts")
    page.fill("input[name=login]", bob.email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/prompts")
    yield page
    page.close()
    assert faults == []


@pytest.mark.browser
def test_a_chat_prompt_is_written(browser_page: Page, server) -> None:
    page = browser_page
    page.get_by_role("link", name="New prompt").click()
    page.get_by_label("Name", exact=True).fill("support/reply")
    page.get_by_label("Chat").check()
    page.locator("textarea[name=content]").nth(0).fill("Be {{mood}}.")
    page.locator("textarea[name=content]").nth(1).fill("{{ question }}")
    page.get_by_role("button", name="Placeholder").click()
    page.locator("input[name=content]").fill("history")
    page.get_by_role("button", name="Move up").nth(2).click()
    page.get_by_role("button", name="Message").click()
    expect(page.locator("input[name=role][value]").last).to_have_value("assistant")
    page.get_by_role("button", name="Remove").nth(3).click()
    expect(page.locator("[data-variables]")).to_have_text("moodquestion")
    page.get_by_label("What changed").fill("Begin")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/prompts/support/reply?version=1")
    expect(page.locator(".message .role")).to_have_text(["systemcontent_copy", "placeholder", "usercontent_copy"])
    version = PromptVersion.objects.get()
    assert version.body == [
        {"role": "system", "content": "Be {{mood}}."},
        {"type": "placeholder", "name": "history"},
        {"role": "user", "content": "{{ question }}"},
    ]
    assert version.labels.filter(label="production").exists()


@pytest.mark.browser
def test_a_label_is_moved_after_seeing_what_changes(browser_page: Page, server, bob) -> None:
    with server.http as http:
        http.post("/v2/prompts", json=text_prompt(prompt="Name the capital.", labels=["production"]))
        http.post("/v2/prompts", json=text_prompt(prompt="Name the city."))
    page = browser_page
    page.goto("prompts/greeting")
    page.get_by_role("link", name="Label", exact=True).click()
    page.locator("#move").press_sequentially("production")
    expect(page.locator("#move-preview del")).to_have_text("capital")
    expect(page.locator("#move-preview ins")).to_have_text("city")
    assert "move=production" in page.url
    page.get_by_role("button", name="Put “production” on version 2").click()
    expect(page.locator(".flash")).to_contain_text("“production” is now on version 2.")
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version, move.created_by) == ("production", 1, 2, bob)


@pytest.mark.browser
def test_the_list_is_searched_while_typing(browser_page: Page, server) -> None:
    with server.http as http:
        for name in ("capitals", "dir/rivers"):
            http.post("/v2/prompts", json=text_prompt(name))
    page = browser_page
    page.goto("prompts")
    page.locator("#search").press_sequentially("riv")
    expect(page.get_by_role("link", name="dir/rivers")).to_be_visible()
    expect(page.get_by_role("link", name="capitals", exact=True)).to_have_count(0)
    expect(page.locator("#search")).to_be_focused()
    assert "q=riv" in page.url
