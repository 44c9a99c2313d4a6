"""The Vercel AI SDK's `experimental_telemetry`."""

from collections.abc import Sequence

from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides, first, parsed

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
    "count_cached": ("ai.usage.cachedInputTokens",),
    "count_reasoning": ("ai.usage.reasoningTokens",),
    "provider_metadata": ("ai.response.providerMetadata",),
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
PARAMETERS = {"ai.prompt.toolChoice": "toolChoice"}
PARAMETER_PREFIXES = ("ai.settings.",)
# Counts that only the provider tells: provider -> path -> bucket field.
PROVIDER_COUNTS: dict[str, dict[tuple[str, ...], str]] = {
    "openai": {
        ("cachedPromptTokens",): "count_cached",
        ("reasoningTokens",): "count_reasoning",
    },
    "anthropic": {
        ("usage", "cache_read_input_tokens"): "count_cached",
        ("usage", "cache_creation_input_tokens"): "count_cache_creation",
        ("cacheReadInputTokens",): "count_cached",
        ("cacheCreationInputTokens",): "count_cache_creation",
    },
    "bedrock": {
        ("usage", "cacheReadInputTokens"): "count_cached",
        ("usage", "cacheWriteInputTokens"): "count_cache_creation",
        ("usage", "cacheCreationInputTokens"): "count_cache_creation",
    },
}

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
    asked, calls = first(span, _INPUTS), first(span, _CALLS)
    if calls is None:
        return asked, first(span, _OUTPUTS)
    return asked, {"role": "assistant", "content": first(span, _TEXTS), "tool_calls": parsed(calls)}


READER = Reader(_read, (*_INPUTS, *_OUTPUTS), scope=SCOPE)
