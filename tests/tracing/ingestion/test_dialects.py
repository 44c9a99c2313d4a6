"""The tables of dialects against the lists of precedence that clients rely on (api.md, section 4)."""

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.tracing.ingestion.making import NOON_NS, SECOND_NS, child, source, span
from tests.tracing.ingestion.test_spans import foreign, observed
from tracing.ingestion import spans
from tracing.ingestion.dialects import order
from tracing.ingestion.dialects.index import PLANS, PLANS_KEPT
from tracing.ingestion.sources import SpanEvent
from tracing.records import TraceChange

OBSERVATION, TRACE, VERCEL = "langfuse.observation.metadata", "langfuse.trace.metadata", "ai.telemetry.metadata"
# Field -> names in the order of api.md; the first that is present wins.
PRECEDENCE = {
    "user_id": [
        "langfuse.user.id", "user.id", f"{OBSERVATION}.langfuse_user_id", f"{TRACE}.langfuse_user_id",
        f"{VERCEL}.userId",
    ],
    "session_id": [
        "langfuse.session.id", "session.id", "gen_ai.conversation.id", f"{OBSERVATION}.langfuse_session_id",
        f"{TRACE}.langfuse_session_id", f"{VERCEL}.sessionId",
    ],
    "tags": [
        "langfuse.trace.tags", "langfuse.tags", f"{OBSERVATION}.langfuse_tags", f"{TRACE}.langfuse_tags",
        f"{VERCEL}.tags", "tag.tags",
    ],
    "name": ["gen_ai.tool.name", "genkit:name", "logfire.msg", "ai.toolCall.name"],
    "environment": ["langfuse.environment", "deployment.environment.name", "deployment.environment"],
    "model": [
        "langfuse.observation.model.name", "gen_ai.response.model", "ai.model.id", "gen_ai.request.model",
        "llm.response.model", "llm.model_name", "model",
    ],
    "total_cost": ["gen_ai.usage.cost", "llm.cost.total"],
    "count_input": ["gen_ai.usage.prompt_tokens", "gen_ai.usage.input_tokens", "llm.token_count.prompt"],
    "count_output": ["gen_ai.usage.completion_tokens", "gen_ai.usage.output_tokens", "llm.token_count.completion"],
}  # fmt: skip
PAIRS = [(field, *pair) for field, names in PRECEDENCE.items() for pair in pairwise(names)]
# Inputs and outputs: the first of these dialects that has either side.
BODIES = [
    ({"langfuse.observation.input": "q"}, ""),
    ({"genkit:input": "q"}, ""),
    ({"ai.prompt": "q"}, "ai"),
    ({"gcp.vertex.agent.llm_request": "q"}, ""),
    ({"prompt": "q"}, ""),
    ({"lk.input_text": "q"}, ""),
    ({"events": '[{"event.name": "gen_ai.user.message", "content": "q"}]'}, ""),
    ({"mlflow.spanInputs": "q"}, ""),
    ({"traceloop.entity.input": "q"}, ""),
    ({"input.value": "q"}, ""),
    ({"input": "q"}, ""),
    ({"pydantic_ai.all_messages": "q"}, "pydantic-ai"),
    ({"tool_arguments": "q"}, ""),
    ({"gen_ai.prompt.0.content": "q"}, ""),
    ({"llm.input_messages.0.message.content": "q"}, ""),
    ({"gen_ai.input.messages": "q"}, ""),
    ({"gen_ai.tool.call.arguments": "q"}, ""),
]


def trace_of(attributes: dict[str, Any], **fields: Any) -> TraceChange:
    (trace,) = spans.translate([source(span(attributes, **fields), scope="any")]).traces
    return trace


@pytest.mark.parametrize(("field", "first", "second"), PAIRS)
def test_the_more_telling_name_wins(field: str, first: str, second: str) -> None:
    names = order.FIELDS[field]
    assert names.index(first) < names.index(second)


