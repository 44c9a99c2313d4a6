"""POST /api/public/v2/prompts."""

import pytest

from accounts.models import AuditEntry
from prompts.models import LabelMove, PromptVersion
from tests.prompts.casting import chat_prompt, create, text_prompt


def test_it_answers_201_with_the_whole_version(api, project) -> None:
    response = api.post(
        "v2/prompts",
        text_prompt(labels=["production"], tags=["capitals"], config={"b": 1, "a": [2]}, commitMessage="First"),
    )
    assert response.status_code == 201
    answer = response.json()
    assert answer.pop("id") and answer.pop("createdAt").endswith("Z") and answer.pop("updatedAt").endswith("Z")
    assert answer == {
        "projectId": project.id,
        "name": "greeting",
        "version": 1,
        "type": "text",
        "prompt": "Hello {{name}}",
        "config": {"b": 1, "a": [2]},
        "labels": ["production", "latest"],
        "tags": ["capitals"],
        "commitMessage": "First",
        "isActive": True,
        "createdBy": "API",
        "resolutionGraph": None,
    }


def test_it_counts_versions_from_one_per_name(api) -> None:
    assert [create(api)["version"], create(api)["version"], create(api, "other")["version"]] == [1, 2, 1]


def test_it_takes_the_nulls_of_the_old_sdk_for_absent(api) -> None:
    answer = create(api, type=None, labels=None, config=None, tags=None, commitMessage=None)
    assert (answer["type"], answer["labels"], answer["config"], answer["tags"]) == ("text", ["latest"], {}, [])


def test_it_moves_labels_off_older_versions(api) -> None:
    create(api, labels=["production", "stable"])
    assert create(api, labels=["production"])["labels"] == ["production", "latest"]
    assert api.get("v2/prompts/greeting", version=1).json()["labels"] == ["stable"]


def test_it_keeps_the_order_of_labels_and_drops_repetitions(api) -> None:
    assert create(api, labels=["zebra", "apple", "zebra", "latest", "mole"])["labels"] == [
        "zebra",
        "apple",
        "latest",
        "mole",
    ]


def test_it_logs_every_move_of_a_label(api, project) -> None:
    create(api, labels=["production"])
    create(api, labels=["production"])
    moves = LabelMove.objects.order_by("pk").values_list("label", "from_version", "to_version", "api_key")
    assert list(moves) == [
        ("production", None, 1, project.public_key),
        ("latest", None, 1, project.public_key),
        ("production", 1, 2, project.public_key),
        ("latest", 1, 2, project.public_key),
    ]


def test_it_shares_tags_among_all_versions(api) -> None:
    create(api, tags=["one", "two", "one"])
    assert create(api)["tags"] == ["one", "two"]
    create(api, tags=["three"])
    assert api.get("v2/prompts/greeting", version=1).json()["tags"] == ["three"]
    create(api, tags=[])
    assert api.get("v2/prompts/greeting", version=1).json()["tags"] == []


def test_it_keeps_chat_messages_as_they_came(api) -> None:
    messages = [
        {"role": "system", "content": "Be {{mood}}."},
        {"type": "chatmessage", "role": "user", "content": ""},
        {"type": "placeholder", "name": "history"},
        {"role": "tool", "content": "4", "tool_call_id": "x"},
    ]
    answer = create(api, "chat", messages, type="chat")
    assert answer["prompt"] == messages
    assert [list(message) for message in answer["prompt"]] == [list(message) for message in messages]


def test_it_keeps_key_order_and_big_numbers_of_the_config(api) -> None:
    config = '{"z":1,"a":123456789012345678901234567890,"m":{"y":[],"x":null}}'
    response = api.post("v2/prompts", f'{{"name":"big","prompt":"x","config":{config}}}'.encode())
    assert f'"config":{config}'.encode() in response.content


def test_it_keeps_nul_characters_and_any_script_in_the_text(api) -> None:
    text = "Нуль \0, 日本 and \u2028 and 😀"
    assert create(api, prompt=text)["prompt"] == text


def test_it_trims_the_name(api) -> None:
    assert create(api, "  greeting ")["name"] == "greeting"


