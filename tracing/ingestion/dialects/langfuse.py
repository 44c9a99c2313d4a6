"""The SDKs' own attributes (wire notes, section 3). `user.id` and `session.id` are theirs, too."""

from collections.abc import Mapping

from tracing.ingestion.dialects.shape import Fields
from tracing.records import OBSERVATION_TYPES

SDK_SCOPE = "langfuse-sdk"
OLD_SDKS = ("3.0.", "3.1.", "3.2.", "3.3.")  # of Python; they called every observation a span

# What starts like this is no other tool's.
OWN_PREFIXES = ("langfuse.", "user.", "session.")
OBSERVATION_METADATA = "langfuse.observation.metadata"
TRACE_METADATA = "langfuse.trace.metadata"
BOTH_METADATA = "langfuse.metadata"
EXPERIMENT = "langfuse.experiment."

FIELDS: Fields = {
    # Of the trace.
    "trace_name": ("langfuse.trace.name",),
    "user_id": ("langfuse.user.id", "user.id"),
    "session_id": ("langfuse.session.id", "session.id"),
    "tags": ("langfuse.trace.tags", "langfuse.tags"),
    "public": ("langfuse.trace.public", "langfuse.public"),
    "trace_input": ("langfuse.trace.input",),
    "trace_output": ("langfuse.trace.output",),
    # Of both.
    "environment": ("langfuse.environment",),
    "release": ("langfuse.release",),
    "version": ("langfuse.version",),
    # Of the observation.
    "type": ("langfuse.observation.type",),
    "input": ("langfuse.observation.input",),
    "output": ("langfuse.observation.output",),
    "level": ("langfuse.observation.level",),
    "status_message": ("langfuse.observation.status_message",),
    "completion_start": ("langfuse.observation.completion_start_time",),
    "as_root": ("langfuse.internal.as_root",),
    "is_app_root": ("langfuse.internal.is_app_root",),
    "model": ("langfuse.observation.model.name",),
    "model_parameters": ("langfuse.observation.model.parameters",),
    "prompt_name": ("langfuse.observation.prompt.name", "langfuse.prompt.name"),
    "prompt_version": ("langfuse.observation.prompt.version", "langfuse.prompt.version"),
    "usage": ("langfuse.observation.usage_details",),
    "cost": ("langfuse.observation.cost_details",),
}
# Given as metadata by tools that let a caller add nothing else.
METADATA_FIELDS: Fields = {
    field: (f"{OBSERVATION_METADATA}.{key}", f"{TRACE_METADATA}.{key}")
    for field, key in (
        ("user_id", "langfuse_user_id"),
        ("session_id", "langfuse_session_id"),
        ("tags", "langfuse_tags"),
    )
}
OWN_TYPES: Mapping[str, str] = {kind.lower(): kind for kind in OBSERVATION_TYPES}
# Fields that only a generation has.
GENERATION_MARKS = (
    "model",
    "cost",
    "usage",
    "completion_start",
    "model_parameters",
    "prompt_name",
    "prompt_version",
)
