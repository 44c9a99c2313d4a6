"""What is scored, and what scoring brings: the values between evaluators and those who run them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tracing.ingestion import jsontext
from tracing.recorder import RecordedCall
from tracing.scores import ScoreInput

_NAMESPACE = uuid.UUID("5d6f3b0a-53a5-4c53-9a57-0d1f0e9b8a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trace or an observation to be scored; `input` and its like are plain JSON values.

    `expected_output` and `item_metadata` are those of the dataset item that it answers, None outside of runs.
    `latency` in seconds, `cost` in US dollars.
    """

    trace_id: str
    observation_id: str | None = None
    environment: str = "default"
    input: Any = None
    output: Any = None
    metadata: Any = None
    tool_calls: Any = None
    expected_output: Any = None
    item_metadata: Any = None
    latency: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One score: a number (NUMERIC), 0 or 1 (BOOLEAN) or a label (CATEGORICAL), with the reason for it.

    `name` is empty where the score bears the evaluator's name. `call` is the judge's own call, to be recorded as a
    trace; `more_calls` are others that were made for it (the other order of a pair, an answer that could not be read).
    """

    data_type: str
    value: float | str
    reasoning: str = ""
    name: str = ""
    call: RecordedCall | None = None
    more_calls: Sequence[RecordedCall] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class ScoringFailed(Exception):
    """Nothing could be scored; the sentence says why. `call` is the judge's call that failed or could not be read, and
    `more_calls` those made before it.

    `retryable`: the same may succeed later (the provider was busy), or not (the answer lacks what the metric needs).
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        call: RecordedCall | None = None,
        more_calls: Sequence[RecordedCall] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.call = call
        self.more_calls = more_calls


def calls_of(found: Sequence[Outcome | ScoringFailed]) -> list[RecordedCall]:
    """All calls of models that were made for these, each once: what is to be recorded, and what was paid for."""
    calls = {
        call.observation_id: call for one in found for call in (*((one.call,) if one.call else ()), *one.more_calls)
    }
    return list(calls.values())


def inputs_of(
    project_id: str, evaluator_id: str, evaluator_name: str, version: int, subject: Subject, outcomes: list[Outcome]
) -> list[ScoreInput]:
    """The scores, for `tracing.scores.resolve` to check. The same evaluator, subject and name always give the same id:
    scoring anew replaces."""
    return [
        ScoreInput(
            id=score_id(project_id, evaluator_id, subject, outcome.name, place),
            name=outcome.name or evaluator_name,
            value=outcome.value,
            data_type=outcome.data_type,
            trace_id=subject.trace_id,
            observation_id=subject.observation_id,
            environment=subject.environment,
            source="EVAL",
            comment=outcome.reasoning,
            timestamp=datetime.now(UTC).isoformat(),
            metadata=jsontext.dump(
                {
                    **outcome.metadata,
                    "evaluator_id": evaluator_id,
                    "evaluator_version": version,
                    **({"judge_trace_id": outcome.call.trace_id} if outcome.call else {}),
                }
            ),
            internal=True,
        )
        for place, outcome in enumerate(outcomes)
    ]


def score_id(project_id: str, evaluator_id: str, subject: Subject, name: str = "", place: int = 0) -> str:
    """The id of the score that an evaluator gives to a subject; `place` tells several of one name apart."""
    parts = (project_id, evaluator_id, subject.trace_id, subject.observation_id or "", name, str(place))
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))
