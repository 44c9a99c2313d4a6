"""What the attributes of a span mean for its observation."""

import json
from typing import Any

import pytest

from tests.tracing.ingestion.making import NOON_NS, SECOND_NS, child, source, span
from tracing.ingestion import spans
from tracing.ingestion.sources import SpanEvent
from tracing.records import ObservationChange


def observed(attributes: dict[str, Any] | None = None, scope: str = "langfuse-sdk", **fields: Any) -> ObservationChange:
    """The observation of a single span."""
    resource, version = fields.pop("resource", None), fields.pop("version", "4.18.0")
    given = source(span(attributes, **fields), scope=scope, version=version, resource=resource)
    (observation,) = spans.translate([given]).observations
    return observation


def foreign(attributes: dict[str, Any], scope: str = "some.instrumentation", **fields: Any) -> ObservationChange:
    return observed(attributes, scope=scope, **fields)


def test_the_sdks_own_attributes() -> None:
    change = observed(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.input": '[{"role": "user", "content": "2"}]',
            "langfuse.observation.output": "2",
            "langfuse.observation.level": "WARNING",
            "langfuse.observation.status_message": "slow",
            "langfuse.observation.model.name": "gpt-4o-mini",
            "langfuse.observation.model.parameters": '{"temperature": 0.2, "stop": ["a", "b"], "n": null}',
            "langfuse.observation.usage_details": '{"input": 46, "output": 3, "total": 49}',
            "langfuse.observation.cost_details": '{"input": 0.1, "total": 0.3}',
            "langfuse.observation.completion_start_time": '"2026-06-01T12:00:00.250000Z"',
            "langfuse.observation.prompt.name": "capital",
            "langfuse.observation.prompt.version": 3,
            "langfuse.version": "1.4",
            "langfuse.environment": "Production",
        }
    )
    assert (change.type, change.level, change.status_message) == ("GENERATION", "WARNING", "slow")
    assert (change.input, change.output) == ('[{"role": "user", "content": "2"}]', "2")
    assert change.model == "gpt-4o-mini"
    assert json.loads(change.model_parameters or "") == {"temperature": 0.2, "stop": '["a","b"]'}
    assert change.provided_usage_details == {"input": 46, "output": 3, "total": 49}
    assert change.provided_cost_details == {"input": 0.1, "total": 0.3}
    assert change.completion_start_time and change.completion_start_time.microsecond == 250_000
    assert (change.prompt_name, change.prompt_version) == ("capital", 3)
    assert (change.version, change.environment) == ("1.4", "production")


def test_times_come_from_nanoseconds() -> None:
    change = observed(start=NOON_NS + 1_999, end=NOON_NS + SECOND_NS)
    assert change.start_time and change.start_time.isoformat() == "2026-06-01T12:00:00.000001+00:00"
    assert change.end_time and change.end_time.isoformat() == "2026-06-01T12:00:01+00:00"


@pytest.mark.parametrize(("start", "end"), [(0, NOON_NS), (NOON_NS, 0), (NOON_NS, NOON_NS - SECOND_NS)])
def test_a_missing_time_is_the_other_one(start: int, end: int) -> None:
    change = observed(start=start, end=end)
    assert change.start_time == change.end_time
    assert change.start_time and change.start_time.year == 2026


