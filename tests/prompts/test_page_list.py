"""The list of prompts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.prompts.casting import bulk, create


@pytest.fixture
def listed(project, alice, page_client):
    """Calls the list page and gives its HTML."""
    client = page_client(alice)

    def get(**query) -> str:
        response = client.get(f"/project/{project.id}/prompts", query)
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_it_says_how_to_make_a_first_prompt(listed, project) -> None:
    html = listed()
    assert "langfuse.create_prompt(" in html
    assert project.public_key in html


def test_it_shows_what_a_prompt_is_at_a_glance(api, listed, project) -> None:
    create(api, "test_2", [], type="chat", labels=["production"], tags=["capitals"])
    create(api, "test_2", [], type="chat", labels=["staging"])
    html = listed()
    assert f'href="/project/{project.id}/prompts/test_2"' in html
    assert ">v2<" in html
    assert 'production <span class="version">v1</span>' in html
    assert 'staging <span class="version">v2</span>' in html
    assert ">capitals<" in html
    assert f"API · {project.public_key[:12]}…" in html


def test_slashes_are_folders(api, listed) -> None:
    for name in ("a", "dir/one", "dir/sub/two", "other/three"):
        create(api, name)
    html = listed()
    assert "?folder=dir" in html and "2 prompts" in html
    assert "/prompts/dir/one" not in html and "/prompts/a" in html
    inside = listed(folder="dir")
    assert "/prompts/dir/one" in inside and "?folder=dir%2Fsub" in inside
    assert "/prompts/dir/sub/two" not in inside and "/prompts/a" not in inside


def test_a_folder_is_not_its_namesake(api, listed) -> None:
    create(api, "dir/one")
    create(api, "directory/two")
    assert "directory" not in listed(folder="dir")


@pytest.mark.parametrize("query", ["CAPITAL", "столиц", 'say "', "tagged"])
def test_it_searches_names_tags_and_newest_texts_in_all_folders(api, listed, query) -> None:
    create(api, "deep/er/capitals", "x")
    create(api, "text", "Напиши столицу")
    create(api, "quoted", 'say "hi"')
    create(api, "tags", "x", tags=["tagged"])
    found = {name for name in ("deep/er/capitals", "text", "quoted", "tags") if f"/prompts/{name}" in listed(q=query)}
    expected = {"CAPITAL": "deep/er/capitals", "столиц": "text", 'say "': "quoted", "tagged": "tags"}
    assert found == {expected[query]}


def test_it_does_not_search_texts_that_are_history(api, listed) -> None:
    create(api, "p", "needle")
    create(api, "p", "hay")
    assert "No prompt matches." in listed(q="needle")


def test_it_filters_by_tag_and_label(api, listed) -> None:
    create(api, "one", tags=["x"], labels=["production"])
    create(api, "two", tags=["y"])
    assert "/prompts/two" not in listed(tag="x")
    assert "/prompts/two" not in listed(label="production")
    assert "/prompts/one" in listed(tag="x", label="production")


@pytest.mark.parametrize(
    "query", [{"q": "\0"}, {"page": "x"}, {"page": "999"}, {"order": "nonsense"}, {"folder": "//"}]
)
def test_nonsense_in_the_address_is_no_error(api, listed, query) -> None:
    create(api)
    assert "/prompts/greeting" in listed(**query)


def test_it_pages_and_sorts(project, listed) -> None:
    bulk(project.id, [f"p{number:02}" for number in range(52)])
    assert "/prompts/p49" in listed() and "/prompts/p50" not in listed()
    assert "/prompts/p50" in listed(page=2)
    assert "/prompts/p51" in listed(order="changed.desc") and "/prompts/p00" not in listed(order="changed.desc")


def test_htmx_gets_the_list_alone(api, project, alice, page_client) -> None:
    create(api)
    response = page_client(alice).get(f"/project/{project.id}/prompts", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert html.lstrip().startswith('<div id="list">')
    assert "/prompts/greeting" in html


def test_it_asks_the_same_number_of_queries_for_many_as_for_few(api, listed) -> None:
    create(api, "first")
    listed()
    with CaptureQueriesContext(connection) as few:
        listed()
    for number in range(8):
        create(api, f"p{number}", labels=["production"], tags=["x"])
        create(api, f"dir/p{number}")
    with CaptureQueriesContext(connection) as many:
        listed()
    assert len(many) == len(few)


def test_only_writers_are_offered_a_new_prompt(api, project, vera, bob, page_client) -> None:
    create(api)
    address = f"/project/{project.id}/prompts"
    assert "/prompts/new" in page_client(bob).get(address).content.decode()
    assert "/prompts/new" not in page_client(vera).get(address).content.decode()


def test_a_stranger_finds_no_page(api, project, mallory, page_client) -> None:
    create(api)
    assert page_client(mallory).get(f"/project/{project.id}/prompts").status_code == 404


def test_another_projects_prompts_are_not_shown(api, other_api, listed) -> None:
    create(other_api, "secret", tags=["concealed"], labels=["veiled"])
    create(api)
    html = listed()
    assert "secret" not in html and "concealed" not in html and "veiled" not in html
