"""An LLM as a judge: what it is asked, how its answer is had and read, and the call as a trace.

An answer is asked for by a JSON Schema; where the provider refuses that, in JSON mode; where it refuses that too, as
text. Which of these works is kept in the cache by connection and model. What is asked for is said in the messages, too,
whatever works: some servers take a schema and ignore it. An answer that cannot be read is asked for once more.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.core.cache import cache

from common.errors import Invalid
from evaluation.definitions import Judge, Output
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.scoring.base import Outcome, ScoringFailed, Subject, calls_of
from evaluation.scoring.parts import mapped, whole_text
from evaluation.scoring.reading import Unreadable, Verdict, read_verdict
from llm.calls import Answer, CallFailed, ChatRequest, FailureKind
from llm.client import Client
from llm.clients import Clients
from llm.defaults import usual_model
from prompts.templates import compile_prompt
from tracing.recorder import RecordedCall

# Clients cannot send it (`tracing.environments`): what stands in it is ours, and no rule takes it.
ENVIRONMENT = "langfuse-llm-as-a-judge"
# Variables of a judge that prefers one of two answers; it is asked in both orders.
FIRST, SECOND = "answer_a", "answer_b"
PAIR = ("A", "B", "tie")
_SWAPPED = {"A": "B", "B": "A", "tie": "tie"}
# Sources that may be empty: that there were no calls says something, too.
_MAY_BE_EMPTY = frozenset({"tool_calls"})
_MODES = ("schema", "json", "text")
_REMEMBERED = 24 * 3600  # seconds; providers learn


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model takes requests: which format it can be held to, and whether it takes a temperature."""

    mode: str = "schema"
    temperature: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A judge with its variables filled in: who is asked, what, and under which name it is recorded."""

    name: str
    definition: Judge
    values: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages as they are sent."""
        return messages_of(self.definition, self.values)


async def judge(
    version: EvaluatorVersion, definition: Judge, subject: Subject, mapping: Sequence[Mapped], clients: Clients
) -> list[Outcome]:
    """The judge's outcomes, several where it may choose several categories; a judge of pairs is asked in both orders.

    Raises ScoringFailed.
    """
    values = values_of(definition, subject, mapping)
    return await _judged(_asked(version, definition, values, subject), clients)


def is_pairwise(definition: Judge) -> bool:
    """Whether it is a judge of pairs: it has both variables and answers with A, B or tie."""
    return {FIRST, SECOND} <= set(definition.variables) and set(definition.output.categories or ()) == set(PAIR)


def values_of(definition: Judge, subject: Subject, mapping: Sequence[Mapped]) -> dict[str, Any]:
    """The judge's variables with their values. Raises ScoringFailed where one is not mapped or there is nothing to
    judge."""
    known = {one.variable for one in mapping}
    if lacking := [name for name in definition.variables if name not in known]:
        raise ScoringFailed(f"These variables of the prompt are not mapped: {', '.join(lacking)}.")
    used = [one for one in mapping if one.variable in definition.variables]
    values = mapped(subject, used)
    for one in used:
        if values[one.variable] is None and one.source not in _MAY_BE_EMPTY:
            where = f"{one.source} {one.json_path or ''}".strip()
            raise ScoringFailed(f"Nothing fills the prompt's variable {one.variable}: {where} is empty.")
    return values


