"""Pydantic's dialects: Logfire's messages and events, and Pydantic AI's runs and tools."""

from collections.abc import Sequence

from tracing.ingestion.dialects import genai
from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides, first, named, parsed

SCOPE = "pydantic-ai"
FIELDS: Fields = {"name": ("logfire.msg",), "total_cost": ("operation.cost",)}


def _events(span: Attributes, _: Sequence[Event]) -> Sides:
    events = parsed(span.get("events"))
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return None, None
    answer = next((event for event in events if event.get("event.name") == genai.CHOICE_EVENT), None)
    return [event for event in events if event.get("event.name") != genai.CHOICE_EVENT] or None, answer


def _run(span: Attributes, _: Sequence[Event]) -> Sides:
    said, result = span.get("pydantic_ai.all_messages"), first(span, ("final_result",))
    if said is None and result is None:
        return None, None
    return genai.with_instructions(said, span.get("gen_ai.system_instructions")), result


PROMPT_READER = named(("prompt",), ("all_messages_events",))
EVENTS_READER = Reader(_events, ("events",))
RUN_READER = Reader(_run, ("pydantic_ai.all_messages", "final_result", "gen_ai.system_instructions"), scope=SCOPE)
EMBEDDING_READER = named(("inputs",), ("embeddings",), scope=SCOPE)
TOOL_READER = named(("tool_arguments",), ("tool_response",))
