"""The page of a prompt: history, version, changes, use, labels."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts.models import ProtectedLabel
from tests.prompts.casting import bulk, create, tag


@pytest.fixture
def shown(project, alice, page_client):
    """Calls a prompt's page and gives its HTML."""
    client = page_client(alice)

    def get(name: str = "greeting", status: int = 200, **query) -> str:
        response = client.get(f"/project/{project.id}/prompts/{name}", query)
        assert response.status_code == status, response.content
        return response.content.decode()

    return get


def test_it_shows_the_newest_version_beside_the_history(api, shown) -> None:
    create(api, prompt="first text", labels=["production"], commitMessage="Begin")
    create(api, prompt="second {{what}}", config={"model": "gpt"})
    html = shown()
    assert 'second <span class="variable">{{what}}</span>' in html and "first text" not in html
    assert "Begin" in html and "Version 2" in html
    assert "gpt" in html


def test_it_shows_any_version_or_label(api, shown) -> None:
    create(api, prompt="first text", labels=["production"])
    create(api, prompt="second text")
    assert "first text" in shown(version=1)
    assert "first text" in shown(label="production")


@pytest.mark.parametrize("query", [{"version": 9}, {"version": 2**40}, {"label": "nope"}, {"label": "\0"}])
def test_there_is_no_page_for_what_is_not_there(api, shown, query) -> None:
    create(api)
    shown(status=404, **query)


def test_there_is_no_page_for_an_unknown_name(shown) -> None:
    shown("nobody", status=404)
    shown("no%00body", status=404)


@pytest.mark.parametrize("name", ["dir/sub/x", "with space", "100%", "столицы/Франция", "a/versions/1", "what?", "a+b"])
@pytest.mark.parametrize("safe", ["/", ""])
def test_it_opens_the_links_that_sdks_print(api, shown, name, safe) -> None:
    create(api, name, "the text")
    assert "the text" in shown(quote(name, safe=safe))


def test_messages_are_blocks_with_their_roles(api, shown) -> None:
    messages = [
        {"role": "system", "content": "Be <b>{{mood}}</b>"},
        {"type": "placeholder", "name": "history"},
        {"role": "tool", "content": "4", "tool_call_id": "call-1"},
    ]
    create(api, "chat", messages, type="chat")
    html = shown("chat")
    assert 'class="message system"' in html and 'class="message tool"' in html and 'class="message placeholder"' in html
    assert "Be &lt;b&gt;" in html and "<b>" not in html
    assert "history" in html and "call-1" in html


def test_what_it_contains_is_linked_and_can_be_put_together(api, shown, project) -> None:
    create(api, "parts/tone", "Be kind.", labels=["production"])
    create(api, "parent", f"{tag('parts/tone', label='production')} Always.")
    html = shown("parent")
    assert f'href="/project/{project.id}/prompts/parts/tone?label=production"' in html
    assert "Be kind. Always." in shown("parent", resolved=1)


def test_changes_are_against_the_version_before(api, shown) -> None:
    create(api, prompt="Name the capital.", config={"n": 1})
    create(api, prompt="Name the city.", config={"n": 2})
    html = shown(view="changes")
    assert "<del>capital</del><ins>city</ins>" in html
    assert "<del>1</del><ins>2</ins>" in html


def test_changes_can_be_against_any_version(api, shown) -> None:
    for text in ("one", "two", "three"):
        create(api, prompt=text)
    assert "<del>one</del><ins>three</ins>" in shown(view="changes", compare=1)
    assert "<del>three</del><ins>one</ins>" in shown(view="changes", version=1, compare=3)
    shown(view="changes", compare=9, status=404)


def test_the_first_version_has_no_changes(api, shown) -> None:
    create(api)
    assert "This is the first version" in shown(view="changes")


