"""OpenInference, the dialect of Phoenix: OpenAI, LangChain, LlamaIndex, smolagents, Agno and many more.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from tracing.ingestion.dialects.shape import Fields, Types, named, numbered

FIELDS: Fields = {
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
    "openinference.span.kind",
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
    },
)
PARAMETER_PREFIXES = ("llm.invocation_parameters.",)
VALUE_READER = named(("input.value",), ("output.value",))
MESSAGES_READER = numbered("llm.input_messages", "llm.output_messages")
PROMPTS_READER = numbered("llm.prompts", "llm.choices")
