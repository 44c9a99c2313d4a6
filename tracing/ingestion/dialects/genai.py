"""OpenTelemetry's semantic conventions for generative AI, the names of today and those of before.

https://opentelemetry.io/docs/specs/semconv/gen-ai/. Contents came first as numbered attributes, then as span events one
a message, and are now JSON in attributes, of the span or of one event about the whole call.
"""

from collections.abc import Sequence
from typing import Any

from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides, Types, first, named, parsed

FIELDS: Fields = {
    "session_id": ("gen_ai.conversation.id",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "service_version": ("service.version",),
    "name": ("gen_ai.tool.name",),
    "tool": ("gen_ai.tool.name", "gen_ai.tool.call.id"),
    "genai_operation": ("gen_ai.operation.name",),
    "model": ("gen_ai.response.model",),
    "seconds_to_first_chunk": ("gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk"),
    "ms_to_first_chunk": ("gen_ai.server.time_to_first_token",),  # Strands
    "total_cost": ("gen_ai.usage.cost",),
    "count_input": (
        "gen_ai.usage.prompt_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.details.input_tokens",
        "gen_ai.usage.prompt",
        "gen_ai.usage.input",
    ),
    "count_output": (
        "gen_ai.usage.completion_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.details.output_tokens",
        "gen_ai.usage.completion",
        "gen_ai.usage.output",
    ),
    "count_total": ("gen_ai.usage.total_tokens", "gen_ai.usage.total"),
    "count_cached": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cache_read_tokens",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cached_tokens",
    ),
    "count_cache_creation": (
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
    ),
    "count_input_audio": ("gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.input_audio_tokens"),
    "count_reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
    ),
    "count_output_audio": ("gen_ai.usage.details.output_audio_tokens", "gen_ai.usage.output_audio_tokens"),
}
# What was asked for gives way to what any dialect says was used.
REQUESTED: Fields = {"model": ("gen_ai.request.model",)}

TYPES: Types = (
    "gen_ai.operation.name",
    {
        "chat": "GENERATION",
        "completion": "GENERATION",
        "text_completion": "GENERATION",
        "generate_content": "GENERATION",
        "generate": "GENERATION",
        "embeddings": "EMBEDDING",
        "retrieval": "RETRIEVER",
        "invoke_agent": "AGENT",
        "create_agent": "AGENT",
        "agent_step": "AGENT",
        "invoke_workflow": "CHAIN",
        "execute_tool": "TOOL",
    },
)
# These repeat what the generations inside them used; counting both would count twice.
REPEATING_OPERATIONS = frozenset({"invoke_agent", "agent_step", "invoke_workflow"})

PARAMETERS = {"gen_ai.embeddings.dimension.count": "dimensions"}
PARAMETER_PREFIXES = ("gen_ai.request.", "gen_ai.openai.request.", "openai.request.")

MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE_EVENT = "gen_ai.choice"
DETAILS_EVENT = "gen_ai.client.inference.operation.details"
CONTENT_EVENTS = ("gen_ai.content.prompt", "gen_ai.content.completion")
UNFINISHED = ('"finish_reason": ""', '"finish_reason":""')
MESSAGES = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions")


def with_instructions(asked: Any, system: Any) -> Any:
    """The messages with what the system was told before them; both may be JSON text or None."""
    if system is None:
        return asked
    said, conversation = parsed(system), parsed(asked)
    message = {"role": "system", **({"parts": said} if isinstance(said, list) else {"content": said})}
    return [message, *(conversation if isinstance(conversation, list) else filter(None, [conversation]))]


def _messages(attributes: Attributes, _: Sequence[Event] = ()) -> Sides:
    asked, answered, system = (first(attributes, (name,)) for name in MESSAGES)
    return with_instructions(asked, system), _whole(answered)


def _whole(answered: Any) -> Any:
    """The answer without the pieces in which it was streamed: Google's ADK tells them before it, as messages that
    finished for no reason."""
    if not isinstance(answered, str) or not any(mark in answered for mark in UNFINISHED):
        return answered
    messages = parsed(answered)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return answered
    return [message for message in messages if message.get("finish_reason") != ""] or messages


def _details_event(_: Attributes, events: Sequence[Event]) -> Sides:
    return _messages(next(given for name, given in events if name == DETAILS_EVENT))


def _message_events(_: Attributes, events: Sequence[Event]) -> Sides:
    asked = [{"role": MESSAGE_EVENTS[name], **_opened(given)} for name, given in events if name in MESSAGE_EVENTS]
    answers: list[Any] = [_opened(given) for name, given in events if name == CHOICE_EVENT]
    return asked or None, answers[0] if len(answers) == 1 else answers or None


def _opened(given: Attributes) -> dict[str, Any]:
    """A message whose parts some write as JSON text."""
    opened = dict(given)
    for name in ("content", "message", "tool_calls", "tool.result"):
        if name in opened and isinstance(held := parsed(opened[name]), dict | list):
            opened[name] = held
    return opened


def _content_events(_: Attributes, events: Sequence[Event]) -> Sides:
    given = {name: attributes for name, attributes in events if name in CONTENT_EVENTS}
    asked, answered = (given.get(name) for name in CONTENT_EVENTS)
    return asked and _only_value(asked), answered and _only_value(answered)


def _only_value(attributes: Attributes) -> Any:
    return next(iter(attributes.values())) if len(attributes) == 1 else dict(attributes)


EVENT_READERS = (
    Reader(_details_event, events=(DETAILS_EVENT,)),
    Reader(_message_events, events=(*MESSAGE_EVENTS, CHOICE_EVENT)),
    Reader(_content_events, events=CONTENT_EVENTS),  # Semantic Kernel, and the conventions of 2024
)
MESSAGES_READER = Reader(_messages, MESSAGES)
TOOL_READER = named(("gen_ai.tool.call.arguments",), ("gen_ai.tool.call.result",))