def test_use_shows_snippets_with_this_host_and_key(api, shown, project, settings) -> None:
    settings.PUBLIC_URL = "https://prompts.example.org"
    create(api, "dir/x", [{"role": "user", "content": "{{q}}"}], type="chat", labels=["staging"])
    html = shown("dir/x", view="use").replace("&quot;", '"').replace("&#x27;", "'")
    assert 'langfuse.get_prompt("dir/x", label="staging", type="chat")' in html
    assert 'langfuse.prompt.get("dir/x", { label: "staging", type: "chat" })' in html
    assert "https://prompts.example.org/api/public/v2/prompts/dir%2Fx?label=staging" in html
    assert project.public_key in html
    assert "prompt.compile(q=…)" in html


def test_use_falls_back_to_the_number(api, shown) -> None:
    create(api, labels=["production"])
    assert "get_prompt(&quot;greeting&quot;)" in shown(view="use")
    create(api)
    assert "get_prompt(&quot;greeting&quot;, version=2)" in shown(view="use")


def test_labels_tell_how_they_moved(api, shown) -> None:
    create(api, labels=["production"])
    create(api, labels=["production"])
    html = shown(view="labels")
    assert html.count("what changed") == 1
    assert "view=changes&amp;compare=1" in html
    assert "what changed" in shown(view="labels", of="latest")
    assert "No label was moved yet" in shown(view="labels", of="nope\0")


def test_moving_a_label_shows_first_what_it_changes(api, shown) -> None:
    create(api, prompt="old text", labels=["production"])
    create(api, prompt="new text")
    html = shown(view="move", move="production")
    assert "get version 1 now and would get version 2" in html
    assert "<del>old</del><ins>new</ins>" in html
    assert 'value="label"' in html
    assert "No version has “fresh” yet" in shown(view="move", move="fresh")
    assert "cannot be moved" in shown(view="move", move="latest")
    assert "already" in shown(view="move", move="production", version=1)


def test_htmx_gets_the_preview_of_a_move_alone(api, project, alice, page_client) -> None:
    create(api)
    address = f"/project/{project.id}/prompts/greeting?view=move&move=x"
    html = page_client(alice).get(address, headers={"HX-Request": "true"}).content.decode()
    assert html.lstrip().startswith('<div id="move-preview"')


def test_a_viewer_sees_everything_and_can_write_nothing(api, project, vera, anna, page_client) -> None:
    create(api, prompt="the text", labels=["production"])
    for person in (vera, anna):
        html = page_client(person).get(f"/project/{project.id}/prompts/greeting").content.decode()
        assert "the text" in html
        assert 'name="do"' not in html and "edit=1" not in html
        moving = page_client(person).get(f"/project/{project.id}/prompts/greeting?view=move").content.decode()
        assert 'id="move"' not in moving


def test_a_protected_label_is_locked_for_members(api, project, bob, shown, page_client) -> None:
    create(api, labels=["production"])
    create(api)
    ProtectedLabel.objects.create(project=project.project, label="production")
    address = f"/project/{project.id}/prompts/greeting"
    html = page_client(bob).get(address, {"version": 1}).content.decode()
    assert "lock</span>production" in html and 'value="unlabel"' not in html
    assert "is protected" in page_client(bob).get(address, {"view": "move", "move": "production"}).content.decode()
    assert 'value="unlabel"' in shown(version=1)


def test_long_histories_are_paged(api, project, shown) -> None:
    create(api)
    bulk(project.id, ["greeting"], range(2, 53))
    html = shown(version=52)
    assert "Older versions" in html and ">v3<" in html and ">v2<" not in html
    older = shown(before=3)
    assert ">v2<" in older and "Newest versions" in older


def test_it_asks_the_same_number_of_queries_for_many_versions_as_for_few(api, shown) -> None:
    create(api, labels=["production"])
    create(api)
    shown()
    with CaptureQueriesContext(connection) as few:
        shown()
    for number in range(8):
        create(api, labels=[f"l{number}"])
    with CaptureQueriesContext(connection) as many:
        shown()
    assert len(many) == len(few)


def test_a_stranger_finds_no_page(api, project, mallory, page_client) -> None:
    create(api)
    assert page_client(mallory).get(f"/project/{project.id}/prompts/greeting").status_code == 404


def test_the_same_name_in_another_project_is_another_prompt(api, other_api, shown) -> None:
    create(other_api, prompt="secret")
    create(api, prompt="ours")
    assert "secret" not in shown()
