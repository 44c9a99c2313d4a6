"""Google's Genkit: everything of a call stands in the JSON of its input and output."""

from collections.abc import Mapping
from typing import Any

from tracing.ingestion.dialects.shape import Attributes, Fields, Fill, Types, at, json_object, named

FIELDS: Fields = {"name": ("genkit:name",), "session_id": ("genkit:sessionId",)}
TYPES: Types = (
    "genkit:metadata:subtype",
    {
        "model": "GENERATION",
        "background-model": "GENERATION",
        "tool": "TOOL",
        "retriever": "RETRIEVER",
        "reranker": "RETRIEVER",
        "embedder": "EMBEDDING",
        "evaluator": "EVALUATOR",
        "flow": "CHAIN",
        "agent": "AGENT",
    },
)
MODELS = frozenset({"model", "background-model", "embedder"})
COUNTS = {
    "count_input": "inputTokens",
    "count_output": "outputTokens",
    "count_total": "totalTokens",
    "count_cached": "cachedContentTokens",
    "count_reasoning": "thoughtsTokens",
}


def _call(span: Attributes, values: dict[str, Any]) -> None:
    if span["genkit:metadata:subtype"] not in MODELS:
        return
    asked, answered = json_object(span.get("genkit:input")), json_object(span.get("genkit:output"))
    values.setdefault("model", span.get("genkit:name"))
    if config := at(asked, "config") or at(asked, "options"):
        values.setdefault("model_parameters", config)
    for field, name in COUNTS.items():
        if (count := at(answered, "usage", name)) is not None:
            values.setdefault(field, count)


FILLERS: Mapping[str, Fill] = {"genkit:metadata:subtype": _call}
READER = named(("genkit:input",), ("genkit:output",))
