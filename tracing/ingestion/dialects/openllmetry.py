"""OpenLLMetry, Traceloop's dialect: its own names for workflows, OpenTelemetry's older ones for calls."""

from tracing.ingestion.dialects.shape import Fields, Types, named, numbered

METADATA = "traceloop.association.properties"  # what a caller gives along

FIELDS: Fields = {
    "user_id": (f"{METADATA}.user_id",),
    "session_id": (f"{METADATA}.session_id",),
    "model": ("llm.response.model", "llm.request.model"),
    "total_cost": ("llm.usage.cost",),
    "count_input": ("llm.usage.prompt_tokens",),
    "count_output": ("llm.usage.completion_tokens",),
    "count_total": ("llm.usage.total_tokens",),
    "count_reasoning": ("llm.usage.reasoning_tokens",),
}
TYPES: tuple[Types, ...] = (
    ("traceloop.span.kind", {"workflow": "CHAIN", "task": "SPAN", "agent": "AGENT", "tool": "TOOL"}),
    (
        "llm.request.type",
        {"chat": "GENERATION", "completion": "GENERATION", "embedding": "EMBEDDING", "rerank": "RETRIEVER"},
    ),
)
FIRST_TOKEN_EVENTS = ("gen_ai.content.completion.chunk", "llm.content.completion.chunk")
PARAMETERS = {
    "llm.request.temperature": "temperature",
    "llm.request.max_tokens": "max_tokens",
    "llm.request.top_p": "top_p",
    "llm.request.reasoning_effort": "reasoning_effort",
    "llm.temperature": "temperature",
    "llm.top_p": "top_p",
    "llm.top_k": "top_k",
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.chat.stop_sequences": "stop_sequences",
}
ENTITY_READER = named(("traceloop.entity.input",), ("traceloop.entity.output",))
PROMPT_READER = numbered("gen_ai.prompt", "gen_ai.completion")
OLD_PROMPT_READER = numbered("llm.prompts", "llm.completions")
