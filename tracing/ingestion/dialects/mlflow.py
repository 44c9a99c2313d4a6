"""MLflow's tracing. Its values are JSON, names of types and models included."""

from collections.abc import Mapping
from typing import Any

from tracing.ingestion.dialects.shape import Attributes, Fields, Fill, Types, at, json_object, named, parsed

# Of a trace's own properties only its tags are exported.
FIELDS: Fields = {
    "user_id": ("mlflow.trace.user", "mlflow.traceTag.mlflow.trace.user"),
    "session_id": ("mlflow.trace.session", "mlflow.traceTag.mlflow.trace.session"),
    "tags": ("mlflow.traceTag.tags",),
}
FIRST_TOKEN_EVENTS = ("mlflow.chunk.item.0",)
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
COUNTS = {
    "count_input": "input_tokens",
    "count_output": "output_tokens",
    "count_total": "total_tokens",
    "count_cached": "cache_read_input_tokens",
    "count_cache_creation": "cache_creation_input_tokens",
}
COSTS = {"cost_input": "input_cost", "cost_output": "output_cost", "total_cost": "total_cost"}
# What a call is about; the rest of its arguments are its parameters.
NO_PARAMETERS = frozenset({"model", "messages", "input", "prompt", "tools", "functions", "system", "contents"})


def _model(span: Attributes, values: dict[str, Any]) -> None:
    values["model"] = parsed(span["mlflow.llm.model"])
    given = json_object(span.get("mlflow.spanInputs")) or {}
    parameters = {name: value for name, value in given.items() if name not in NO_PARAMETERS}
    if parameters:
        values.setdefault("model_parameters", parameters)
    if "mlflow.chat.tokenUsage" not in span and (used := at(json_object(span.get("mlflow.spanOutputs")), "usage")):
        values.setdefault("usage", used)


def _parts(attribute: str, table: Mapping[str, str]) -> Fill:
    """Fills fields from the parts of a JSON object."""

    def fill(span: Attributes, values: dict[str, Any]) -> None:
        given = json_object(span[attribute]) or {}
        for field, name in table.items():
            if name in given:
                values.setdefault(field, given[name])

    return fill


FILLERS: Mapping[str, Fill] = {
    "mlflow.llm.model": _model,
    "mlflow.chat.tokenUsage": _parts("mlflow.chat.tokenUsage", COUNTS),
    "mlflow.llm.cost": _parts("mlflow.llm.cost", COSTS),
}
READER = named(("mlflow.spanInputs",), ("mlflow.spanOutputs",))
