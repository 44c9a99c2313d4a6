import re

import pytest
from django.test import Client

from tests.conftest import Api, Keys
from tests.tracing.api.conftest import Write, trace
from tests.tracing.pages.conftest import Visitor


def _found(page: str) -> list[tuple[str, str]]:
    """(kind, address)"""
    links = re.findall(r'<a href="([^"]+)">.*?<span class="kind">([^<·]+)', page, re.S)
    return [(kind.strip(), url) for url, kind in links]


def test_it_finds_pages_prompts_datasets_and_traces_by_name(bobs: Visitor, api: Api, write: Write) -> None:
    api.post("v2/prompts", {"name": "dir/Trace guide", "prompt": "x"})
    dataset = api.post("v2/datasets", {"name": "Traces 2026"}).json()
    write(trace("t/1", name="my trace"), trace("t2", name="other"))
    assert _found(bobs.get("palette?q=trace")) == [
        ("page", f"{bobs.root}/traces"),
        ("prompt", f"{bobs.root}/prompts/dir/Trace%20guide"),
        ("dataset", f"{bobs.root}/datasets/{dataset['id']}"),
        ("trace", f"{bobs.root}/traces/t/1"),
    ]
    assert _found(bobs.get("palette?q=t/1")) == [("trace", f"{bobs.root}/traces/t/1")]


def test_nothing_typed_shows_the_pages(bobs: Visitor) -> None:
    found = _found(bobs.get("palette"))
    assert {kind for kind, _ in found} == {"page"}
    assert ("page", f"{bobs.root}/datasets") in found


@pytest.mark.parametrize("query", ["zzz", "%25%25%25", "___", "%00%00%00zzz", "'; --", "x" * 5000])
def test_it_says_that_nothing_was_found(bobs: Visitor, write: Write, query: str) -> None:
    write(trace("t", name="anything"))
    assert "Nothing found." in bobs.get(f"palette?q={query}")


def test_another_projects_names_are_not_found(bobs: Visitor, other_api: Api, other_project: Keys, write: Write) -> None:
    other_api.post("v2/prompts", {"name": "secret-one", "prompt": "x"})
    other_api.post("v2/datasets", {"name": "secret-two"})
    write(trace("secret-three", name="secret-three"), keys=other_project)
    assert _found(bobs.get("palette?q=secret")) == []


def test_strangers_find_no_palette(visit, mallory) -> None:
    visit(mallory).get("palette?q=trace", status=404)


@pytest.mark.parametrize(
    ("id", "quoted"), [("t1", "t1"), ("a/b", "a/b"), ("100%?#", "100%25%3F%23"), ("Ёлка", "%D0%81%D0%BB%D0%BA%D0%B0")]
)
def test_a_link_without_a_project_leads_into_the_right_one(bobs: Visitor, write: Write, id: str, quoted: str) -> None:
    write(trace(id))
    answer = bobs.client.get(f"/trace/{quoted}")
    assert answer.headers["Location"] == f"{bobs.root}/traces/{quoted}"
    assert bobs.client.get(answer.headers["Location"]).status_code == 200


def test_a_link_without_a_project_tells_strangers_nothing(bobs: Visitor, write: Write, other_project: Keys) -> None:
    write(trace("theirs"), keys=other_project)
    for path in ("theirs", "nowhere", "a%00b"):
        assert bobs.client.get(f"/trace/{path}").status_code == 404


@pytest.mark.django_db
def test_a_link_without_a_project_asks_who_is_there() -> None:
    answer = Client().get("/trace/t1")
    assert answer.status_code == 302
    assert "/accounts/login/" in answer.headers["Location"]