@pytest.mark.parametrize("name", PRECEDENCE["user_id"])
def test_every_name_of_a_user_is_understood(name: str) -> None:
    assert trace_of({name: "u"}).user_id == "u"


@pytest.mark.parametrize("name", PRECEDENCE["session_id"])
def test_every_name_of_a_session_is_understood(name: str) -> None:
    assert trace_of({name: "s"}).session_id == "s"


@pytest.mark.parametrize("name", PRECEDENCE["tags"])
@pytest.mark.parametrize("sent", [["a", "b"], '["a", "b"]', "a, b"])
def test_every_name_and_shape_of_tags_is_understood(name: str, sent: Any) -> None:
    assert trace_of({name: sent}).tags == ("a", "b")


@pytest.mark.parametrize("name", PRECEDENCE["model"])
def test_every_name_of_a_model_is_understood(name: str) -> None:
    change = foreign({name: "m"})
    assert (change.model, change.type) == ("m", "GENERATION")


@pytest.mark.parametrize("name", PRECEDENCE["name"])
def test_every_name_of_a_step_is_understood(name: str) -> None:
    assert foreign({name: "look up"}).name == "look up"


@pytest.mark.parametrize("name", PRECEDENCE["total_cost"])
def test_every_name_of_a_cost_is_understood(name: str) -> None:
    assert foreign({name: 0.25}).provided_cost_details == {"total": 0.25}


def test_names_of_one_trace_are_weighed_across_its_spans() -> None:
    root = span({"langfuse.session.id": "told"})
    step = child({"gen_ai.conversation.id": "other"}, start=NOON_NS + SECOND_NS)
    (trace,) = spans.translate([source(root, step, scope="any")]).traces
    assert trace.session_id == "told"


@pytest.mark.parametrize(("first", "second"), list(pairwise(BODIES)))
def test_dialects_are_asked_for_bodies_in_their_order(first: Any, second: Any) -> None:
    (wins, scope), (loses, other) = first, second
    if scope and other and scope != other:
        pytest.skip("A span comes from one instrumentation.")
    winner = {name: value.replace("q", "winner") for name, value in wins.items()}
    change = foreign({**loses, **winner}, scope=scope or other or "any")
    assert "winner" in (change.input or "")


def test_what_a_losing_dialect_said_is_kept() -> None:
    change = foreign({"input.value": "q", "gen_ai.output.messages": "a"})
    assert json.loads((change.metadata or {})["attributes"]) == {"gen_ai.output.messages": "a"}


