"""LiteLLM's own OpenTelemetry callback, where it differs from the conventions."""

from collections.abc import Sequence

from tracing.ingestion.dialects import genai
from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides, first, nested

FIELDS: Fields = {
    "user_id": ("llm.user", "metadata.user_api_key_end_user_id"),
    "session_id": ("metadata.session_id",),
    "tags": ("metadata.tags",),
    "cost_input": ("gen_ai.cost.input_cost",),
    "cost_output": ("gen_ai.cost.output_cost",),
    "total_cost": ("gen_ai.cost.total_cost",),
}


def _called(span: Attributes, _: Sequence[Event]) -> Sides:
    """A model's call of a tool stands in a name of before (`gen_ai.completion.0.function_call.name`); the message of
    today, which has the question beside it, is left without parts."""
    asked, _answered, system = (first(span, (name,)) for name in genai.MESSAGES)
    if asked is None or any(name.startswith("gen_ai.prompt") for name in span):
        return None, None
    called = nested(span, "gen_ai.completion")
    return (genai.with_instructions(asked, system), called) if called else (None, None)


CALL_READER = Reader(_called, genai.MESSAGES, ("gen_ai.completion.",))
