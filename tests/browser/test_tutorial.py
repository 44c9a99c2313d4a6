"""The article's walk: from signing in to the comparison of two runs, with an annotation on the way."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_the_walk_of_the_article(window: Window) -> None:
    page = window.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Datasets").click()
    page.get_by_role("link", name="Capitals", exact=True).click()
    expect(page.locator("#content")).to_contain_text("clearml_id")
    assert page.locator("table a.row-link").count() == 10
    page.locator(".tabs").get_by_role("link", name="Runs").click()
    runs = page.locator("#runs a.row-link")
    assert runs.count() >= 2
    runs.first.click()

    # What was asked, what was expected, what was said and how it was judged stand side by side.
    heads = page.locator("table.answers thead th").all_inner_texts()
    assert [heads.index(name) for name in ("Input", "Expected", "Output")] == [0, 1, 2]
    assert "exact_match" in " ".join(heads)
    row = page.locator("table.answers tbody tr").filter(has_text="Италия")
    expect(row.locator("td").nth(1)).to_contain_text("Рим")
    expect(row.locator("td").nth(2)).to_contain_text("Рим")
    run_address = page.url

    row.get_by_role("link", name="Trace").click()
    expect(page.locator("#detail")).to_contain_text("Рим")
    page.get_by_role("tab", name="Annotate").click()
    correct = page.locator("form.card").filter(has_text="correct")
    correct.get_by_role("button", name="No", exact=True).click()
    expect(correct.get_by_role("status")).to_contain_text("saved")
    quality = page.locator("form.card").filter(has_text="quality")
    quality.locator("input[type=number]").fill("99")
    quality.get_by_role("button", name="Save").click()
    assert quality.locator("input:invalid").count() == 1
    quality.locator("input[type=number]").fill("3")
    quality.get_by_role("button", name="Save").click()
    expect(quality.get_by_role("status")).to_contain_text("saved")
    page.reload()
    expect(correct.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(quality.locator("input[type=number]")).to_have_value("3.0")
    page.get_by_role("tab", name="Scores").click()
    expect(page.locator("#detail")).to_contain_text("ANNOTATION")

    # The run's table shows what the person said.
    page.goto(run_address)
    expect(page.locator("table.answers thead")).to_contain_text("annotation")

    page.locator(".crumbs").get_by_role("link", name="Runs").click()
    page.get_by_role("checkbox", name="Choose", exact=True).nth(0).check()
    assert page.get_by_role("button", name="Compare").count() == 0
    page.get_by_role("checkbox", name="Choose", exact=True).nth(1).check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare?**")
    expect(page.locator(".summary-table")).to_contain_text("baseline")
    assert page.locator("table.answers tbody tr").count() == 10
    expect(page.locator("table.answers tbody tr").filter(has_text="Италия")).to_contain_text("Рим")


def test_an_answer_is_judged_in_its_row_of_the_run(window: Window) -> None:
    page = window.open("experiments")
    page.locator("#runs a.row-link").first.click()
    row = page.locator("table.answers tbody tr").first
    row.get_by_role("button", name="Annotate").click()
    form = page.locator("#annotate-dialog form.card").filter(has_text="correct")
    form.get_by_role("button", name="Yes").click()
    expect(form.get_by_role("status")).to_contain_text("saved")
    page.keyboard.press("Escape")
    expect(page.locator("table.answers thead")).to_contain_text("annotation")