@pytest.mark.parametrize(
    ("attributes", "usage"),
    [
        (
            {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 60},
            {"input": 40, "input_cached_tokens": 60},
        ),
        (
            {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_creation.input_tokens": 30},
            {"input": 70, "input_cache_creation": 30},
        ),
        (
            {"gen_ai.usage.output_tokens": 50, "gen_ai.usage.reasoning.output_tokens": 20},
            {"output": 30, "output_reasoning_tokens": 20},
        ),
        (
            {"gen_ai.usage.output_tokens": 50, "gen_ai.usage.details.output_audio_tokens": 50},
            {"output": 0, "output_audio_tokens": 50},
        ),
        ({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cached_tokens": 0}, {"input": 10}),
        ({"gen_ai.usage.input_tokens": "10"}, {"input": 10}),
        ({"llm.usage.prompt_tokens": 10, "llm.usage.total_tokens": 12}, {"input": 10, "total": 12}),
        ({"ai.usage.inputTokens": 10, "ai.usage.cachedInputTokens": 4}, {"input": 6, "input_cached_tokens": 4}),
    ],
)
def test_parts_are_taken_out_of_their_whole(attributes: dict[str, Any], usage: dict[str, int]) -> None:
    assert foreign({"gen_ai.request.model": "m", **attributes}).provided_usage_details == usage


@pytest.mark.parametrize(
    ("provider", "parts"),
    [
        ({"openai": {"cachedPromptTokens": 4, "reasoningTokens": 2}}, (4, None, 2)),
        ({"anthropic": {"usage": {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 3}}}, (4, 3, None)),
        ({"bedrock": {"usage": {"cacheReadInputTokens": 4, "cacheWriteInputTokens": 3}}}, (4, 3, None)),
    ],
)
def test_vercels_provider_tells_parts_of_usage(provider: Any, parts: tuple[int | None, ...]) -> None:
    counts = {"ai.usage.inputTokens": 100, "ai.usage.outputTokens": 10, "ai.model.id": "m"}
    change = foreign({**counts, "ai.response.providerMetadata": json.dumps(provider)}, scope="ai")
    usage = change.provided_usage_details or {}
    buckets = ("input_cached_tokens", "input_cache_creation", "output_reasoning_tokens")
    assert tuple(usage.get(bucket) for bucket in buckets) == parts
    assert sum(usage.values()) == 110


@pytest.mark.parametrize(
    ("attributes", "parameters"),
    [
        ({"langfuse.observation.model.parameters": '{"n": 1}', "llm.invocation_parameters": '{"n": 2}'}, {"n": 1}),
        ({"llm.invocation_parameters": '{"n": 2}', "model_config": '{"n": 3}'}, {"n": 2}),
        ({"model_config": '{"n": 3}', "gen_ai.request.n": 4}, {"n": 3}),
        ({"gen_ai.request.temperature": 0.5, "gen_ai.request.model": "m"}, {"temperature": 0.5}),
        ({"gen_ai.request.stop_sequences": ["a"]}, {"stop_sequences": '["a"]'}),
        ({"llm.invocation_parameters.top_p": 0.5}, {"top_p": 0.5}),
        ({"gen_ai.openai.request.seed": 7}, {"seed": 7}),
        ({"llm.top_k": 7}, {"top_k": 7}),
        ({"ai.settings.maxRetries": 2, "ai.prompt.toolChoice": "auto"}, {"maxRetries": 2, "toolChoice": "auto"}),
    ],
)
def test_parameters_of_a_call(attributes: dict[str, Any], parameters: dict[str, Any]) -> None:
    assert json.loads(foreign(attributes).model_parameters or "") == parameters


def test_vercels_outer_span_does_not_repeat_its_calls() -> None:
    attributes = {"ai.operationId": "ai.generateText", "ai.model.id": "m", "ai.usage.inputTokens": 5}
    change = foreign(attributes, scope="ai")
    assert (change.type, change.model, change.provided_usage_details) == ("SPAN", None, None)


def test_an_agent_without_a_model_sums_up_its_calls() -> None:
    counts = {"llm.token_count.prompt": 5, "openinference.span.kind": "AGENT"}
    assert foreign(counts).provided_usage_details is None
    assert foreign({**counts, "llm.model_name": "m"}).provided_usage_details == {"input": 5}


def test_steps_of_a_call_are_no_calls() -> None:
    attributes = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
    scope = "openinference.instrumentation.llama_index"
    change = foreign(attributes, scope=scope, name="OpenAI._prepare_chat_with_tools")
    assert (change.type, change.model) == ("SPAN", None)
    assert foreign(attributes, scope=scope, name="OpenAI.achat").type == "GENERATION"


def test_messages_of_openinference_lose_their_wrappings() -> None:
    name = "llm.input_messages.0.message"
    change = foreign(
        {
            "openinference.span.kind": "LLM",
            "input.value": "ChatMessage(role=…)",
            f"{name}.role": "assistant",
            f"{name}.contents.0.message_content.type": "text",
            f"{name}.contents.0.message_content.text": "Look",
            f"{name}.contents.1.message_content.type": "image",
            f"{name}.contents.1.message_content.image.image.url": "https://x/y.png",
            f"{name}.tool_calls.0.tool_call.id": "c",
            f"{name}.tool_calls.0.tool_call.function.name": "f",
            f"{name}.tool_calls.0.tool_call.function.arguments": "{}",
            "output.value": "Rome",
        }
    )
    assert json.loads(change.input or "") == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
            ],
            "tool_calls": [{"type": "function", "id": "c", "function": {"name": "f", "arguments": "{}"}}],
        }
    ]
    assert change.output == '"Rome"'
    assert "ChatMessage" in (change.metadata or {})["attributes"]


