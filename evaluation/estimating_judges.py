"""What the judges of an experiment will take: their templates filled in for a sample of the items, and an answer each.

The answers that they will read are not there yet: each place for one counts as long as answers are expected to be.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils import timezone

from datasets.models import DatasetItem
from evaluation import mapping as mappings
from evaluation.asking import values_of
from evaluation.definitions import Judge, definition_of
from evaluation.experiment_lookup import Found
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.scoring.base import ScoringFailed, Subject
from evaluation.scoring.judging import is_pairwise, messages_of
from evaluation.scoring.parts import mapped as filled
from llm import costs, tokens
from llm.connections import of_project
from llm.defaults import usual, usual_model
from llm.models import LlmConnection

JUDGEMENT_TOKENS = 100  # a sentence or two of reasoning, and the score
CHARACTERS_A_TOKEN = 4  # of models whose tokenizer nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeEstimate:
    """One judge's calls. `cost` (US dollars) is None where the price of its model is unknown; `connection` None where
    the project has none that it could be asked through."""

    name: str
    model: str
    connection: LlmConnection | None
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None


def judges(project_id: str, found: Found, sample: Sequence[DatasetItem], answer_tokens: float) -> list[JudgeEstimate]:
    """What the judges among the evaluators will take; an answer has so many tokens on average."""
    connections = list(of_project(project_id))
    return [
        _judge(version, definition, mapped or mappings.read(version.mapping) or (), found, sample, answer_tokens, there)
        for version, mapped in found.evaluators
        if isinstance(definition := definition_of(version), Judge)
        for there in [_connection(definition, connections)]
    ]


def tokens_of(model: str, messages: Any) -> int:
    """Tokens of messages; by their length where nobody knows how the model counts."""
    text = orjson.dumps(messages).decode()
    counted = tokens.count(model, text)
    return counted if counted is not None else tokens.count(model, text, "openai") or len(text) // CHARACTERS_A_TOKEN


def _judge(
    version: EvaluatorVersion,
    definition: Judge,
    mapped: Sequence[Mapped],
    found: Found,
    sample: Sequence[DatasetItem],
    answer_tokens: float,
    connection: LlmConnection | None,
) -> JudgeEstimate:
    model = definition.model or (usual_model(connection) if connection else "")
    asked = [tokens_of(model, messages_of(definition, _values(item, mapped))) for item in sample]
    answers = sum(one.source == "output" and one.variable in definition.variables for one in mapped)
    tokens_in = (math.fsum(asked) / len(asked) if asked else 0.0) + answers * answer_tokens
    calls = found.jobs * (2 if is_pairwise(definition) else 1)
    total_in, total_out = round(tokens_in * calls), JUDGEMENT_TOKENS * calls
    return JudgeEstimate(
        name=version.evaluator.name,
        model=model,
        connection=connection,
        calls=calls,
        input_tokens=total_in,
        output_tokens=total_out,
        cost=costs.estimated(connection, model, total_in, total_out, timezone.now()) if connection else None,
    )


def _values(item: DatasetItem, mapped: Sequence[Mapped]) -> Mapping[str, Any]:
    """What fills the judge's variables, as far as the item knows; the answer is empty."""
    values = values_of(item)
    subject = Subject(
        trace_id="",
        input=values.input,
        expected_output=values.expected_output,
        item_metadata=values.metadata,
    )
    known: dict[str, Any] = {}
    for one in mapped:
        try:
            known |= filled(subject, [one])
        except ScoringFailed:  # said when it is scored
            continue
    return {name: "" if value is None else value for name, value in known.items()}


def _connection(definition: Judge, connections: Sequence[LlmConnection]) -> LlmConnection | None:
    if definition.provider is None:
        return usual(connections)
    return next((one for one in connections if one.provider == definition.provider), None)
