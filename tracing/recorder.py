"""Our own calls of models as traces, by the same pipeline as an SDK's: playground, experiments, judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm.calls import Answer, CallFailed, ChatRequest
from tracing.environments import DEFAULT
from tracing.ingestion import jsontext
from tracing.ingestion.pipeline import store_changes
from tracing.ingestion.usage import cost_details, usage_details
from tracing.records import Changes, ObservationChange, ScoreChange, TraceChange


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as one trace with one generation. Ids are the caller's, so that recording twice is recording once.

    `input` and `output` are what the trace shows as a whole (the item's input, the parsed answer); None takes the
    messages and the answer. `prompt` is (name, version).
    """

    trace_id: str
    observation_id: str
    name: str
    request: ChatRequest
    result: Answer | CallFailed
    generation_name: str | None = None
    prompt: tuple[str, int] | None = None
    environment: str = DEFAULT
    user_id: str | None = None
    session_id: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    output: Any = None


def record(project_id: str, calls: Sequence[RecordedCall], scores: Sequence[ScoreChange] = ()) -> list[float | None]:
    """Store the calls, and scores that belong to them, in one batch; what each cost in US dollars, None: not known.

    Raises Overloaded while the database cannot be reached.
    """
    changes = Changes(
        traces=[_trace(call) for call in calls],
        observations=[_generation(call) for call in calls],
        scores=list(scores),
    )
    store_changes(project_id, changes, whole=True)
    return [generation.total_cost for generation in changes.observations]


def _trace(call: RecordedCall) -> TraceChange:
    result = call.result
    output = call.output
    if output is None and isinstance(result, Answer):
        output = _said(result)
    return TraceChange(
        id=call.trace_id,
        seen_at=result.ended_at,
        timestamp=result.started_at,
        name=call.name,
        user_id=call.user_id,
        session_id=call.session_id,
        environment=call.environment,
        tags=call.tags,
        input=jsontext.from_value(list(call.request.messages) if call.input is None else call.input),
        output=jsontext.from_value(output),
        metadata=_metadata(call.metadata),
    )


def _generation(call: RecordedCall) -> ObservationChange:
    request, result = call.request, call.result
    prompt_name, prompt_version = call.prompt or (None, None)
    change = ObservationChange(
        id=call.observation_id,
        trace_id=call.trace_id,
        seen_at=result.ended_at,
        type="GENERATION",
        name=call.generation_name or call.name,
        start_time=result.started_at,
        end_time=result.ended_at,
        environment=call.environment,
        model=request.model,
        model_parameters=jsontext.dump(dict(request.parameters)) if request.parameters else None,
        prompt_name=prompt_name,
        prompt_version=prompt_version,
        input=jsontext.dump(_asked(request)),
        metadata=_metadata(_circumstances(result)),
    )
    if isinstance(result, CallFailed):
        change.level = "ERROR"
        change.status_message = result.message
        return change
    change.completion_start_time = result.first_token_at
    change.output = jsontext.from_value(_said(result))
    change.provided_usage_details = usage_details(result.usage) or None
    if result.cost is not None:
        change.provided_cost_details = cost_details({"total": result.cost}) or None
    return change


def _asked(request: ChatRequest) -> Any:
    """The messages alone where there is nothing beside them, as the SDKs' wrappers keep them."""
    messages = [dict(message) for message in request.messages]
    beside: dict[str, Any] = {}
    if request.tools:
        beside["tools"] = list(request.tools)
        if request.tool_choice is not None:
            beside["tool_choice"] = request.tool_choice
    if request.response_format:
        beside["response_format"] = request.response_format
    return {"messages": messages, **beside} if beside else messages


def _said(answer: Answer) -> Any:
    return dict(answer.message) if answer.message.get("tool_calls") else answer.text


def _circumstances(result: Answer | CallFailed) -> dict[str, Any]:
    told: dict[str, Any] = {"attempts": result.attempts} if result.attempts > 1 else {}
    if isinstance(result, CallFailed):
        return {**told, "failure": result.kind.value, **({"status": result.status} if result.status else {})}
    if result.finish_reason:
        told["finish_reason"] = result.finish_reason
    return told


def _metadata(given: Mapping[str, Any]) -> dict[str, str] | None:
    return {key: jsontext.from_value(value) or "null" for key, value in given.items()} or None
