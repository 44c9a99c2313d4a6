"""OpenTelemetry's own instrumentation, contents in the attributes of spans."""

import os

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_AND_EVENT"

from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from play import ask_openai, provider, told_by_root

made = provider()
OpenAIInstrumentor().instrument(tracer_provider=made)
with told_by_root("lesson", made):
    ask_openai()
made.shutdown()
