"""The input and output of a span in a foreign dialect (api.md, section 4).

An ordered table of readers. Each looks for one dialect and answers (input, output) as plain values, or None; as soon as
one finds either side the search stops, so that two dialects on one span are never mixed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tracing.ingestion.attributes import Attributes, Names

Event = tuple[str, Mapping[str, Any]]  # name, attributes
Found = tuple[Any, Any] | None
Reader = Callable[[Attributes, Sequence[Event], str], Found]

MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE_EVENT = "gen_ai.choice"
DETAILS_EVENT = "gen_ai.client.inference.operation.details"
CONTENT_EVENTS = ("gen_ai.content.prompt", "gen_ai.content.completion")
BODY_EVENTS = frozenset({*MESSAGE_EVENTS, CHOICE_EVENT, DETAILS_EVENT, *CONTENT_EVENTS})

_NUMBER = re.compile(r"^\d{1,4}$")


def find(attributes: Attributes, events: Sequence[Event], scope: str) -> tuple[Any, Any]:
    """The input and output of a span; None for a side that nobody gave."""
    for reader in READERS:
        if (found := reader(attributes, events, scope)) is not None:
            return found
    return None, None


@dataclass(frozen=True, slots=True)
class Named:
    """A dialect that keeps each side in one attribute; `scope` restricts it to one instrumentation."""

    inputs: Names
    outputs: Names
    scope: str | None = None

    def __call__(self, attributes: Attributes, _: Sequence[Event], scope: str) -> Found:
        if self.scope is not None and scope != self.scope:
            return None
        incoming, outgoing = _first(attributes, self.inputs), _first(attributes, self.outputs)
        return None if incoming is None and outgoing is None else (incoming, outgoing)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A dialect that spreads messages over numbered names: `gen_ai.prompt.0.role`, `gen_ai.prompt.0.content`…"""

    inputs: str
    outputs: str

    def __call__(self, attributes: Attributes, *_: Any) -> Found:
        incoming, outgoing = _nested(attributes, self.inputs), _nested(attributes, self.outputs)
        return None if incoming is None and outgoing is None else (incoming, outgoing)


def _vercel(attributes: Attributes, events: Sequence[Event], scope: str) -> Found:
    found = VERCEL(attributes, events, scope)
    answer, calls = attributes.get("ai.response.text"), attributes.get("ai.response.toolCalls")
    if found is None or answer is None or calls is None:
        return found
    return found[0], {"role": "assistant", "content": answer, "tool_calls": _parsed(calls)}


def _details_event(_: Attributes, events: Sequence[Event], __: str) -> Found:
    given = next((attributes for name, attributes in events if name == DETAILS_EVENT), None)
    return None if given is None else _messages(given)


def _message_events(_: Attributes, events: Sequence[Event], __: str) -> Found:
    asked = [{"role": MESSAGE_EVENTS[name], **given} for name, given in events if name in MESSAGE_EVENTS]
    answers = [dict(given) for name, given in events if name == CHOICE_EVENT]
    if not asked and not answers:
        return None
    return asked or None, answers[0] if len(answers) == 1 else answers or None


def _content_events(_: Attributes, events: Sequence[Event], scope: str) -> Found:
    by_name = {name: given for name, given in events if name in CONTENT_EVENTS}
    if not by_name:
        return None
    asked, answered = (by_name.get(name) for name in CONTENT_EVENTS)
    return (
        (find(asked, (), scope)[0] or dict(asked)) if asked else None,
        (find(answered, (), scope)[1] or dict(answered)) if answered else None,
    )


def _logfire_events(attributes: Attributes, _: Sequence[Event], __: str) -> Found:
    events = _parsed(attributes.get("events"))
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return None
    answer = next((event for event in events if event.get("event.name") == CHOICE_EVENT), None)
    asked = [event for event in events if event.get("event.name") != CHOICE_EVENT]
    return (asked or None, answer) if asked or answer else None


def _messages(attributes: Attributes, *_: Any) -> Found:
    asked, answered = attributes.get("gen_ai.input.messages"), attributes.get("gen_ai.output.messages")
    system = attributes.get("gen_ai.system_instructions")
    if system is not None:
        said, parsed = _parsed(system), _parsed(asked)
        message = {"role": "system", **({"parts": said} if isinstance(said, list) else {"content": said})}
        asked = [message, *(parsed if isinstance(parsed, list) else [] if parsed is None else [parsed])]
    return None if asked is None and answered is None else (asked, answered)


def _nested(attributes: Attributes, prefix: str) -> Any:
    if (whole := attributes.get(prefix)) is not None:
        return whole
    start = f"{prefix}."
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(start):
            *path, last = name[len(start) :].split(".")
            at = tree
            for step in path[:50]:
                inner = at.setdefault(step, {})
                at = inner if isinstance(inner, dict) else {}
            at[last] = value
    return _with_lists(tree) if tree else None


def _with_lists(tree: Any) -> Any:
    """Objects whose keys are numbers become lists in that order."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(_NUMBER.match(key) for key in tree):
        return [_with_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _with_lists(value) for key, value in tree.items()}


def _parsed(value: Any) -> Any:
    """JSON text as what it holds."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def _first(attributes: Attributes, names: Names) -> Any:
    """The value of the first name that is present and says something."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


VERCEL = Named(
    ("ai.prompt.messages", "ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"),
    (
        "ai.response.text",
        "ai.result.text",
        "ai.toolCall.result",
        "ai.response.object",
        "ai.result.object",
        "ai.response.toolCalls",
        "ai.result.toolCalls",
    ),
    scope="ai",
)
READERS: tuple[Reader, ...] = (
    Named(("genkit:input",), ("genkit:output",)),
    _vercel,
    _details_event,
    _message_events,
    _content_events,
    # Google's agents leave `{}` in the first names of a tool's span.
    Named(
        ("gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.llm_request"),
        ("gcp.vertex.agent.tool_response", "gcp.vertex.agent.llm_response"),
    ),
    Named(("prompt",), ("all_messages_events",)),  # Logfire
    Named(  # LiveKit
        ("lk.input_text", "lk.user_transcript", "lk.chat_ctx", "lk.user_input"),
        ("lk.function_tool.output", "lk.response.text"),
    ),
    _logfire_events,
    Named(("mlflow.spanInputs",), ("mlflow.spanOutputs",)),
    Named(("traceloop.entity.input",), ("traceloop.entity.output",)),
    Named(("input.value",), ("output.value",)),  # OpenInference
    Named(("input",), ("output",)),
    Named(("pydantic_ai.all_messages",), ("final_result",), scope="pydantic-ai"),
    Named(("tool_arguments",), ("tool_response",)),
    Numbered("gen_ai.prompt", "gen_ai.completion"),
    Numbered("llm.input_messages", "llm.output_messages"),
    Numbered("llm.prompts", "llm.completions"),
    _messages,
    Named(("gen_ai.tool.call.arguments",), ("gen_ai.tool.call.result",)),
)
# Names that hold bodies: they are not shown once more among the other attributes.
BODY_NAMES = frozenset(
    name for reader in (*READERS, VERCEL) if isinstance(reader, Named) for name in (*reader.inputs, *reader.outputs)
) | {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "events"}
BODY_PREFIXES = tuple(
    f"{prefix}." for reader in READERS if isinstance(reader, Numbered) for prefix in (reader.inputs, reader.outputs)
)