def test_texts_and_vectors_of_an_embedding() -> None:
    name = "embedding.embeddings"
    one = {f"{name}.0.embedding.text": "Rome", f"{name}.0.embedding.vector": [0.5]}
    change = foreign({"openinference.span.kind": "EMBEDDING", **one})
    assert (change.input, change.output) == ('"Rome"', "[0.5]")
    two = {**one, f"{name}.1.embedding.text": "Paris", f"{name}.1.embedding.vector": [1.0]}
    change = foreign(two)
    assert (change.input, change.output) == ('["Rome","Paris"]', "[[0.5],[1.0]]")


def test_metadata_of_instrumentations_can_be_found_by_its_keys() -> None:
    change = foreign({"metadata": '{"class": "7B"}', "traceloop.association.properties.lesson": 3})
    metadata = change.metadata or {}
    assert (metadata["class"], metadata["lesson"]) == ('"7B"', "3")
    assert "attributes" not in metadata


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        ({"langfuse.observation.completion_start_time": '"2026-06-01T12:00:00.250Z"'}, []),
        ({"langfuse.observation.completion_start_time": "2026-06-01T12:00:00.250Z"}, []),
        ({"ai.response.msToFirstChunk": 250}, []),
        ({"ai.stream.msToFirstChunk": "250"}, []),
        ({"gen_ai.response.time_to_first_chunk": 0.25}, []),
        ({"gen_ai.client.operation.time_to_first_chunk": 0.25}, []),
        ({"gen_ai.server.time_to_first_token": 250}, []),
        ({"x": 1}, ["First Token Stream Event"]),
        ({"x": 1}, ["gen_ai.content.completion.chunk", "gen_ai.content.completion.chunk"]),
    ],
)
def test_the_first_token_is_told_in_many_ways(attributes: dict[str, Any], events: list[str]) -> None:
    happened = [SpanEvent(name, {}, NOON_NS + SECOND_NS // (4 - 2 * i)) for i, name in enumerate(events)]
    change = foreign(attributes, events=happened)
    assert change.completion_start_time and change.completion_start_time.microsecond == 250_000


def test_genkits_call_stands_in_its_bodies() -> None:
    asked = {"messages": [], "config": {"temperature": 0.2}}
    usage = {"inputTokens": 30, "outputTokens": 1, "totalTokens": 31, "cachedContentTokens": 10}
    change = foreign(
        {
            "genkit:metadata:subtype": "model",
            "genkit:name": "openai/gpt-4o",
            "genkit:input": json.dumps(asked),
            "genkit:output": json.dumps({"usage": usage}),
        }
    )
    assert (change.type, change.model) == ("GENERATION", "openai/gpt-4o")
    assert json.loads(change.model_parameters or "") == {"temperature": 0.2}
    assert change.provided_usage_details == {"input": 20, "output": 1, "total": 31, "input_cached_tokens": 10}
    assert foreign({"genkit:metadata:subtype": "tool", "genkit:name": "f"}).model is None


def test_mlflows_values_are_json() -> None:
    change = foreign(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "model": '"gpt-4o"',
            "mlflow.llm.model": '"gpt-4o"',
            "mlflow.spanInputs": '{"model": "gpt-4o", "messages": [], "temperature": 0.2}',
            "mlflow.chat.tokenUsage": '{"input_tokens": 30, "output_tokens": 1, "cache_read_input_tokens": 10}',
            "mlflow.llm.cost": '{"input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3}',
        }
    )
    assert (change.type, change.model) == ("GENERATION", "gpt-4o")
    assert json.loads(change.model_parameters or "") == {"temperature": 0.2}
    assert change.provided_usage_details == {"input": 20, "output": 1, "input_cached_tokens": 10}
    assert change.provided_cost_details == {"input": 0.1, "output": 0.2, "total": 0.3}


def test_google_leaves_empty_objects_where_nothing_is() -> None:
    change = foreign(
        {
            "gcp.vertex.agent.llm_request": "{}",
            "gcp.vertex.agent.llm_response": "{}",
            "gcp.vertex.agent.tool_call_args": '{"country": "Japan"}',
            "gcp.vertex.agent.tool_response": '{"result": "Tokyo"}',
            "gcp.vertex.agent.session_id": "s",
        }
    )
    assert (change.input, change.output) == ('{"country": "Japan"}', '{"result": "Tokyo"}')


def test_a_run_of_pydantic_ai_begins_with_its_instructions() -> None:
    change = foreign(
        {
            "pydantic_ai.all_messages": '[{"role": "user", "parts": []}]',
            "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
            "final_result": "Rome",
        },
        scope="pydantic-ai",
    )
    assert [message["role"] for message in json.loads(change.input or "")] == ["system", "user"]
    assert change.output == '"Rome"'


def test_a_call_of_pydantic_ai_is_read_by_its_messages() -> None:
    attributes = {"gen_ai.system_instructions": "Be brief.", "gen_ai.input.messages": '[{"role": "user"}]'}
    change = foreign(attributes, scope="pydantic-ai")
    assert [message["role"] for message in json.loads(change.input or "")] == ["system", "user"]


def test_an_answer_is_told_once_and_not_in_the_pieces_it_came_in() -> None:
    pieces = [("", "Madr"), ("", "id"), ("stop", "Madrid")]
    said = [{"role": "assistant", "parts": [{"content": text}], "finish_reason": end} for end, text in pieces]
    asked = {"gen_ai.input.messages": '[{"role": "user", "parts": []}]'}
    assert json.loads(foreign({**asked, "gen_ai.output.messages": json.dumps(said)}).output or "") == said[2:]
    unfinished = json.dumps(said[:2])  # nothing better was told
    assert json.loads(foreign({**asked, "gen_ai.output.messages": unfinished}).output or "") == said[:2]


def test_litellm_tells_a_call_in_older_names_than_its_question() -> None:
    question = [{"role": "user", "parts": [{"type": "text", "content": "Japan?"}]}]
    attributes = {
        "gen_ai.input.messages": json.dumps(question),
        "gen_ai.output.messages": '[{"role": "assistant", "parts": [], "finish_reason": "tool_calls"}]',
        "gen_ai.completion.0.function_call.name": "capital_of",
        "gen_ai.completion.0.function_call.arguments": '{"country": "Japan"}',
    }
    change = foreign(attributes)
    assert json.loads(change.input or "") == question
    assert json.loads(change.output or "")[0]["function_call"]["name"] == "capital_of"


def test_contents_of_events_are_opened() -> None:
    events = [
        SpanEvent("gen_ai.user.message", {"content": '[{"text": "Italy?"}]'}),
        SpanEvent("gen_ai.choice", {"message": '[{"text": "Rome"}]', "finish_reason": "stop"}),
    ]
    change = foreign({}, events=events)
    assert json.loads(change.input or "") == [{"role": "user", "content": [{"text": "Italy?"}]}]
    assert json.loads(change.output or "") == {"message": [{"text": "Rome"}], "finish_reason": "stop"}


def test_small_steps_of_livekit_are_for_debugging() -> None:
    assert foreign({}, scope="livekit-agents", name="tts_node").level == "DEBUG"
    assert foreign({}, scope="livekit-agents", name="llm_node").level is None


@pytest.mark.parametrize(
    ("sent", "level"), [("warn", "WARNING"), ("Error", "ERROR"), ("info", "DEFAULT"), ("trace", "DEBUG")]
)
def test_levels_have_other_names(sent: str, level: str) -> None:
    assert observed({"langfuse.observation.level": sent}).level == level


def test_invented_names_do_not_fill_the_memory() -> None:
    spans.translate([source(span({f"invented.{number}": 1 for number in range(PLANS_KEPT + 10)}))])
    assert len(PLANS) <= PLANS_KEPT
