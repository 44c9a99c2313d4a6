"""The Vercel AI SDK's `experimental_telemetry`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tracing.ingestion.dialects.shape import (
    Attributes,
    Event,
    Fields,
    Fill,
    Reader,
    Sides,
    at,
    first,
    json_object,
    parsed,
)

SCOPE = "ai"
METADATA = "ai.telemetry.metadata"  # what a caller gives along; some keys of it mean more

FIELDS: Fields = {
    "user_id": (f"{METADATA}.userId",),
    "session_id": (f"{METADATA}.sessionId",),
    "tags": (f"{METADATA}.tags",),
    "prompt": (f"{METADATA}.langfusePrompt",),  # {name, version} as JSON
    "name": ("ai.toolCall.name",),
    "operation": ("operation.name", "ai.operationId"),
    "operation_id": ("ai.operationId",),
    "function_id": ("ai.telemetry.functionId",),
    "ms_to_first_chunk": ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
    "model": ("ai.model.id",),
    "count_input": ("ai.usage.inputTokens", "ai.usage.promptTokens"),
    "count_output": ("ai.usage.outputTokens", "ai.usage.completionTokens"),
    "count_total": ("ai.usage.totalTokens", "ai.usage.tokens"),
    "count_cached": ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
    "count_cache_creation": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
    "count_reasoning": ("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
}
# Operations, which may be followed by the name of a function.
OPERATION_TYPES: tuple[tuple[str, str], ...] = (
    ("ai.generateText.doGenerate", "GENERATION"),
    ("ai.streamText.doStream", "GENERATION"),
    ("ai.generateObject.doGenerate", "GENERATION"),
    ("ai.streamObject.doStream", "GENERATION"),
    ("ai.embedMany.doEmbed", "EMBEDDING"),
    ("ai.embed.doEmbed", "EMBEDDING"),
    ("ai.rerank.doRerank", "RETRIEVER"),
    ("ai.toolCall", "TOOL"),
    ("ai.", "SPAN"),
)
FIRST_TOKEN_EVENTS = ("ai.stream.firstChunk",)
PARAMETERS = {"ai.prompt.toolChoice": "toolChoice"}
PARAMETER_PREFIXES = ("ai.settings.",)
# Counts that only the provider tells: field, and where in the provider's words.
PROVIDER_COUNTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("count_cached", ("openai", "cachedPromptTokens")),
    ("count_reasoning", ("openai", "reasoningTokens")),
    ("count_cached", ("anthropic", "usage", "cache_read_input_tokens")),
    ("count_cached", ("anthropic", "cacheReadInputTokens")),
    ("count_cache_creation", ("anthropic", "usage", "cache_creation_input_tokens")),
    ("count_cache_creation", ("anthropic", "cacheCreationInputTokens")),
    ("count_cached", ("bedrock", "usage", "cacheReadInputTokens")),
    ("count_cache_creation", ("bedrock", "usage", "cacheWriteInputTokens")),
    ("count_cache_creation", ("bedrock", "usage", "cacheCreationInputTokens")),
)

_INPUTS = ("ai.prompt.messages", "ai.prompt", "ai.toolCall.args", "ai.value", "ai.values", "ai.documents")
_TEXTS = ("ai.response.text", "ai.result.text")
_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")
_OUTPUTS = (
    *_TEXTS,
    "ai.toolCall.result",
    "ai.response.object",
    "ai.result.object",
    *_CALLS,
    "ai.embedding",
    "ai.embeddings",
    "ai.ranking",
)


def _read(span: Attributes, _: Sequence[Event]) -> Sides:
    asked, calls = _opened(first(span, _INPUTS)), first(span, _CALLS)
    if calls is None:
        return asked, _opened(first(span, _OUTPUTS))
    return asked, {"role": "assistant", "content": first(span, _TEXTS), "tool_calls": parsed(calls)}


def _opened(value: Any) -> Any:
    """Lists hold their items as JSON text each."""
    return [parsed(item) for item in value] if isinstance(value, list) else value


def _provider_counts(span: Attributes, values: dict[str, Any]) -> None:
    said = json_object(span["ai.response.providerMetadata"])
    for field, path in PROVIDER_COUNTS:
        if (found := at(said, *path)) is not None:
            values.setdefault(field, found)


FILLERS: Mapping[str, Fill] = {"ai.response.providerMetadata": _provider_counts}
READER = Reader(_read, (*_INPUTS, *_OUTPUTS), scope=SCOPE)