def messages_of(definition: Judge, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A judge's messages with its variables filled in, and what is to be answered at their end; a variable without a
    value stays as it is."""
    content = [{"role": role, "content": content} for role, content in definition.messages]
    compiled = compile_prompt(content, {name: whole_text(value) for name, value in values.items()})
    messages = [message for message in compiled if isinstance(message, dict) and message["content"].strip()]
    told = instructions(definition.output)
    if messages and messages[-1]["role"] == "user":
        messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{told}"}
        return messages
    return [*messages, {"role": "user", "content": told}]


def schema(output: Output) -> dict[str, Any]:
    """The JSON Schema of the judge's answer: first the reasoning, so that the score follows from it."""
    score: dict[str, Any]
    match output.data_type:
        case "NUMERIC":
            bounds = {"minimum": output.min_value, "maximum": output.max_value}
            score = {"type": "number", **{name: value for name, value in bounds.items() if value is not None}}
        case "BOOLEAN":
            score = {"type": "boolean"}
        case _:
            score = {"type": "string", "enum": list(output.categories or ())}
            if output.multiple:
                score = {"type": "array", "items": score}
    if output.instructions:
        score["description"] = output.instructions
    reasoning = {"type": "string", **({"description": output.reasoning} if output.reasoning else {})}
    return {
        "type": "object",
        "properties": {"reasoning": reasoning, "score": score},
        "required": ["reasoning", "score"],
        "additionalProperties": False,
    }


def instructions(output: Output) -> str:
    """What the judge is told about its answer."""
    match output.data_type:
        case "NUMERIC":
            low, high = (None if limit is None else f"{limit:g}" for limit in (output.min_value, output.max_value))
            bounds = [word for word in (low and f"at least {low}", high and f"at most {high}") if word]
            score = f"a number{', ' if bounds else ''}{' and '.join(bounds)}"
        case "BOOLEAN":
            score = "true or false"
        case _:
            labels = orjson.dumps(list(output.categories or ())).decode()
            score = f"a list of those of {labels} that apply" if output.multiple else f"exactly one of {labels}"
    lines = [
        'Answer with one JSON object and nothing else: {"reasoning": …, "score": …}.',
        f'"reasoning": {output.reasoning or "a short explanation, written before the score"}',
        f'"score": {score}. {output.instructions}'.strip(),
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Had:
    """A verdict, the call that brought it, and those before that brought none."""

    verdict: Verdict
    call: RecordedCall
    before: Sequence[RecordedCall]


async def _judged(asked: Asked, clients: Clients) -> list[Outcome]:
    client, model = _model(asked, clients)
    if not is_pairwise(asked.definition):
        had = await _verdict(asked, client, model)
        return [_outcome(asked, had, value) for value in had.verdict.values]
    values = {**asked.values, FIRST: asked.values[SECOND], SECOND: asked.values[FIRST]}
    swapped = replace(asked, values=values, metadata={**asked.metadata, "order": "swapped"})
    both = await asyncio.gather(
        _verdict(asked, client, model), _verdict(swapped, client, model), return_exceptions=True
    )
    for failed in both:
        if isinstance(failed, ScoringFailed):
            paid = [call for one in both if isinstance(one, _Had) for call in (one.call, *one.before)]
            others = calls_of([one for one in both if isinstance(one, ScoringFailed) and one is not failed])
            raise ScoringFailed(
                failed.message,
                retryable=failed.retryable,
                call=failed.call,
                more_calls=[*failed.more_calls, *paid, *others],
            )
        if isinstance(failed, BaseException):
            raise failed
    first, second = (one for one in both if isinstance(one, _Had))
    return [_preference(asked, first, second)]


def _preference(asked: Asked, first: _Had, second: _Had) -> Outcome:
    """One outcome of both orders; a tie where they disagree, because then the order decided."""
    one, other = str(first.verdict.values[0]), _SWAPPED[str(second.verdict.values[0])]
    agree = one == other
    told = f"A first: {one}. {first.verdict.reasoning}\n\nB first: {other}. {second.verdict.reasoning}"
    if not agree:
        told = f"The two orders disagree, so that neither is preferred.\n\n{told}"
    return replace(
        _outcome(asked, first, one if agree else "tie"),
        reasoning=told,
        more_calls=(*first.before, second.call, *second.before),
        metadata={"orders": [one, other], "orders_agree": agree},
    )


def _outcome(asked: Asked, had: _Had, value: float | str) -> Outcome:
    return Outcome(
        data_type=asked.definition.output.data_type,
        value=value,
        reasoning=had.verdict.reasoning,
        call=had.call,
        more_calls=tuple(had.before),
    )


async def _verdict(asked: Asked, client: Client, model: str) -> _Had:
    """Raises ScoringFailed."""
    trace_id = uuid.uuid4().hex
    before: list[RecordedCall] = []
    messages = asked.messages
    while True:
        request, result = await _answer(asked, client, model, messages)
        call = _recorded(asked, trace_id, request, result)
        if isinstance(result, CallFailed):
            raise ScoringFailed(
                f"The judge could not be asked: {result.message}",
                retryable=result.retryable,
                call=call,
                more_calls=before,
            )
        try:
            verdict = read_verdict(result.text, asked.definition.output)
        except Unreadable as fault:
            cut = "; it was cut off at the limit of its length" if result.finish_reason == "length" else ""
            if before:
                raise ScoringFailed(
                    f"The judge's answer cannot be read: {fault}{cut}.", call=call, more_calls=before
                ) from None
            before.append(call)
            again = f"This answer cannot be read: {fault}. Answer again, with nothing but the JSON object."
            messages = [
                *messages,
                {"role": "assistant", "content": result.text or "…"},
                {"role": "user", "content": again},
            ]
        else:
            output = {"score": list(verdict.values) if len(verdict.values) != 1 else verdict.values[0]}
            return _Had(verdict, replace(call, output={**output, "reasoning": verdict.reasoning}), before)


async def _answer(
    asked: Asked, client: Client, model: str, messages: Sequence[Mapping[str, Any]]
) -> tuple[ChatRequest, Answer | CallFailed]:
    """The last request and its answer, in the best manner that the model takes."""
    key = f"judge-manner:{client.connection.pk}:{uuid.uuid5(uuid.NAMESPACE_OID, model)}"
    known = await cache.aget(key)
    manner = first = Manner(*known) if known else Manner()
    while True:
        request = _request(asked, model, messages, manner)
        try:
            answer = await client.complete(request)
        except CallFailed as failed:
            worse = _worse(manner, failed)
            if worse is None:
                return request, failed
            manner = worse
        else:
            if manner != first:
                await cache.aset(key, [manner.mode, manner.temperature], _REMEMBERED)
            return request, answer


def _worse(manner: Manner, failed: CallFailed) -> Manner | None:
    """The next manner to try after a refusal of the request itself; None where another would not help."""
    if failed.kind is not FailureKind.BAD_REQUEST:
        return None
    if manner.temperature and "temperature" in failed.message.casefold():
        return replace(manner, temperature=False)
    if manner.mode == _MODES[-1]:
        return replace(manner, temperature=False) if manner.temperature else None
    return replace(manner, mode=_MODES[_MODES.index(manner.mode) + 1])


def _request(asked: Asked, model: str, messages: Sequence[Mapping[str, Any]], manner: Manner) -> ChatRequest:
    formats: dict[str, dict[str, Any] | None] = {
        "schema": {
            "type": "json_schema",
            "json_schema": {"name": "judgement", "strict": True, "schema": schema(asked.definition.output)},
        },
        "json": {"type": "json_object"},
        "text": None,
    }
    return ChatRequest(
        model=model,
        messages=messages,
        parameters={"temperature": 0} if manner.temperature else {},
        response_format=formats[manner.mode],
    )


def _model(asked: Asked, clients: Clients) -> tuple[Client, str]:
    try:
        client = clients.named(asked.definition.provider)
    except Invalid as refusal:
        raise ScoringFailed(refusal.message) from None
    model = asked.definition.model or usual_model(client.connection)
    if not model:
        raise ScoringFailed(
            f"The evaluator names no model, and the LLM connection {client.connection.provider!r} lists none. "
            "Name one in either of them."
        )
    return client, model


def _recorded(asked: Asked, trace_id: str, request: ChatRequest, result: Answer | CallFailed) -> RecordedCall:
    return RecordedCall(
        trace_id=trace_id,
        observation_id=uuid.uuid4().hex[:16],
        name=asked.name,
        request=request,
        result=result,
        environment=ENVIRONMENT,
        metadata=asked.metadata,
    )


def _asked(version: EvaluatorVersion, definition: Judge, values: Mapping[str, Any], subject: Subject) -> Asked:
    judged = {"judged_trace_id": subject.trace_id, "judged_observation_id": subject.observation_id}
    return Asked(
        name=version.evaluator.name,
        definition=definition,
        values=values,
        metadata={
            "evaluator_id": version.evaluator_id,
            "evaluator_version": version.version,
            **{name: value for name, value in judged.items() if value},
        },
    )
