"""What every page has: theme, language, keyboard, palette, the way back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_the_theme_stays_as_chosen(window: Window) -> None:
    page = window.open("traces")
    page.emulate_media(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    window.open("admin/tracing/scoreconfig/")
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    window.open("")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert page.evaluate(ground) == light


def test_the_language_stays_as_chosen_and_the_page_too(window: Window) -> None:
    page = window.open("traces?name=experiment")
    page.locator(".foot").get_by_role("button", name="RU").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert page.url.endswith("/traces?name=experiment")
    window.open("datasets")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.locator(".foot").get_by_role("button", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_everything_is_reached_by_keys(window: Window) -> None:
    page = window.open("")
    for key, path in (("t", "traces"), ("d", "datasets"), ("p", "prompts"), ("c", "scores"), ("h", "")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"{window.root}/{path}")
    window.open("traces")
    page.keyboard.press("/")
    expect(page.locator("input[name=q]").first).to_be_focused()
    page.keyboard.type("gt?jk")  # typed, not obeyed
    expect(page.locator("input[name=q]").first).to_have_value("gt?jk")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tbody tr").nth(1)).to_have_class(re.compile("focused"))
    address = page.locator("tbody tr").nth(1).locator("a.row-link").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    page.keyboard.press("j")
    page.wait_for_function("before => location.pathname !== before", arg=address)
    page.wait_for_load_state()
    page.keyboard.press("k")
    page.wait_for_url(f"**{address}")


def test_the_palette_leads_to_a_name(window: Window) -> None:
    page = window.open("traces")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#palette-results a").first).to_be_visible()
    page.keyboard.type("capit")
    expect(page.locator("#palette-results a")).to_have_count(1)
    expect(page.locator("#palette-results")).to_contain_text("dataset")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/datasets/[^/]+$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("test_")
    expect(page.locator("#palette-results a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/prompts/test_2")


def test_parts_of_a_trace_go_back_as_they_came(window: Window) -> None:
    page = window.open("traces?name=experiment")
    page.locator("a.row-link").first.click()
    page.wait_for_url("**/traces/*")
    start = page.url
    page.get_by_role("treeitem").nth(1).click()
    page.wait_for_url("**?observation=*")
    chosen = page.url
    expect(page.locator("#detail h2")).to_be_visible()
    page.get_by_role("tab", name="Raw").click()
    page.wait_for_url("**tab=raw*")
    page.go_back()
    page.wait_for_url(chosen)
    expect(page.get_by_role("tab", name="Preview")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("treeitem").nth(1)).to_have_attribute("aria-selected", "true")
    page.go_back()
    page.wait_for_url(start)
    expect(page.get_by_role("treeitem").first).to_have_attribute("aria-selected", "true")
    page.go_back()
    page.wait_for_url("**/traces?name=experiment")
    assert page.locator("a.row-link").count() >= 10
    page.goto(chosen)  # as a copied link
    expect(page.get_by_role("treeitem").nth(1)).to_have_attribute("aria-selected", "true")


def test_columns_are_hidden_and_remembered(window: Window) -> None:
    page = window.open("traces")
    output = page.locator("th[data-column=output]")
    expect(output).to_be_visible()
    page.locator("summary").filter(has_text="Columns").click()
    page.locator("[data-column-toggle][value=output]").uncheck()
    expect(output).to_be_hidden()
    page.reload()
    expect(output).to_be_hidden()
    # What stood hidden from the beginning stays so.
    expect(page.locator("th[data-column=release]")).to_be_hidden()


def test_a_chosen_range_replaces_a_custom_one(window: Window) -> None:
    page = window.open("traces?from=2020-01-01&to=2020-02-01T10:20:30")
    expect(page.locator("#f-to")).to_have_value("2020-02-01T10:20:30")
    page.locator("select[name=range]").select_option("all")
    page.wait_for_url("**range=all**")
    assert page.locator("a.row-link").count() > 10


def test_a_bar_of_a_chart_leads_to_its_list(window: Window) -> None:
    page = window.open("?range=7d")
    canvas = page.get_by_role("img", name="Errors")
    canvas.scroll_into_view_if_needed()
    page.wait_for_function("window.Chart && Chart.getChart(document.querySelector('canvas[aria-label=Errors]'))")
    point = page.evaluate(
        """() => {
            const chart = Chart.getChart(document.querySelector('canvas[aria-label=Errors]'));
            const at = chart.data.datasets[0].data.findIndex(Boolean);
            const bar = chart.getDatasetMeta(0).data[at];
            return {x: bar.x, y: (bar.y + bar.base) / 2};
        }"""
    )
    canvas.click(position=point)
    page.wait_for_url("**/observations?level=ERROR&from=**")
    assert page.locator("a.row-link").count() == 1


def test_of_two_windows_on_a_playground_one_is_asked_which_counts(window: Window) -> None:
    """The other window's change is made by a request of its own."""
    window.page.clock.install()
    page = window.open("playground?new=1")
    text, conflict = page.get_by_role("textbox", name="Content").last, page.locator("[data-conflict]")
    kept = page.get_by_text("Kept under this address")

    def write(words: str) -> None:
        text.fill(words)
        page.clock.run_for(700)  # it is kept when nobody types

    def overtaken(mine: str) -> str:
        """Writes into the draft behind the page's back, then types into the page; the draft's address."""
        page.evaluate(
            """async (text) => {
                const {save, draft, version} = document.querySelector("[data-playground]").dataset;
                const headers = JSON.parse(document.body.getAttribute("hx-headers"));
                const body = JSON.stringify({columns: [{messages: [{role: "user", content: text}]}]});
                await fetch(`${save}/${draft}?version=${version}`, {method: "POST", headers, body});
            }""",
            "theirs",
        )
        write(mine)
        expect(conflict).to_be_visible()
        return page.url

    write("first")
    expect(kept).to_be_visible()
    theirs = overtaken("mine")
    page.get_by_role("button", name="Keep mine as a new playground").click()
    expect(kept).to_be_visible()
    assert page.url != theirs
    overtaken("dropped")
    page.get_by_role("button", name="Drop mine and load the other").click()
    expect(text).to_have_value("theirs")
    window.faults[:] = [fault for fault in window.faults if "409" not in fault]


def test_a_playground_offers_no_ninth_column(window: Window) -> None:
    page = window.open("playground?new=1")
    add = page.locator("[data-add-column]")
    for _nth in range(7):
        add.click()
    expect(add).to_be_disabled()
    page.locator("[data-remove-column]").first.click()
    expect(add).to_be_enabled()
