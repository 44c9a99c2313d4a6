"""What a JSON text is to a reader: a conversation, a text, or a tree.

Models' inputs come in many wrappings (`{"args": [[{role…}]]}` of decorated functions, `{"messages": […]}`, a bare list
of messages, LangChain's `{"type": "human", "content": …}`); people want to see the messages, wherever they sit.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.message_shapes import CLASSES, ToolCall, plain_text, tool_answer, tool_call, unwrapped

ROLES = CLASSES | {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "function": "tool",
    "developer": "system",
    "tool-call": "assistant",  # smolagents
    "tool-response": "tool",
}
# Keys under which messages usually sit, looked into in this order.
WRAPPERS = (
    "messages",
    "input",
    "inputs",
    "args",
    "outputs",
    "kwargs",
    "prompt",
    "contents",
    "output",
    "generations",
    "choices",
    "message",
)
# Where a message keeps what it says; blocks are LlamaIndex's.
CONTENTS = ("content", "parts", "blocks")
SAYING = frozenset({*CONTENTS, "tool_calls"})
# LangChain tells who speaks by the type.
SPEAKERS = frozenset({"human", "ai", "system", "tool", "chatmessage", *CLASSES})
MAX_DEPTH = 6
# How a text refers to a picture or file kept beside it (wire notes, section 7).
MEDIA_MARK = "@@@langfuseMedia:"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: a role known to the page's colours, its text, the calls of tools it asks for, and whatever else it
    carried. `answers` is the id of the call that it answers."""

    role: str
    text: str
    extra: Any = None
    images: tuple[str, ...] = ()
    name: str = ""
    placeholder: bool = False
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """How to show a value: `kind` is "empty", "messages", "text" or "json"; `rest` is what stood beside messages."""

    kind: str
    value: Any = None
    text: str = ""
    messages: tuple[Message, ...] = ()
    raw: str = ""
    rest: Any = None


def read_content(json_text: str | None) -> Content:
    """A stored JSON text, read for showing."""
    if json_text is None or json_text in ("null", '""'):
        return Content("empty")
    try:
        value = json.loads(json_text)
    except (ValueError, RecursionError):
        return Content("text", text=json_text, raw=json_text)
    return value_content(value, json_text)


def value_content(value: Any, raw: str | None = None) -> Content:
    """A Python value, read for showing."""
    if raw is None:
        raw = json.dumps(value, ensure_ascii=False)
    if value is None or value == "":
        return Content("empty", raw=raw)
    if isinstance(value, str):
        return Content("text", value=value, text=value, raw=raw)
    found = find_messages(value)
    if found:
        messages = tuple(read_message(item) for item in found)
        return Content("messages", value=value, messages=messages, raw=raw, rest=_beside(value))
    # A function of one text argument is a text to its reader.
    alone = _only_text(value)
    if alone is not None:
        return Content("text", value=value, text=alone, raw=raw)
    return Content("json", value=value, raw=raw)


def is_message(value: Any) -> bool:
    """Whether a value looks like one chat message of any dialect."""
    if not isinstance(value, Mapping):
        return False
    if isinstance(value.get("role"), str) and not SAYING.isdisjoint(value):
        return True
    if value.get("type") == "placeholder" and "name" in value:
        return True
    if "content" in value and value.get("type") in SPEAKERS:
        return True
    return unwrapped(value) is not None


def find_messages(value: Any, depth: int = MAX_DEPTH) -> list[Any] | None:
    """The messages in a value, as they came, wherever they sit; None where there are none."""
    if depth == 0:
        return None
    if is_message(value):
        return [value]
    if isinstance(value, list):
        if value and all(is_message(item) for item in value):
            return value
        if value and all(tool_call(item) for item in value):
            return [{"role": "assistant", "tool_calls": value}]
        # One level of nesting only where it is the sole thing: [[{role…}]].
        return find_messages(value[0], depth - 1) if len(value) == 1 else None
    if isinstance(value, Mapping):
        filled = {key: inner for key, inner in value.items() if inner or inner == 0}
        for key in WRAPPERS:
            if key in filled and (found := find_messages(filled[key], depth - 1)):
                return found
        if len(filled) == 1:
            return find_messages(next(iter(filled.values())), depth - 1)
    return None