@pytest.mark.parametrize("kind", ["span", "event", "agent", "tool", "chain", "retriever", "evaluator", "guardrail"])
def test_the_own_type_is_taken(kind: str) -> None:
    assert observed({"langfuse.observation.type": kind}).type == kind.upper()


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({}, "SPAN"),
        ({"langfuse.observation.type": "nonsense", "gen_ai.operation.name": "chat"}, "GENERATION"),
        ({"langfuse.observation.type": "span", "gen_ai.request.model": "m"}, "SPAN"),
        ({"openinference.span.kind": "LLM"}, "GENERATION"),
        ({"openinference.span.kind": "RETRIEVER"}, "RETRIEVER"),
        ({"gen_ai.operation.name": "embeddings"}, "EMBEDDING"),
        ({"gen_ai.operation.name": "execute_tool"}, "TOOL"),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}, "AGENT"),
        ({"ai.operationId": "ai.generateText.doGenerate"}, "GENERATION"),
        ({"operation.name": "ai.embed.doEmbed search"}, "EMBEDDING"),
        ({"ai.operationId": "ai.toolCall"}, "TOOL"),
        ({"ai.operationId": "ai.generateText", "ai.model.id": "m"}, "SPAN"),
        ({"gen_ai.tool.name": "search"}, "TOOL"),
        ({"traceloop.span.kind": "workflow"}, "CHAIN"),
        ({"llm.request.type": "chat"}, "GENERATION"),
        ({"llm.model_name": "m"}, "GENERATION"),
    ],
)
def test_the_type_is_told_by_the_first_rule_that_knows(attributes: dict[str, Any], kind: str) -> None:
    assert foreign(attributes).type == kind


def test_old_python_sdks_called_generations_spans() -> None:
    attributes = {"langfuse.observation.type": "span", "langfuse.observation.model.name": "m"}
    assert observed(attributes, version="3.2.1").type == "GENERATION"
    assert observed(attributes, version="3.15.0").type == "SPAN"


def test_own_names_stand_before_foreign_ones() -> None:
    change = foreign(
        {
            "gen_ai.request.model": "asked",
            "gen_ai.response.model": "answered",
            "langfuse.observation.model.name": "own",
            "input.value": "foreign",
            "langfuse.observation.input": "own",
        }
    )
    assert (change.model, change.input) == ("own", '"own"')
    assert foreign({"gen_ai.request.model": "asked", "gen_ai.response.model": "answered"}).model == "answered"


def test_an_agent_does_not_repeat_the_usage_of_its_calls() -> None:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5}
    change = foreign(attributes)
    assert (change.model, change.provided_usage_details) == (None, None)


def test_only_generations_are_linked_to_prompts() -> None:
    prompt = {"langfuse.observation.prompt.name": "p", "langfuse.observation.prompt.version": 1}
    assert observed({"langfuse.observation.type": "span", **prompt}).prompt_name is None
    assert (
        observed({"langfuse.observation.type": "generation", "langfuse.observation.prompt.name": "p"}).prompt_name
        is None
    )


def test_a_failed_span_is_an_error_with_its_reason() -> None:
    assert observed(status_code=2, status_message="boom").level == "ERROR"
    raised = SpanEvent("exception", {"exception.type": "ValueError", "exception.message": "no such country"})
    change = foreign({}, status_code=2, events=[raised])
    assert (change.level, change.status_message) == ("ERROR", "no such country")
    assert observed(status_code=1).level is None


def test_gen_ai_messages_of_today() -> None:
    change = foreign(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
            "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Italy?"}]}]',
            "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "Rome"}]}]',
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 2,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.model": "m",
        }
    )
    messages = json.loads(change.input or "")
    assert [message["role"] for message in messages] == ["system", "user"]
    assert json.loads(change.output or "")[0]["parts"][0]["content"] == "Rome"
    assert change.provided_usage_details == {"input": 10, "output": 2}
    assert json.loads(change.model_parameters or "") == {"temperature": 0.5}


def test_gen_ai_messages_of_old() -> None:
    change = foreign(
        {
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "Italy?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "Rome",
            "gen_ai.usage.prompt_tokens": 10,
            "gen_ai.usage.completion_tokens": 2,
        }
    )
    assert json.loads(change.input or "") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Italy?"},
    ]
    assert json.loads(change.output or "") == [{"role": "assistant", "content": "Rome"}]
    assert change.provided_usage_details == {"input": 10, "output": 2}


