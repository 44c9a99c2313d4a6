"""The order in which the dialects are asked: the one place that says who has the say (api.md, section 4)."""

from collections.abc import Mapping

from tracing.ingestion.dialects import (
    adk,
    genai,
    genkit,
    langfuse,
    litellm,
    livekit,
    logfire,
    mlflow,
    openinference,
    openllmetry,
    plain,
    vercel,
)
from tracing.ingestion.dialects.shape import Fill, Names, Reader, Types, merged

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
        litellm.FIELDS,
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
PARAMETERS: Mapping[str, str] = {**genai.PARAMETERS, **vercel.PARAMETERS, **openllmetry.PARAMETERS}
PARAMETER_PREFIXES: Names = (
    *genai.PARAMETER_PREFIXES,
    *openinference.PARAMETER_PREFIXES,
    *vercel.PARAMETER_PREFIXES,
)
NO_PARAMETERS = frozenset({"model", "type"})
# Events that come with the first piece of a streamed answer.
FIRST_TOKEN_EVENTS = frozenset(
    (
        *openinference.FIRST_TOKEN_EVENTS,
        *vercel.FIRST_TOKEN_EVENTS,
        *openllmetry.FIRST_TOKEN_EVENTS,
        *mlflow.FIRST_TOKEN_EVENTS,
    )
)
FILLERS: Mapping[str, Fill] = {**genkit.FILLERS, **vercel.FILLERS, **mlflow.FILLERS}

# As soon as one finds either side the search ends, so that two dialects are never mixed.
READERS: tuple[Reader, ...] = (
    genkit.READER,
    vercel.READER,
    *genai.EVENT_READERS,
    adk.READER,
    logfire.PROMPT_READER,
    livekit.READER,
    logfire.EVENTS_READER,
    mlflow.READER,
    openllmetry.ENTITY_READER,
    openinference.CALL_READER,
    openinference.EMBEDDING_READER,
    openinference.VALUE_READER,
    plain.READER,
    logfire.RUN_READER,
    logfire.EMBEDDING_READER,
    logfire.TOOL_READER,
    litellm.CALL_READER,
    openllmetry.PROMPT_READER,
    openinference.MESSAGES_READER,
    openllmetry.OLD_PROMPT_READER,
    openinference.PROMPTS_READER,
    genai.MESSAGES_READER,
    genai.TOOL_READER,
)
