"""Pydantic's dialects: Logfire's messages and events, and Pydantic AI's runs and tools."""

from collections.abc import Sequence

from tracing.ingestion.dialects import genai
from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides, named, parsed

FIELDS: Fields = {"name": ("logfire.msg",)}


def _events(span: Attributes, _: Sequence[Event]) -> Sides:
    events = parsed(span.get("events"))
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return None, None
    answer = next((event for event in events if event.get("event.name") == genai.CHOICE_EVENT), None)
    return [event for event in events if event.get("event.name") != genai.CHOICE_EVENT] or None, answer


PROMPT_READER = named(("prompt",), ("all_messages_events",))
EVENTS_READER = Reader(_events, ("events",))
RUN_READER = named(("pydantic_ai.all_messages",), ("final_result",), scope="pydantic-ai")
TOOL_READER = named(("tool_arguments",), ("tool_response",))
