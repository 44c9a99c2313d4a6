"""LiteLLM's callback that speaks to Langfuse by OpenTelemetry."""

import litellm
from ask_litellm import ask
from play import SESSION, TAGS, USER

litellm.callbacks = ["langfuse_otel"]
ask(
    metadata={
        "trace_user_id": USER, "session_id": SESSION, "tags": TAGS, "trace_name": "lesson", "generation_name": "ask",
        "trace_metadata": {"class": "7B"},
    }
)  # fmt: skip
