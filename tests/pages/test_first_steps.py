"""An empty page of experiments leads to the first one in the browser: what is there already is ticked."""

import re
from collections.abc import Callable

from django.test import Client

from accounts.models import User
from tests.conftest import Api, Keys

STEP = re.compile(r'<li><span class="icon (done)?" .*?<(?:a|span) class="strong"(?: href="([^"]*)")?>(\w+)')
Pages = Callable[[User], Client]


def test_steps_to_a_first_experiment_are_links_and_ticked_when_taken(
    project: Keys, api: Api, alice: User, bob: User, vera: User, page_client: Pages
) -> None:
    root = f"/project/{project.id}"
    api.post("/api/public/v2/datasets", {"name": "Caps"})

    def steps(person: User) -> list[tuple[str, str, str]]:
        return STEP.findall(page_client(person).get(f"{root}/experiments").content.decode())

    assert steps(alice) == [
        ("", f"{root}/settings/llm-connections/new", "Connection"),
        ("done", f"{root}/datasets/-/new", "Dataset"),
        ("", f"{root}/prompts/new", "Prompts"),
        ("", f"{root}/experiments/new", "Experiment"),
    ]
    assert steps(bob)[0] == ("", "", "Connection"), "Members do not make connections."
    assert {url for _done, url, _label in steps(vera)} == {""}, "Viewers are told what there is, without links."
