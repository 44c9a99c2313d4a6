"""Every link that an SDK prints opens the right page."""

import pytest

from tests.sdk.scripts import story
from tests.sdk.telling import Told, told_by


def test_the_link_to_the_trace_opens_it(told: Told) -> None:
    url = told.tale["trace"]["url"]
    trace_id = told.tale["trace"]["trace"]
    assert url in (
        f"{told.stage.url}/trace/{trace_id}",
        f"{told.stage.url}/project/{told.project_id}/traces/{trace_id}",
    )
    with told.stage.browser() as browser:
        page = browser.get(url)
    assert page.status_code == 200
    assert page.url.path == f"/project/{told.project_id}/traces/{trace_id}"
    assert story.TRACE_NAME in page.text


@told_by("py3", "py4", "py5", "js5")
@pytest.mark.parametrize("part", ["dataset", "experiment"])
def test_the_link_to_an_experiment_opens_its_run(told: Told, part: str) -> None:
    url = told.tale[part].get("url")
    if url is None:
        assert (told.sdk, part) == ("py3", "dataset"), "there the run is made item by item, and no link is printed"
        return
    assert url.startswith(f"{told.stage.url}/project/{told.project_id}/")
    with told.stage.browser() as browser:
        page = browser.get(url)
    assert page.status_code == 200
    assert told.names["run" if part == "dataset" else "experiment"] in page.text
