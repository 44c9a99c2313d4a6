"""The order in which the dialects are asked: the one place that says who has the say (api.md, section 4)."""

from collections.abc import Mapping

from tracing.ingestion.dialects import (
    adk,
    genai,
    genkit,
    langfuse,
    livekit,
    logfire,
    mlflow,
    openinference,
    openllmetry,
    plain,
    vercel,
)
from tracing.ingestion.dialects.shape import Names, Reader, Types, merged

FIELDS: Mapping[str, Names] = merged(
    (
        langfuse.FIELDS,
        genai.FIELDS,
        langfuse.METADATA_FIELDS,
        genkit.FIELDS,
        logfire.FIELDS,
        vercel.FIELDS,
        genai.REQUESTED,
        openllmetry.FIELDS,
        openinference.FIELDS,
        adk.FIELDS,
        mlflow.FIELDS,
        plain.FIELDS,
    )
)
TYPES: tuple[Types, ...] = (
    openinference.TYPES,
    genai.TYPES,
    genkit.TYPES,
    mlflow.TYPES,
    *openllmetry.TYPES,
)
PARAMETERS: Mapping[str, str] = {**vercel.PARAMETERS, **openllmetry.PARAMETERS}
PARAMETER_PREFIXES: Names = (
    *genai.PARAMETER_PREFIXES,
    *openinference.PARAMETER_PREFIXES,
    *vercel.PARAMETER_PREFIXES,
)
NO_PARAMETERS = frozenset({"model", "type"})

# Dialect and reader; as soon as one finds either side the search ends, so that two dialects are never mixed.
READERS: tuple[tuple[str, Reader], ...] = (
    ("genkit", genkit.READER),
    ("vercel", vercel.READER),
    *(("genai", reader) for reader in genai.EVENT_READERS),
    ("adk", adk.READER),
    ("logfire", logfire.PROMPT_READER),
    ("livekit", livekit.READER),
    ("logfire", logfire.EVENTS_READER),
    ("mlflow", mlflow.READER),
    ("openllmetry", openllmetry.ENTITY_READER),
    ("openinference", openinference.VALUE_READER),
    ("plain", plain.READER),
    ("logfire", logfire.RUN_READER),
    ("logfire", logfire.TOOL_READER),
    ("openllmetry", openllmetry.PROMPT_READER),
    ("openinference", openinference.MESSAGES_READER),
    ("openllmetry", openllmetry.OLD_PROMPT_READER),
    ("openinference", openinference.PROMPTS_READER),
    ("genai", genai.MESSAGES_READER),
    ("genai", genai.TOOL_READER),
)
