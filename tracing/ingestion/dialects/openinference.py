"""OpenInference, the dialect of Phoenix: OpenAI, LangChain, LlamaIndex, smolagents, Agno, CrewAI and many more.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md. A call to a model tells its messages
beside `input.value`, which is whatever the library passed on: repr texts, constructors. There the messages are taken.
"""

from collections.abc import Sequence
from typing import Any

from tracing.ingestion.dialects.shape import (
    Attributes,
    Event,
    Fields,
    Reader,
    Sides,
    Types,
    first,
    named,
    nested,
    numbered,
)

KIND = "openinference.span.kind"
METADATA = "metadata"  # a JSON object of whoever instrumented

FIELDS: Fields = {
    "name": ("tool.name",),
    "tags": ("tag.tags",),
    "model": ("llm.model_name", "embedding.model_name", "reranker.model_name"),
    "model_parameters": ("llm.invocation_parameters", "embedding.invocation_parameters"),
    "total_cost": ("llm.cost.total",),
    "cost_input": ("llm.cost.prompt",),
    "cost_output": ("llm.cost.completion",),
    "count_input": ("llm.token_count.prompt",),
    "count_output": ("llm.token_count.completion",),
    "count_total": ("llm.token_count.total",),
    "count_cached": ("llm.token_count.prompt_details.cache_read",),
    "count_cache_creation": ("llm.token_count.prompt_details.cache_write",),
    "count_input_audio": ("llm.token_count.prompt_details.audio",),
    "count_reasoning": ("llm.token_count.completion_details.reasoning",),
    "count_output_audio": ("llm.token_count.completion_details.audio",),
}
TYPES: Types = (
    KIND,
    {
        "chain": "CHAIN",
        "retriever": "RETRIEVER",
        "reranker": "RETRIEVER",
        "llm": "GENERATION",
        "embedding": "EMBEDDING",
        "agent": "AGENT",
        "tool": "TOOL",
        "guardrail": "GUARDRAIL",
        "evaluator": "EVALUATOR",
        "prompt": "SPAN",
    },
)
FIRST_TOKEN_EVENTS = ("First Token Stream Event",)
PARAMETER_PREFIXES = ("llm.invocation_parameters.",)
# In this scope, methods whose names begin with an underscore are steps of a call and no calls.
STEPS_SCOPE = "openinference.instrumentation.llama_index"

_MESSAGES = ("llm.input_messages", "llm.output_messages")
_EMBEDDINGS = "embedding.embeddings"
_VALUES = ("input.value", "output.value")


def _read_embedding(span: Attributes, _: Sequence[Event]) -> Sides:
    given = nested(span, _EMBEDDINGS)
    if not isinstance(given, list):
        return None, None
    texts, vectors = ([_inner(item, "embedding").get(name) for item in given] for name in ("text", "vector"))
    return texts[0] if len(texts) == 1 else texts, vectors[0] if len(vectors) == 1 else vectors


def _read_call(span: Attributes, _: Sequence[Event]) -> Sides:
    if str(span.get(KIND, "")).lower() != "llm":
        return None, None
    asked, answered = (_messages(nested(span, name)) for name in _MESSAGES)
    if asked is None and answered is None:
        return None, None
    if isinstance(answered, list) and len(answered) == 1:
        answered = answered[0]
    return (
        asked if asked is not None else first(span, _VALUES[:1]),
        answered if answered is not None else first(span, _VALUES[1:]),
    )


def _messages(given: Any) -> Any:
    return [_message(item) for item in given] if isinstance(given, list) else given


def _message(item: Any) -> Any:
    """One message without the wrappings in which its parts are named."""
    message = item.get("message", item) if isinstance(item, dict) else item
    if not isinstance(message, dict):
        return message
    plain = dict(message)
    if isinstance(parts := plain.pop("contents", None), list):
        plain["content"] = [_part(part) for part in parts]
    if isinstance(calls := plain.get("tool_calls"), list):
        plain["tool_calls"] = [{"type": "function", **_inner(call, "tool_call")} for call in calls]
    return plain


def _part(part: Any) -> dict[str, Any]:
    given = _inner(part, "message_content")
    image = _inner(_inner(given.get("image"), "image"), "image").get("url")
    return {"type": "image_url", "image_url": {"url": image}} if image else given


def _inner(value: Any, name: str) -> dict[str, Any]:
    given = value.get(name, value) if isinstance(value, dict) else {}
    return given if isinstance(given, dict) else {}


EMBEDDING_READER = Reader(_read_embedding, prefixes=(f"{_EMBEDDINGS}.",))
CALL_READER = Reader(_read_call, _MESSAGES, tuple(f"{name}." for name in _MESSAGES))
VALUE_READER = named(("input.value",), ("output.value",))
MESSAGES_READER = numbered(*_MESSAGES)
PROMPTS_READER = numbered("llm.prompts", "llm.choices")
