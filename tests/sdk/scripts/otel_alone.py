"""OpenTelemetry's own SDK and exporter, with nothing of Langfuse: GenAI attributes, gzip, an exception, a session."""

import base64
import json
import os
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

keys = f"{os.environ['LANGFUSE_PUBLIC_KEY']}:{os.environ['LANGFUSE_SECRET_KEY']}"
exporter = OTLPSpanExporter(
    endpoint=f"{os.environ['LANGFUSE_HOST']}/api/public/otel/v1/traces",
    headers={"Authorization": "Basic " + base64.b64encode(keys.encode()).decode()},
    compression=Compression.Gzip,
)
provider = TracerProvider(resource=Resource({"service.name": "alone", "deployment.environment.name": "surface"}))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("alone")

with tracer.start_as_current_span("work", attributes={"session.id": "otel-session", "user.id": "u"}) as root:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Spain?"}]}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Madrid"}]}]),
    }
    with tracer.start_as_current_span("chat", kind=SpanKind.CLIENT, attributes=attributes):
        pass
    try:
        with tracer.start_as_current_span("fails"):
            raise ValueError("no answer")
    except ValueError:
        pass
flushed = provider.force_flush()
provider.shutdown()
told = {"trace": format(root.get_span_context().trace_id, "032x"), "flushed": flushed}
Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(told), encoding="utf-8")
