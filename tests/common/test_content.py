"""Texts of models are recognised wherever they sit."""

import json

import pytest

from common.content import preview, read_content

CHAT = [{"role": "system", "content": "Ты географ"}, {"role": "user", "content": "Столица Испании?"}]


@pytest.mark.parametrize(
    "wrapped",
    [
        CHAT,
        {"messages": CHAT, "model": "gpt-4o"},
        {"args": [CHAT], "kwargs": {}},
        {"args": [[CHAT]], "kwargs": {}},
        {"kwargs": {"messages": CHAT}, "args": []},
        [CHAT],
    ],
)
def test_it_finds_messages_in_every_wrapping(wrapped: object) -> None:
    content = read_content(json.dumps(wrapped))
    assert content.kind == "messages"
    assert [(m.role, m.text) for m in content.messages] == [("system", "Ты географ"), ("user", "Столица Испании?")]


def test_it_shows_what_stood_beside_the_messages() -> None:
    assert read_content(json.dumps({"messages": CHAT, "temperature": 0})).rest == {"temperature": 0}


def test_it_reads_langchains_roles() -> None:
    content = read_content(json.dumps([{"type": "human", "content": "Hi"}, {"type": "ai", "content": "Hello"}]))
    assert [m.role for m in content.messages] == ["user", "assistant"]


def test_it_keeps_tool_calls_and_images() -> None:
    message = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
        "tool_calls": [{"id": "1"}],
    }
    [read] = read_content(json.dumps([message])).messages
    assert (read.text, read.images, read.extra) == ("Look", ("https://x/y.png",), {"tool_calls": [{"id": "1"}]})


def test_it_marks_placeholders() -> None:
    content = read_content(json.dumps([{"type": "placeholder", "name": "history"}, *CHAT]))
    assert content.messages[0].placeholder


def test_a_decorated_function_of_one_text_reads_as_that_text() -> None:
    content = read_content(json.dumps({"args": ["Напиши столицу Франции"], "kwargs": {}}))
    assert (content.kind, content.text) == ("text", "Напиши столицу Франции")


def test_other_objects_stay_trees() -> None:
    assert read_content('{"country": "Италия"}').kind == "json"


@pytest.mark.parametrize("nothing", [None, "null", '""'])
def test_nothing_is_empty(nothing: str | None) -> None:
    assert read_content(nothing).kind == "empty"


def test_text_that_is_not_json_is_shown_as_it_is() -> None:
    assert read_content("plain").text == "plain"


def test_a_preview_is_the_last_thing_said_in_one_line() -> None:
    assert preview([*CHAT, {"role": "assistant", "content": "Мадрид\n!"}]) == "Мадрид !"
    assert len(preview("x" * 5000)) == 300
