"""Google's Genkit."""

from tracing.ingestion.dialects.shape import Fields, Types, named

FIELDS: Fields = {"name": ("genkit:name",)}
TYPES: Types = (
    "genkit:metadata:subtype",
    {
        "model": "GENERATION",
        "tool": "TOOL",
        "retriever": "RETRIEVER",
        "reranker": "RETRIEVER",
        "embedder": "EMBEDDING",
        "evaluator": "EVALUATOR",
        "flow": "CHAIN",
        "agent": "AGENT",
    },
)
READER = named(("genkit:input",), ("genkit:output",))
