"""What kind of step a span is: the first rule that knows decides (api.md, section 4)."""

from collections.abc import Callable, Iterable

from tracing.ingestion.dialects import genai, langfuse, openinference
from tracing.ingestion.dialects.order import TYPES
from tracing.ingestion.dialects.vercel import OPERATION_TYPES
from tracing.ingestion.meaning import Meaning
from tracing.ingestion.misunderstood import shown


def observation_type(meaning: Meaning, scope_name: str, scope_version: str, span_name: str) -> str:
    """One of `records.OBSERVATION_TYPES`."""
    own = meaning.values.get("type")
    if own is not None:
        if own == "span" and scope_name == langfuse.SDK_SCOPE and scope_version.startswith(langfuse.OLD_SDKS):
            return "GENERATION" if any(mark in meaning.values for mark in langfuse.GENERATION_MARKS) else "SPAN"
        if kind := langfuse.OWN_TYPES.get(str(own).lower()):
            return kind
        meaning.fault("langfuse.observation.type", f"{shown(own)} is no type; it was told by the other attributes.")
    if meaning.foreign:
        if _is_step(scope_name, span_name):
            return "SPAN"
        for rule in RULES:
            if (kind := rule(meaning)) is not None:
                return kind
    return "GENERATION" if "model" in meaning.values else "SPAN"


def repeats(meaning: Meaning, kind: str, scope_name: str, span_name: str) -> bool:
    """Whether a span tells the model and the usage of calls that are spans themselves: counting both counts twice."""
    if not meaning.foreign:
        return False
    values = meaning.values
    if "operation" in values and kind == "SPAN" and str(values["operation"]).startswith("ai."):
        return True
    return values.get("genai_operation") in genai.REPEATING_OPERATIONS or _is_step(scope_name, span_name)


def _is_step(scope_name: str, span_name: str) -> bool:
    return scope_name == openinference.STEPS_SCOPE and span_name.rpartition(".")[2].startswith("_")


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
