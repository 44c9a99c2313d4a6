"""The editor: a new prompt, a new version."""

import json

import pytest

from prompts.models import PromptVersion, ProtectedLabel
from tests.prompts.casting import create, tag


@pytest.fixture
def save(project, bob, page_client):
    """Posts the editor's form as Bob, a member."""

    def post(path: str = "new", person=bob, **data):
        form = {"name": "p", "type": "text", "text": "Hi", "config": "", "labels": "", "tags": "", "commit_message": ""}
        return page_client(person).post(f"/project/{project.id}/prompts/{path}", {**form, **data})

    return post


def rows(*messages: tuple[str, str, str], more: str = "") -> dict[str, list[str]]:
    kinds, roles, contents = zip(*messages, strict=True)
    return {"kind": list(kinds), "role": list(roles), "content": list(contents), "more": [more] * len(messages)}


def test_a_prompt_is_made(api, save, project, bob) -> None:
    response = save(
        name="dir/p",
        text="Hi {{name}}\r\nBye",
        config='{"z": 1, "a": 1.50}',
        labels="production, staging",
        tags="one, two words",
        commit_message="Begin",
    )
    assert (response.status_code, response.url) == (303, f"/project/{project.id}/prompts/dir/p?version=1")
    made = api.get("v2/prompts/dir/p").json()
    assert (made["prompt"], made["labels"], made["tags"]) == (
        "Hi {{name}}\nBye",
        ["production", "staging", "latest"],
        ["one", "two words"],
    )
    assert (made["commitMessage"], list(made["config"]), made["createdBy"]) == ("Begin", ["z", "a"], bob.pk)


def test_a_chat_prompt_is_made(api, save) -> None:
    messages = rows(("message", "system", "Be kind."), ("placeholder", "", " history "), ("message", "user", "{{q}}"))
    assert save(type="chat", text="", **messages).status_code == 303
    assert api.get("v2/prompts/p", version=1).json()["prompt"] == [
        {"role": "system", "content": "Be kind."},
        {"type": "placeholder", "name": "history"},
        {"role": "user", "content": "{{q}}"},
    ]


def test_a_new_version_begins_as_a_copy(api, project, bob, page_client) -> None:
    messages = [{"role": "system", "content": "Be {{mood}}"}, {"type": "placeholder", "name": "history"}]
    create(api, "dir/chat", messages, type="chat", config={"model": "gpt"}, tags=["t"])
    create(api, "dir/chat", [], type="chat")
    html = page_client(bob).get(f"/project/{project.id}/prompts/dir/chat?edit=1&version=1").content.decode()
    assert "Be {{mood}}" in html and 'value="history"' in html and "gpt" in html and 'value="t"' in html


def test_a_new_version_is_saved(api, save, project) -> None:
    create(api, "dir/p", "one", labels=["production"])
    response = save("dir/p?edit=1&version=1", text="two", labels="staging", commit_message="Better")
    assert response.url == f"/project/{project.id}/prompts/dir/p?version=2"
    made = api.get("v2/prompts/dir/p", version=2).json()
    assert (made["prompt"], made["labels"], made["commitMessage"]) == ("two", ["staging", "latest"], "Better")
    assert api.get("v2/prompts/dir/p").json()["prompt"] == "one"


def test_what_else_a_message_holds_survives_the_editor(api, save, project, bob, page_client) -> None:
    message = {"role": "tool", "content": "4", "tool_call_id": "call-1", "type": "chatmessage"}
    create(api, "chat", [message], type="chat")
    html = page_client(bob).get(f"/project/{project.id}/prompts/chat?edit=1").content.decode()
    assert "call-1" in html
    kept = json.dumps({"tool_call_id": "call-1", "type": "chatmessage"})
    save("chat?edit=1", **rows(("message", "tool", "5"), more=kept))
    assert api.get("v2/prompts/chat", version=2).json()["prompt"] == [{**message, "content": "5"}]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a//b"}, "nor contain two in a row"),
        ({"name": "x" * 501}, "at most 500 characters"),
        ({"type": "image"}, "Select a valid choice"),
        ({"config": "{not json"}, "This is not JSON"),
        ({"config": "[" * 200 + "]" * 200}, "nested too deeply"),
        ({"config": '"\\ud800"'}, "This is not JSON"),
        ({"labels": "Not Allowed"}, "is not allowed"),
        ({"commit_message": "x" * 501}, "at most 500 characters"),
        ({"text": tag("nobody", version=1)}, "Prompt dependency not found"),
        ({"text": "a\0b"}, "Null characters are not allowed"),
        ({"type": "chat", **rows(("message", "user", "x"), more="[1]")}, "must be a JSON object"),
        ({"type": "chat", **rows(("placeholder", "", " "))}, "A placeholder needs a name"),
        ({"type": "chat", **rows(("message", "user", "{{h}}"), ("placeholder", "", "h"))}, "different names"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(save, data, reason) -> None:
    typed = {"text": "typed text", "tags": "typed-tag", "commit_message": "typed message", "labels": "typed-label"}
    response = save(**{**typed, **data})
    html = response.content.decode()
    assert response.status_code == 422
    assert reason in html
    for name, value in typed.items():
        assert name in data or value in html
    assert not PromptVersion.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(save) -> None:
    html = save(name="a//b", labels="Not Allowed", config="{", commit_message="x" * 501).content.decode()
    for reason in ("two in a row", "is not allowed", "This is not JSON", "at most 500 characters"):
        assert reason in html


def test_messages_that_were_typed_come_back(save) -> None:
    messages = rows(("message", "system", "Be kind."), ("placeholder", "", "history"), ("message", "pirate", "Arr"))
    html = save(type="chat", name="", **messages).content.decode()
    assert "Be kind." in html and 'value="history"' in html and 'value="pirate"' in html and "Arr" in html


def test_a_prompt_with_another_type_is_refused(api, save) -> None:
    create(api, "p", [], type="chat")
    response = save(name="p")
    assert response.status_code == 422
    assert "Previous versions have different prompt type" in response.content.decode()


def test_a_folder_is_filled_in(project, bob, page_client) -> None:
    html = page_client(bob).get(f"/project/{project.id}/prompts/new?folder=a/b").content.decode()
    assert 'value="a/b/"' in html


def test_a_protected_label_is_neither_offered_nor_taken(save, project, bob, alice, page_client) -> None:
    ProtectedLabel.objects.create(project=project.project, label="production")
    html = page_client(bob).get(f"/project/{project.id}/prompts/new").content.decode()
    assert 'data-append="production"' not in html
    assert save(labels="production").status_code == 403
    assert save(labels="production", person=alice).status_code == 303


@pytest.mark.parametrize("path", ["new", "p?edit=1"])
def test_only_writers_may_open_and_send_the_form(api, save, project, vera, anna, mallory, page_client, path) -> None:
    create(api, "p")
    for person, status in ((vera, 403), (anna, 403), (mallory, 404)):
        assert page_client(person).get(f"/project/{project.id}/prompts/{path}").status_code == status
        assert save(path, person=person).status_code == status
    assert PromptVersion.objects.count() == 1


def test_there_is_no_editor_for_an_unknown_prompt(save) -> None:
    assert save("nobody?edit=1").status_code == 404
