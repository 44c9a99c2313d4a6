"""What every Python script of this folder plays, and how it exports: with OpenTelemetry's own exporter."""

import contextlib
import os
from collections.abc import Iterator

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MODEL, EMBEDDING_MODEL = "gpt-4o-mini", "text-embedding-3-small"
SYSTEM, QUESTION = "You are a geographer. Answer with one word.", "What is the capital of Italy?"
STREAMED_QUESTION, TOOL_QUESTION = "What is the capital of Spain?", "Look up the capital of Japan."
USER, SESSION, TAGS = "pupil-7", "lesson-3", ["geography", "7B"]
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
STREAMED = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": STREAMED_QUESTION}]
TOOL = {
    "type": "function",
    "function": {
        "name": "capital_of",
        "description": "The capital of a country.",
        "parameters": {"type": "object", "properties": {"country": {"type": "string"}}, "required": ["country"]},
    },
}
BASE_URL = os.environ["OPENAI_BASE_URL"]


def capital_of(country: str) -> str:
    """The capital of a country."""
    return {"Japan": "Tokyo"}.get(country, "unknown")


def provider() -> TracerProvider:
    """The global provider; its exporter reads its address from the environment."""
    made = TracerProvider(resource=Resource.create({"service.name": "school", "deployment.environment": "staging"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(made)
    return made


@contextlib.contextmanager
def told_by_root(name: str, provider: TracerProvider) -> Iterator[None]:
    """A root span that says who asks, for instrumentations that cannot."""
    attributes = {"langfuse.user.id": USER, "langfuse.session.id": SESSION, "langfuse.trace.tags": TAGS}
    with provider.get_tracer("school").start_as_current_span(name, attributes=attributes):
        yield


def ask_openai() -> None:
    """A plain client: a chat, a stream, a call of a tool and back, an embedding."""
    from openai import OpenAI

    client = OpenAI()
    client.chat.completions.create(model=MODEL, messages=MESSAGES, temperature=0.2, max_tokens=50)
    stream = client.chat.completions.create(
        model=MODEL, messages=STREAMED, stream=True, stream_options={"include_usage": True}
    )
    for _ in stream:
        pass
    asked = [{"role": "user", "content": TOOL_QUESTION}]
    answer = client.chat.completions.create(model=MODEL, messages=asked, tools=[TOOL]).choices[0].message
    (call,) = answer.tool_calls
    asked += [answer.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "Tokyo"}]
    client.chat.completions.create(model=MODEL, messages=asked, tools=[TOOL])
    client.embeddings.create(model=EMBEDDING_MODEL, input="Rome", dimensions=8)
