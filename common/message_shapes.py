"""How tools of all kinds wrap a message, and what they call the parts of one: tables, for `common.content`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asks for. `arguments` is a plain value; text that holds JSON is decoded."""

    name: str
    arguments: Any = None

    def __str__(self) -> str:
        """In one line: `capital_of({"country": "Japan"})`."""
        return f"{self.name}({'' if self.arguments is None else json.dumps(self.arguments, ensure_ascii=False)})"


# LangChain's classes of messages, as its serializer names them.
CLASSES = {
    "HumanMessage": "user",
    "HumanMessageChunk": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
    "ChatMessage": "",
}
# Types of parts that are calls or the answers to them (OpenTelemetry, Vercel, Anthropic, OpenAI).
CALL_TYPES = frozenset({"tool_call", "tool-call", "tool_use", "function_call", "function"})
ANSWER_TYPES = frozenset({"tool_call_response", "tool-result", "tool_result"})
# Parts of one key (Bedrock and Strands, Gemini and its SDKs, Genkit).
CALL_KEYS = ("toolUse", "functionCall", "function_call", "toolRequest")
ANSWER_KEYS = ("toolResult", "functionResponse", "function_response", "toolResponse")
NAMES, ARGUMENTS = ("name", "toolName"), ("arguments", "args", "input")
ANSWERS = ("response", "result", "output", "content")


def unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message inside a wrapping that says whose it is; None where there is none."""
    if "lc" in value:
        path, inner = value.get("id"), value.get("kwargs")
        if isinstance(path, list) and path and path[-1] in CLASSES and isinstance(inner, Mapping):
            return {**inner, "role": CLASSES[path[-1]] or inner.get("role", "")}
    elif "data" in value:
        inner = value["data"]
        if isinstance(inner, Mapping) and "content" in inner and isinstance(value.get("type"), str):
            return {**inner, "role": value["type"]}
    elif "message" in value:
        said = value["message"]
        if isinstance(said, list) or (isinstance(said, str) and "finish_reason" in value):
            return {"role": "assistant", "content": said}
    return None


def tool_call(value: Any) -> ToolCall | None:
    """A call in any dialect; None for what is none."""
    if not isinstance(value, Mapping):
        return None
    for key in CALL_KEYS:
        if isinstance(inner := value.get(key), Mapping):
            return _call(inner)
    if isinstance(inner := value.get("function"), Mapping):
        return _call(inner)
    if value.get("type") in CALL_TYPES or "toolCallId" in value or ("id" in value and "args" in value):
        return _call(value)
    return None


def tool_answer(part: Mapping[str, Any]) -> Any:
    """What a tool answered, when the part is such an answer: its text if it is one, else a plain value."""
    for key in ANSWER_KEYS:
        if isinstance(inner := part.get(key), Mapping):
            return plain_text(_first(inner, ANSWERS))
    return plain_text(_first(part, ANSWERS)) if part.get("type") in ANSWER_TYPES else None


def plain_text(value: Any) -> Any:
    """The text of a value that is nothing else: `[{"text": "Rome"}]`, `{"type": "text", "value": "Rome"}`,
    `{"result": "Rome"}`."""
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        texts = [part.get("text") for part in value]
        return "\n".join(texts) if all(isinstance(text, str) for text in texts) else value
    if isinstance(value, Mapping) and set(value) == {"type", "value"}:
        return value["value"]
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(alone := _first(value, ANSWERS), str):
        return alone
    return value


def _call(given: Mapping[str, Any]) -> ToolCall | None:
    name = _first(given, NAMES)
    return ToolCall(name, _decoded(_first(given, ARGUMENTS))) if isinstance(name, str) and name else None


def _first(given: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
