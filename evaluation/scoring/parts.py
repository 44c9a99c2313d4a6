"""Parts of what is judged: the source that a mapping names, what its path selects, and its text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from jsonpath.exceptions import JSONPathError

from common import message_shapes
from common.content import value_content
from evaluation.json_paths import compiled
from evaluation.mapping import Mapped
from evaluation.scoring.base import ScoringFailed, Subject
from tracing.ingestion import jsontext

# source of a mapping (`evaluation.mapping.SOURCES`) -> where a subject has it
_SOURCES: Mapping[str, Callable[[Subject], Any]] = {
    "input": lambda subject: subject.input,
    "output": lambda subject: subject.output,
    "metadata": lambda subject: subject.metadata,
    "tool_calls": lambda subject: subject.tool_calls,
    "expected_output": lambda subject: subject.expected_output,
    "experiment_item_metadata": lambda subject: subject.item_metadata,
}


def source(subject: Subject, name: str) -> Any:
    """What a mapping's source stands for; None where the subject lacks it."""
    return _SOURCES[name](subject)


def part(value: Any, path: str | None) -> Any:
    """What a JSONPath selects: the value, a list of several, None for none. Text that holds JSON is read first.

    Raises ScoringFailed where the path cannot be followed.
    """
    if not path:
        return value
    try:
        found = compiled(path).findall(read(value))
    except (JSONPathError, RecursionError, ValueError, TypeError) as error:
        raise ScoringFailed(f"The path {path[:200]!r} cannot be followed: {str(error)[:300]}.") from None
    return found[0] if len(found) == 1 else found or None


def mapped(subject: Subject, mapping: Sequence[Mapped]) -> dict[str, Any]:
    """Each variable of a mapping with its value."""
    return {one.variable: part(source(subject, one.source), one.json_path) for one in mapping}


def read(value: Any) -> Any:
    """A text that holds JSON as that JSON; everything else as it is."""
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except ValueError:
            return value
    return value


def text(value: Any) -> str:
    """A value as text: what the model said where it is a message or several, JSON where it is something else."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    content = value_content(value)
    if content.kind == "messages" and content.messages[-1].text:
        return content.messages[-1].text
    return jsontext.dump(value)


def whole_text(value: Any) -> str:
    """A value as a reader is shown all of it: one message by its words, a conversation and whatever else as JSON."""
    if isinstance(value, (dict, list)):
        content = value_content(value)
        if content.kind == "messages" and len(content.messages) == 1 and not content.messages[0].calls:
            return content.messages[0].text or jsontext.dump(value)
        return jsontext.dump(value)
    return text(value)


def tool_calls(output: Any) -> list[dict[str, Any]]:
    """The calls of tools that an output asks for, as `{id, name, arguments, type, index}` in their order (spec
    unstableEvaluationRuleMapping), whatever dialect they came in."""
    given = output.get("tool_calls") if isinstance(output, dict) else None
    if isinstance(given, list):
        read = [(one, message_shapes.tool_call(one)) for one in given]
        found = [(one, call) for one, call in read if call is not None]
    else:
        content = value_content(output) if isinstance(output, (dict, list)) else None
        found = [({}, call) for message in (content.messages if content else ()) for call in message.calls]
    return [
        {
            "id": str(one.get("id") or ""),
            "name": call.name,
            "arguments": call.arguments,
            "type": str(one.get("type") or "function"),
            "index": index,
        }
        for index, (one, call) in enumerate(found)
    ]
