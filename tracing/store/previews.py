"""One line of an input or output for lists: what a person would recognise it by."""

import re
from contextlib import suppress
from typing import Any

import orjson

from common.content import MEDIA_MARK
from tracing.records import JsonText

LENGTH = 200
# A picture or file is told by its kind: [image/png].
_REFERENCE = re.compile(r"@@@langfuseMedia:[^@]{0,200}?\btype=([^|@]{1,100})[^@]{0,200}@@@")
# Longer JSON is not worth parsing for one line: its beginning is shown as it stands.
PARSED = 200_000
ASKED = frozenset({"user", "human"})
ANSWERED = frozenset({"assistant", "ai", "model"})
# A dict with one of these holds what matters, in this order.
TELLING = (
    "messages", "choices", "message", "content", "text", "input", "output", "question", "query", "prompt",
    "answer", "completion", "generations", "result", "parts", "kwargs", "args",
)  # fmt: skip


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
    if depth < 8:
        if isinstance(value, list) and value:
            if found := _of_list(value, answer, depth):
                return found
        elif isinstance(value, dict) and (found := _of_dict(value, answer, depth)):
            return found
    return orjson.dumps(value).decode()


def _of_list(value: list[Any], answer: bool, depth: int) -> str:
    if all(isinstance(item, dict) and _role(item) for item in value):
        wanted = ANSWERED if answer else ASKED
        chosen = next((item for item in reversed(value) if _role(item) in wanted), value[-1])
        return _line(chosen, answer, depth + 1)
    if all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in value):  # parts of one message
        parts = [item["text"] if isinstance(item.get("text"), str) else f"[{item['type']}]" for item in value]
        return " ".join(parts)
    return _line(value[-1] if answer else value[0], answer, depth + 1) if len(value) == 1 else ""


def _of_dict(value: dict[str, Any], answer: bool, depth: int) -> str:
    # A message, or a wrapper around one thing that tells: {"args": [], "kwargs": {"messages": […]}}.
    filled = {key: item for key, item in value.items() if item not in (None, "", [], {})}
    if "role" in value or "messages" in filled or "choices" in filled or len(filled) == 1:
        for key in TELLING:
            if key in filled:
                return _line(filled[key], answer, depth + 1)
    if calls := filled.get("tool_calls"):
        return " ".join(_call(call) for call in calls) if isinstance(calls, list) else ""
    return ""


def _role(message: dict[str, Any]) -> str | None:
    role = message.get("role") or message.get("type")
    speaks = "content" in message or "parts" in message or "tool_calls" in message
    return role if isinstance(role, str) and speaks else None


def _call(call: Any) -> str:
    function = call.get("function", call) if isinstance(call, dict) else {}
    if not isinstance(function, dict):
        return ""
    return f"{function.get('name', '')}({_line(function.get('arguments', function.get('args')), False, 7)})"
