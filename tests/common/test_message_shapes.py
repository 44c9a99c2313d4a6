"""Messages and calls of tools are recognised in every dialect that instrumentations write."""

import json
from typing import Any

import pytest

from common.content import Message, preview, read_content
from common.message_shapes import ToolCall

CALL = ToolCall("capital_of", {"country": "Japan"})
ARGUMENTS = '{"country": "Japan"}'


def messages(value: Any) -> tuple[Message, ...]:
    content = read_content(json.dumps(value))
    assert content.kind == "messages"
    return content.messages


@pytest.mark.parametrize(
    "value",
    [
        {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": {"content": "Rome", "type": "ai"}},
        {"type": "ai", "data": {"content": "Rome", "type": "ai"}},
        {"generations": [[{"text": "Rome", "message": {"role": "assistant", "content": "Rome"}}]]},
        {"outputs": {"messages": [{"role": "assistant", "content": "Rome"}]}},
        {"message": "Rome", "finish_reason": "stop"},
        {"message": [{"text": "Rome"}], "finish_reason": "end_turn"},
        {"message": {"role": "model", "content": [{"text": "Rome"}]}, "finishReason": "stop"},
        [{"role": "assistant", "parts": [{"type": "text", "content": "Rome"}], "finish_reason": "stop"}],
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Rome"}}]},
    ],
)
def test_an_answer_is_found_in_its_wrapping(value: Any) -> None:
    (message,) = messages(value)
    assert (message.role, message.text) == ("assistant", "Rome")


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "capital_of", "arguments": ARGUMENTS}}]},
        {"tool_calls": [{"name": "capital_of", "args": {"country": "Japan"}, "id": "c", "type": "tool_call"}]},
        {"tool_calls": [{"toolCallId": "c", "toolName": "capital_of", "input": ARGUMENTS}]},
        {"function_call": {"name": "capital_of", "arguments": ARGUMENTS}, "content": None},
        {"parts": [{"type": "tool_call", "id": "c", "name": "capital_of", "arguments": {"country": "Japan"}}]},
        {"parts": [{"functionCall": {"name": "capital_of", "args": {"country": "Japan"}}}]},
        {"content": [{"type": "tool_use", "id": "c", "name": "capital_of", "input": {"country": "Japan"}}]},
        {
            "content": [
                {"type": "tool-call", "toolCallId": "c", "toolName": "capital_of", "input": {"country": "Japan"}}
            ]
        },
        {"content": [{"toolUse": {"toolUseId": "c", "name": "capital_of", "input": {"country": "Japan"}}}]},
        {"content": [{"toolRequest": {"ref": "c", "name": "capital_of", "input": {"country": "Japan"}}}]},
    ],
)
def test_a_call_of_a_tool_is_legible(message: dict[str, Any]) -> None:
    (read,) = messages([{"role": "assistant", **message}])
    assert (read.calls, read.extra) == ((CALL,), None)


def test_calls_alone_are_what_an_assistant_asks_for() -> None:
    (read,) = messages([{"id": "c", "type": "function", "function": {"name": "capital_of", "arguments": ARGUMENTS}}])
    assert (read.role, read.calls) == ("assistant", (CALL,))


@pytest.mark.parametrize(
    "part",
    [
        {"type": "tool_call_response", "id": "c", "response": "Tokyo"},
        {"type": "tool-result", "toolName": "capital_of", "output": {"type": "text", "value": "Tokyo"}},
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "Tokyo"}]},
        {"toolResult": {"toolUseId": "c", "content": [{"text": "Tokyo"}]}},
        {"toolResponse": {"name": "capital_of", "output": "Tokyo"}},
        {"type": "tool_call_response", "id": "c", "response": {"result": "Tokyo"}},
    ],
)
def test_the_answer_of_a_tool_is_its_text(part: dict[str, Any]) -> None:
    (read,) = messages([{"role": "tool", "content": [part]}])
    assert (read.text, read.extra) == ("Tokyo", None)


def test_what_a_person_only_hands_over_was_said_by_a_tool() -> None:
    answer = {"type": "tool_result", "tool_use_id": "c", "content": "Tokyo"}
    (handed,) = messages([{"role": "user", "content": [answer]}])
    assert (handed.role, handed.text) == ("tool", "Tokyo")
    (asked,) = messages([{"role": "user", "content": [answer, {"type": "text", "text": "And Italy?"}]}])
    assert asked.role == "user"


@pytest.mark.parametrize(("role", "shown"), [("tool-call", "assistant"), ("tool-response", "tool")])
def test_the_roles_of_smolagents_are_known_ones(role: str, shown: str) -> None:
    (read,) = messages([{"role": role, "content": "Tokyo"}])
    assert read.role == shown


def test_the_blocks_of_llama_index_are_read() -> None:
    call = {"function": {"name": "capital_of", "arguments": ARGUMENTS}}
    asked = {"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": "Japan?"}]}
    called = {"role": "assistant", "additional_kwargs": {"tool_calls": [call]}, "blocks": []}
    question, answer = messages([asked, called])
    assert (question.role, question.text, question.extra) == ("user", "Japan?", None)
    assert (answer.calls, answer.extra) == ((CALL,), None)


def test_an_answer_that_is_no_text_stays_a_tree() -> None:
    (read,) = messages([{"role": "tool", "content": [{"functionResponse": {"response": {"result": 7}}}]}])
    assert (read.text, read.extra) == ("", {"content": [{"result": 7}]})


def test_an_answer_names_the_call_it_belongs_to() -> None:
    (read,) = messages([{"role": "tool", "content": "Tokyo", "tool_call_id": "c"}])
    assert (read.answers, read.extra) == ("c", None)


def test_a_call_without_a_name_is_shown_as_it_is() -> None:
    (read,) = messages([{"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]}])
    assert (read.calls, read.extra) == ((), {"tool_calls": [{"id": "1"}]})


@pytest.mark.parametrize("value", [{"message": "no chat"}, {"data": {"content": 1}}, {"lc": 1}, {"message": {"a": 1}}])
def test_other_objects_are_no_messages(value: Any) -> None:
    assert read_content(json.dumps(value)).kind == "json"


def test_a_preview_tells_the_call() -> None:
    assert preview([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}]}]) == (
        'f({"a": 1})'
    )