@pytest.mark.parametrize(
    "name",
    ["", "   ", "/a", "a/", "a//b", "a|b", "a<b>c", "new", "metrics", "prompt-detail", "a\nb", "a\0b", "x" * 501],
)
def test_it_refuses_a_bad_name_and_says_which_field(api, name) -> None:
    response = api.post("v2/prompts", text_prompt(name))
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["name"]
    assert response.json()["error"][0]["message"].endswith(".")


@pytest.mark.parametrize("label", ["", "Production", "with space", "ünder", "x" * 37, "a\n"])
def test_it_refuses_a_bad_label(api, label) -> None:
    response = api.post("v2/prompts", text_prompt(labels=[label]))
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["labels"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"prompt": None}, ["prompt"]),
        ({"prompt": [{"role": "user", "content": "x"}]}, ["prompt"]),
        ({"type": "chat", "prompt": "x"}, ["prompt"]),
        ({"type": "chat", "prompt": [{"role": "user"}]}, ["prompt", "0", "content"]),
        ({"type": "chat", "prompt": [{"content": "x", "role": 1}]}, ["prompt", "0", "role"]),
        ({"type": "chat", "prompt": [{"type": "placeholder"}]}, ["prompt", "0", "name"]),
        ({"type": "chat", "prompt": ["x"]}, ["prompt", "0"]),
        ({"type": "image"}, ["type"]),
        ({"type": 3}, ["type"]),
        ({"name": 3}, ["name"]),
        ({"labels": "production"}, ["labels"]),
        ({"labels": [1]}, ["labels", "0"]),
        ({"tags": [""]}, ["tags"]),
        ({"tags": ["a\0"]}, ["tags"]),
        ({"commitMessage": "x" * 501}, ["commitMessage"]),
        ({"commitMessage": "a\0"}, ["commitMessage"]),
    ],
)
def test_it_refuses_what_breaks_the_schema_and_names_the_field(api, change, path) -> None:
    response = api.post("v2/prompts", {**text_prompt(), **change})
    assert response.status_code == 400, response.content
    assert response.json()["error"][0]["path"] == path
    assert PromptVersion.objects.count() == 0


@pytest.mark.parametrize("missing", ["name", "prompt"])
def test_it_asks_for_what_is_missing(api, missing) -> None:
    body = text_prompt()
    del body[missing]
    response = api.post("v2/prompts", body)
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == [missing]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"'])
def test_it_refuses_what_is_no_object(api, body) -> None:
    assert api.post("v2/prompts", body).status_code == 400


def test_it_fixes_the_type_with_the_first_version(api) -> None:
    create(api, "chat", "Hello")
    response = api.post("v2/prompts", chat_prompt())
    assert response.status_code == 400
    assert "different prompt type" in response.json()["message"]
    assert PromptVersion.objects.count() == 1


def test_it_refuses_one_name_for_a_variable_and_a_placeholder(api) -> None:
    messages = [{"role": "user", "content": "{{history}}"}, {"type": "placeholder", "name": "history"}]
    response = api.post("v2/prompts", {"name": "chat", "type": "chat", "prompt": messages})
    assert response.status_code == 400
    assert "'history'" in response.json()["message"]


def test_it_is_written_into_the_audit_log(api, project) -> None:
    create(api, labels=["production"], commitMessage="Why")
    entry = AuditEntry.objects.get(subject_type="prompt")
    assert (entry.action, entry.subject_id, entry.api_key) == ("create", "greeting", project.public_key)
    assert entry.after == {"version": 1, "labels": ["production"], "commitMessage": "Why"}


def test_one_name_may_live_in_two_projects(api, other_api) -> None:
    create(api, prompt="ours")
    assert create(other_api, prompt="theirs")["version"] == 1
    assert api.get("v2/prompts/greeting", version=1).json()["prompt"] == "ours"


def test_it_needs_a_key(nobody_api) -> None:
    response = nobody_api.post("v2/prompts", text_prompt())
    assert response.status_code == 401
    assert response.json()["error"] == "UnauthorizedError"


def test_the_public_key_alone_may_not_write(project, nobody_api) -> None:
    response = nobody_api.post("v2/prompts", text_prompt(), HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    assert response.status_code == 403
