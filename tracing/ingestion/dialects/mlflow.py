"""MLflow's tracing. Its values are JSON, names of types included."""

from tracing.ingestion.dialects.shape import Fields, Types, named

FIELDS: Fields = {"usage": ("mlflow.chat.tokenUsage",)}
TYPES: Types = (
    "mlflow.spanType",
    {
        f'"{kind}"': type
        for kind, type in {
            "llm": "GENERATION",
            "chat_model": "GENERATION",
            "chain": "CHAIN",
            "workflow": "CHAIN",
            "agent": "AGENT",
            "tool": "TOOL",
            "retriever": "RETRIEVER",
            "reranker": "RETRIEVER",
            "embedding": "EMBEDDING",
            "evaluator": "EVALUATOR",
            "guardrail": "GUARDRAIL",
        }.items()
    },
)
READER = named(("mlflow.spanInputs",), ("mlflow.spanOutputs",))