def _beside(value: Any) -> Any:
    """What a wrapping object holds besides the messages (model settings, tools…)."""
    if isinstance(value, Mapping) and not is_message(value):
        rest = {key: inner for key, inner in value.items() if key not in WRAPPERS and inner not in (None, [], {}, "")}
        return rest or None
    return None


def _only_text(value: Any) -> str | None:
    if isinstance(value, Mapping):
        filled = [inner for key, inner in value.items() if inner not in (None, [], {}, "")]
        if set(value) <= {"args", "kwargs"} and len(filled) == 1:
            return _only_text(filled[0])
        return None
    if isinstance(value, list) and len(value) == 1:
        return value[0] if isinstance(value[0], str) else None
    return None


def role_of(item: Mapping[str, Any]) -> str:
    """Who speaks in a message without its wrapping, by the name that pages know."""
    role = str(item.get("role") or item.get("type") or "")
    if role == "user" and _only_answers(_said(item)):
        return "tool"  # in Google's and Anthropic's dialects a person hands over what tools answered
    return ROLES.get(role, role)


def read_message(item: Mapping[str, Any]) -> Message:
    """One of what `find_messages` found."""
    if item.get("type") == "placeholder":
        return Message("placeholder", str(item["name"]), placeholder=True)
    item = unwrapped(item) or item
    content = _said(item)
    texts: list[str] = []
    images: list[str] = []
    others: list[Any] = []
    calls: list[ToolCall] = []
    for part in content if isinstance(content, list) else [content]:
        _read_part(part, texts, images, calls, others)
    extra = {"content": others} if others else {}
    beside = item.get("additional_kwargs")
    for key in ("tool_calls", "function_call"):
        if asked := item.get(key) or (isinstance(beside, Mapping) and beside.get(key)):
            named = [tool_call(call) for call in (asked if isinstance(asked, list) else [{key: asked}])]
            calls.extend(call for call in named if call is not None and call not in calls)
            if None in named:
                extra[key] = asked
    answers, name = (str(item.get(key) or "") for key in ("tool_call_id", "name"))
    return Message(
        role_of(item),
        "\n".join(texts),
        extra or None,
        tuple(images),
        name,
        calls=tuple(calls),
        answers=answers,
    )


def _said(item: Mapping[str, Any]) -> Any:
    return next((item[key] for key in CONTENTS if item.get(key) is not None), None)


def _only_answers(content: Any) -> bool:
    if not isinstance(content, list) or not content:
        return False
    return all(isinstance(part, Mapping) and tool_answer(part) is not None for part in content)


def _read_part(part: Any, texts: list[str], images: list[str], calls: list[ToolCall], others: list[Any]) -> None:
    if part is None:
        return
    if isinstance(part, str):
        texts.append(part)
    elif isinstance(part, Mapping) and isinstance(part.get("text") or part.get("content"), str):
        texts.append(part.get("text") or part["content"])
    elif isinstance(part, Mapping) and part.get("type") == "image_url":
        url = part.get("image_url")
        images.append(str(url.get("url", "") if isinstance(url, Mapping) else url))
    elif isinstance(part, Mapping) and (answer := tool_answer(part)) is not None:
        _read_answer(answer, texts, others)
    elif (call := tool_call(part)) is not None:
        calls.append(call)
    else:
        others.append(part)


def _read_answer(answer: Any, texts: list[str], others: list[Any]) -> None:
    said = plain_text(answer)
    if isinstance(said, str):
        texts.append(said)
    else:
        others.append(said)


def preview(value: Any, limit: int = 300) -> str:
    """One line of plain text for lists: the last user message or the answer, else the text or compact JSON."""
    content = value_content(value, "")
    if content.kind == "messages":
        said = [message for message in content.messages if (message.text or message.calls) and message.role != "system"]
        last = (said or list(content.messages))[-1]
        text = last.text or " ".join(map(str, last.calls))
    elif content.kind == "text":
        text = content.text
    elif content.kind == "json":
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = ""
    return " ".join(text[: limit * 3].split())[:limit]


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """The children of a tree's node as (label, child)."""
    if isinstance(value, Mapping):
        yield from ((str(key), inner) for key, inner in value.items())
    elif isinstance(value, list):
        yield from ((str(position), inner) for position, inner in enumerate(value))
