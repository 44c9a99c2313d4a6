"""Google's Agent Development Kit. It leaves `{}` in the names that do not apply to a span."""

from collections.abc import Sequence

from tracing.ingestion.dialects.shape import Attributes, Event, Fields, Reader, Sides

FIELDS: Fields = {"session_id": ("gcp.vertex.agent.session_id",)}
_INPUTS = ("gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.data")
_OUTPUTS = ("gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response")


def _read(span: Attributes, _: Sequence[Event]) -> Sides:
    asked, answered = (
        next((value for name in names if (value := span.get(name)) not in (None, "", "{}")), None)
        for names in (_INPUTS, _OUTPUTS)
    )
    return asked, answered


READER = Reader(_read, (*_INPUTS, *_OUTPUTS))