def test_gen_ai_messages_as_events() -> None:
    events = [
        SpanEvent("gen_ai.system.message", {"content": "Be brief."}),
        SpanEvent("gen_ai.user.message", {"content": "Italy?"}),
        SpanEvent("gen_ai.choice", {"message": "Rome", "finish_reason": "stop"}),
    ]
    change = foreign({"gen_ai.request.model": "m"}, events=events)
    assert [message["role"] for message in json.loads(change.input or "")] == ["system", "user"]
    assert json.loads(change.output or "") == {"message": "Rome", "finish_reason": "stop"}
    details = {"gen_ai.input.messages": '["q"]', "gen_ai.output.messages": '["a"]'}
    change = foreign({}, events=[SpanEvent("gen_ai.client.inference.operation.details", details)])
    assert (change.input, change.output) == ('["q"]', '["a"]')
    content = [
        SpanEvent("gen_ai.content.prompt", {"gen_ai.prompt": "q"}),
        SpanEvent("gen_ai.content.completion", {"gen_ai.completion": "a"}),
    ]
    change = foreign({}, events=content)
    assert (change.input, change.output) == ('"q"', '"a"')


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("x", {"input.value": "q", "output.value": "a"}),
        ("x", {"traceloop.entity.input": "q", "traceloop.entity.output": "a"}),
        ("x", {"mlflow.spanInputs": "q", "mlflow.spanOutputs": "a"}),
        ("x", {"gcp.vertex.agent.llm_request": "q", "gcp.vertex.agent.llm_response": "a"}),
        ("x", {"lk.input_text": "q", "lk.response.text": "a"}),
        ("x", {"genkit:input": "q", "genkit:output": "a"}),
        ("x", {"tool_arguments": "q", "tool_response": "a"}),
        ("x", {"gen_ai.tool.call.arguments": "q", "gen_ai.tool.call.result": "a"}),
        ("x", {"input": "q", "output": "a"}),
        ("pydantic-ai", {"pydantic_ai.all_messages": "q", "final_result": "a"}),
        ("ai", {"ai.prompt": "q", "ai.response.text": "a"}),
        ("ai", {"ai.toolCall.args": "q", "ai.toolCall.result": "a"}),
    ],
)
def test_inputs_and_outputs_of_other_dialects(scope: str, attributes: dict[str, Any]) -> None:
    change = foreign(attributes, scope=scope)
    assert (change.input, change.output) == ('"q"', '"a"')


def test_two_dialects_are_never_mixed() -> None:
    change = foreign({"input.value": "q", "gen_ai.output.messages": "a"})
    assert (change.input, change.output) == ('"q"', None)


def test_openinference_messages_and_parts_of_usage() -> None:
    change = foreign(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o",
            "llm.invocation_parameters": '{"temperature": 0}',
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Italy?",
            "llm.output_messages.0.message.content": "Rome",
            "llm.token_count.prompt": 100,
            "llm.token_count.completion": 50,
            "llm.token_count.total": 150,
            "llm.token_count.prompt_details.cache_read": 60,
            "llm.token_count.completion_details.reasoning": 30,
            "llm.cost.total": 0.25,
        }
    )
    assert json.loads(change.input or "") == [{"role": "user", "content": "Italy?"}]
    assert change.provided_usage_details == {
        "input": 40,
        "output": 20,
        "total": 150,
        "input_cached_tokens": 60,
        "output_reasoning_tokens": 30,
    }
    assert change.provided_cost_details == {"total": 0.25}
    assert json.loads(change.model_parameters or "") == {"temperature": 0}


