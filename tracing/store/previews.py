"""One line of an input or output for lists: what a person would recognise it by."""

import re
from contextlib import suppress
from typing import Any

import orjson

from common.content import MEDIA_MARK, Message, find_messages, read_message, role_of
from common.message_shapes import unwrapped
from tracing.records import JsonText

LENGTH = 200
# A picture or file is told by its kind: [image/png].
_REFERENCE = re.compile(r"@@@langfuseMedia:[^@]{0,200}?\btype=([^|@]{1,100})[^@]{0,200}@@@")
# Longer JSON is not worth parsing for one line: its beginning is shown as it stands.
PARSED = 200_000
# Names of what matters in a dict.
TELLING = frozenset({
    "content", "text", "input", "inputs", "output", "outputs", "question", "query", "query_str", "query_bundle",
    "str_or_query_bundle", "task", "prompt", "message", "answer", "response", "completion", "generations", "result",
    "parts", "kwargs", "args",
})  # fmt: skip
# What may stand beside it: how it was to be done, not what.
BESIDE = frozenset({
    "model", "model_name", "system", "tags", "metadata", "options", "config", "tools", "finish_reason",
    "encoding_format", "raw",
})  # fmt: skip


def preview(text: JsonText | None, *, answer: bool = False) -> str | None:
    """At most LENGTH characters without line breaks; of a chat the last user message, or the last answer.

    None for None, so that a merge keeps what is there.
    """
    if text is None:
        return None
    line: str = text
    if len(text) <= PARSED:
        # An escaped lone surrogate or very deep nesting, say: the text is readable enough as it stands.
        with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
            line = _line(orjson.loads(text), answer, 0)
    if MEDIA_MARK in line:
        line = _REFERENCE.sub(r"[\1]", line)
    head = line[:LENGTH]
    if head.isprintable() and "  " not in head:
        return head.strip()
    return " ".join(line[: LENGTH * 3].split())[:LENGTH].replace("\0", "\ufffd")


def _line(value: Any, answer: bool, depth: int) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if depth < 8 and (found := _of_parts(value, answer, depth)):
        return found
    return orjson.dumps(value).decode()


def _of_parts(value: Any, answer: bool, depth: int) -> str:
    if messages := find_messages(value):
        return _of_messages(messages, answer)
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in value):
            return " ".join(item["text"] if isinstance(item.get("text"), str) else _kind(item) for item in value)
        return _line(value[0], answer, depth + 1) if len(value) == 1 else ""
    return _of_dict(value, answer, depth) if isinstance(value, dict) else ""


def _of_messages(messages: list[Any], answer: bool) -> str:
    """Of a chat the last that a person asked, or the last that was answered; else the last that says anything."""
    wanted = "assistant" if answer else "user"
    otherwise = ""
    for item in reversed(messages):
        asked = role_of(unwrapped(item) or item) == wanted
        if (asked or not otherwise) and (said := _said(read_message(item))):
            if asked:
                return said
            otherwise = said
    return otherwise


def _said(message: Message) -> str:
    """Its text and what kinds of pictures and files are with it, else the calls that it asks for."""
    extra = message.extra if isinstance(message.extra, dict) else {}
    pictures = (url if MEDIA_MARK in url else "[image]" for url in message.images)
    files = (_kind(part) for part in extra.get("content", ()) if isinstance(part, dict) and "type" in part)
    if said := " ".join(filter(None, (message.text, *pictures, *files))):
        return said
    # By orjson, which refuses the lone surrogates that decoded arguments may hold.
    calls = (f"{call.name}({orjson.dumps(call.arguments or {}).decode()})" for call in message.calls)
    return " ".join(calls) or " ".join(orjson.dumps(part).decode() for part in extra.get("content", ()))


def _kind(part: dict[str, Any]) -> str:
    return f"[{part['type']}]"


def _of_dict(value: dict[str, Any], answer: bool, depth: int) -> str:
    filled = {key: item for key, item in value.items() if item or item == 0}
    if value and not filled and value.keys() <= {"args", "kwargs"}:
        return " "  # a function that was called with nothing
    # A wrapper around one thing that tells: {"args": [], "kwargs": {"question": "…"}}, {"model": "…", "input": "…"};
    # or the only text: {"response": "…", "source_nodes": […]}.
    told = {key: item for key, item in filled.items() if key not in BESIDE} or filled
    if "inputs" in told or "outputs" in told:
        told.pop("kwargs", None)  # OpenLLMetry's, about the call
    texts = [key for key, item in told.items() if isinstance(item, str)]
    for key, item in told.items():
        if key == "choices" or (key in TELLING and [key] in ([*told], texts)):
            return _line(item, answer, depth + 1)
    return ""
