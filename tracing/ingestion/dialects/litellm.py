"""LiteLLM's own OpenTelemetry callback, where it differs from the conventions."""

from tracing.ingestion.dialects.shape import Fields

FIELDS: Fields = {
    "user_id": ("llm.user", "metadata.user_api_key_end_user_id"),
    "session_id": ("metadata.session_id",),
    "tags": ("metadata.tags",),
    "cost_input": ("gen_ai.cost.input_cost",),
    "cost_output": ("gen_ai.cost.output_cost",),
    "total_cost": ("gen_ai.cost.total_cost",),
}