def test_vercels_sdk() -> None:
    change = foreign(
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.telemetry.functionId": "capital",
            "ai.model.id": "gpt-4o",
            "ai.prompt.messages": '[{"role": "user", "content": "Italy?"}]',
            "ai.response.text": "Rome",
            "ai.response.toolCalls": '[{"toolName": "map"}]',
            "ai.response.msToFirstChunk": 250.5,
            "ai.usage.inputTokens": 10,
            "ai.usage.outputTokens": 2,
            "ai.telemetry.metadata.userId": "u",
            "ai.telemetry.metadata.team": "red",
            "ai.telemetry.metadata.langfusePrompt": '{"name": "p", "version": 2}',
        },
        scope="ai",
    )
    assert (change.name, change.type, change.model) == ("capital:ai.streamText.doStream", "GENERATION", "gpt-4o")
    assert json.loads(change.output or "") == {
        "role": "assistant",
        "content": "Rome",
        "tool_calls": [{"toolName": "map"}],
    }
    assert change.provided_usage_details == {"input": 10, "output": 2}
    assert change.completion_start_time and change.completion_start_time.microsecond == 250_500
    assert (change.prompt_name, change.prompt_version) == ("p", 2)
    assert (change.metadata or {})["team"] == '"red"'
    assert "userId" not in (change.metadata or {})


def test_metadata_whole_and_by_key() -> None:
    change = observed(
        {
            "langfuse.observation.metadata.hits": "2",
            "langfuse.observation.metadata": '{"hits": 1, "note": "x"}',
            "langfuse.observation.metadata.flag": True,
            "langfuse.observation.metadata.quoted": '"0"',
        },
        resource={"service.name": "app"},
    )
    metadata = change.metadata or {}
    assert (metadata["hits"], metadata["note"], metadata["flag"], metadata["quoted"]) == ("2", '"x"', "true", '"0"')
    assert json.loads(metadata["resourceAttributes"]) == {"service.name": "app"}
    assert json.loads(metadata["scope"])["name"] == "langfuse-sdk"
    assert "attributes" not in metadata


def test_other_attributes_and_events_of_foreign_spans_are_kept() -> None:
    happened = SpanEvent("retry", {"attempt": 2}, NOON_NS)
    change = foreign({"input.value": "q", "http.route": "/x", "langfuse.trace.name": "n"}, events=[happened])
    metadata = change.metadata or {}
    assert json.loads(metadata["attributes"]) == {"http.route": "/x"}
    assert json.loads(metadata["events"]) == [
        {"name": "retry", "time": "2026-06-01T12:00:00+00:00", "attributes": {"attempt": 2}}
    ]


def test_experiments_are_kept_by_their_short_names() -> None:
    change = observed(
        {
            "langfuse.experiment.id": "e1",
            "langfuse.experiment.item.id": "i1",
            "langfuse.experiment.metadata": '{"model": "x"}',
            "langfuse.environment": "sdk-experiment",
        }
    )
    assert change.experiment == {"id": "e1", "item.id": "i1", "metadata": '{"model": "x"}'}
    assert change.environment == "sdk-experiment"


@pytest.mark.parametrize(
    ("attributes", "resource", "environment"),
    [
        ({}, {}, None),
        ({}, {"deployment.environment": "staging"}, "staging"),
        ({"deployment.environment": "own"}, {"deployment.environment.name": "staging"}, "staging"),
        ({"deployment.environment": "own"}, {"deployment.environment": "staging"}, "own"),
        ({"langfuse.environment": "Bad Name"}, {}, "default"),
    ],
)
def test_the_environment_is_found_by_its_most_telling_name(
    attributes: dict[str, Any], resource: dict[str, Any], environment: str | None
) -> None:
    assert observed(attributes, resource=resource).environment == environment


def test_the_version_of_the_service_stands_in() -> None:
    assert observed(resource={"service.version": "7"}).version == "7"
    assert observed({"langfuse.version": "8"}, resource={"service.version": "7"}).version == "8"


def test_a_span_that_is_sent_twice_is_one() -> None:
    changes = spans.translate([source(span(), child(), span())])
    assert [change.id for change in changes.observations] == [span().id, child().id]


def test_marked_spans_are_roots_below_foreign_ones() -> None:
    for mark in ("langfuse.internal.as_root", "langfuse.internal.is_app_root"):
        (change,) = spans.translate([source(child({mark: True}))]).observations
        assert change.as_root is True
        assert change.parent_observation_id == span().id
    assert observed({"langfuse.internal.is_app_root": True}).as_root is None
