"""What kind of step a span is: the first rule that knows decides (api.md, section 4)."""

from collections.abc import Callable, Iterable

from tracing.ingestion.dialects import langfuse
from tracing.ingestion.dialects.order import TYPES
from tracing.ingestion.dialects.vercel import OPERATION_TYPES
from tracing.ingestion.meaning import Meaning
from tracing.ingestion.misunderstood import shown


def observation_type(meaning: Meaning, scope_name: str, scope_version: str) -> str:
    """One of `records.OBSERVATION_TYPES`."""
    own = meaning.values.get("type")
    if own is not None:
        if own == "span" and scope_name == langfuse.SDK_SCOPE and scope_version.startswith(langfuse.OLD_SDKS):
            return "GENERATION" if any(mark in meaning.values for mark in langfuse.GENERATION_MARKS) else "SPAN"
        if kind := langfuse.OWN_TYPES.get(str(own).lower()):
            return kind
        meaning.fault("langfuse.observation.type", f"{shown(own)} is no type; it was told by the other attributes.")
    if meaning.foreign:
        for rule in RULES:
            if (kind := rule(meaning)) is not None:
                return kind
    return "GENERATION" if "model" in meaning.values else "SPAN"


def _by_value(meaning: Meaning) -> str | None:
    for name, types in TYPES:
        value = meaning.attributes.get(name)
        if isinstance(value, str) and (kind := types.get(value.lower())):
            return kind
    return None


def _by_operation(meaning: Meaning) -> str | None:
    operation = meaning.text("operation")
    if operation is None:
        return None
    return next((kind for prefix, kind in OPERATION_TYPES if operation.startswith(prefix)), None)


def _by_tool(meaning: Meaning) -> str | None:
    return "TOOL" if "tool" in meaning.values else None


RULES: Iterable[Callable[[Meaning], str | None]] = (_by_value, _by_operation, _by_tool)
