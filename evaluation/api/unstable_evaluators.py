"""`/unstable/evaluators` (openapi.yml): evaluators by name; whoever sends a name again makes its next version."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import Count
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.structured import StructuredView
from common.errors import Invalid
from evaluation import definitions, evaluators, mapping
from evaluation.api.base import EvaluationView, evaluator_told, evaluators_told
from evaluation.api.evaluators import ModelBody, code_shape, definition
from evaluation.api.stable import MappedBody, mapping_of, mapping_shape
from evaluation.definitions import Judge, Output
from evaluation.models import Evaluator, EvaluatorType, EvaluatorVersion, RuleEvaluator

# What this dialect calls the fields of a definition.
FIELDS = {
    **definitions.FIELDS,
    "mapping": "mapping",
    "reasoning": "outputDefinition.reasoning.description",
    "instructions": "outputDefinition.score.description",
    "min_value": "outputDefinition.score.minValue",
    "max_value": "outputDefinition.score.maxValue",
    "categories": "outputDefinition.score.categories",
    "multiple": "outputDefinition.score.shouldAllowMultipleMatches",
}


class UnstableView(StructuredView, EvaluationView):
    """Structured refusals, numbered pages."""


class ReasoningBody(WireStruct, frozen=True):
    description: str


class ScoreBody(WireStruct, frozen=True):
    description: str
    min_value: float | None = None
    max_value: float | None = None
    categories: list[str] | None = None
    should_allow_multiple_matches: bool | None = None


class OutputBody(WireStruct, frozen=True):
    data_type: str
    reasoning: ReasoningBody
    score: ScoreBody

    def output(self) -> Output:
        for name, text in (("reasoning", self.reasoning.description), ("score", self.score.description)):
            if not text.strip():
                field = f"outputDefinition.{name}.description"
                raise Invalid(f"{field} must say what the judge is to give.", field)
        return Output(
            data_type=self.data_type,
            reasoning=self.reasoning.description,
            instructions=self.score.description,
            min_value=self.score.min_value,
            max_value=self.score.max_value,
            categories=self.score.categories,
            multiple=self.score.should_allow_multiple_matches,
        )


class JudgeBody(WireStruct, frozen=True):
    prompt: str
    output_definition: OutputBody
    llm_model: ModelBody | None = msgspec.field(default=None, name="modelConfig")
    mapping: list[MappedBody] | None = None

    def definition(self) -> Judge:
        return Judge(
            messages=[("user", self.prompt)],
            output=self.output_definition.output(),
            mapping=mapping_of(self.mapping),
            provider=self.llm_model.provider if self.llm_model else None,
            model=self.llm_model.model if self.llm_model else None,
        )


class CreateBody(WireStruct, frozen=True):
    name: str
    type: str | None = None


class UnstableEvaluatorsView(UnstableView):
    """`GET, POST /unstable/evaluators`."""

    def get(self, request: Request) -> Response:
        return self.numbered(evaluators_told(self.project_id), shapes)

    def post(self, request: Request) -> Response:
        body = convert(request.data, CreateBody)
        defined = definition(body.type or EvaluatorType.JUDGE, request.data, JudgeBody)
        draft = evaluators.Draft(name=body.name, definition=defined)
        return Response(shape(evaluators.publish(self.project_id, draft, self.author, FIELDS)))


class UnstableEvaluatorView(UnstableView):
    """`GET, DELETE /unstable/evaluators/{evaluatorId}`."""

    def get(self, request: Request, evaluator_id: str) -> Response:
        return Response(shape(evaluator_told(self.project_id, evaluator_id)))

    def delete(self, request: Request, evaluator_id: str) -> Response:
        evaluator_told(self.project_id, evaluator_id)
        evaluators.remove(self.project_id, evaluator_id, self.author)
        return Response({"message": "Evaluator successfully deleted"})


def shape(evaluator: Evaluator) -> dict[str, Any]:
    """An evaluator in its latest version, on the wire."""
    return shapes([evaluator])[0]


def shapes(rows: Sequence[Evaluator]) -> list[dict[str, Any]]:
    """Evaluators in their latest versions; two queries however many."""
    ids = [evaluator.pk for evaluator in rows]
    versions = evaluators.latest(ids)
    counted = RuleEvaluator.objects.filter(evaluator_id__in=ids).values_list("evaluator_id").annotate(Count("pk"))
    rules = dict(counted)
    return [_shape(evaluator, versions[evaluator.pk], rules.get(evaluator.pk, 0)) for evaluator in rows]


def _shape(evaluator: Evaluator, version: EvaluatorVersion, rules: int) -> dict[str, Any]:
    return {
        "id": evaluator.pk,
        "name": evaluator.name,
        "version": version.version,
        "variables": version.variables if version.output is not None else list(mapping.SOURCES.values()),
        "mapping": mapping_shape(mapping.read(version.mapping)),
        "evaluationRuleCount": rules,
        "createdAt": evaluator.created_at,
        "updatedAt": evaluator.updated_at,
        **_definition_shape(version),
    }


def _definition_shape(version: EvaluatorVersion) -> dict[str, Any]:
    if version.output is None:
        return code_shape(version)
    return {
        "type": EvaluatorType.JUDGE,
        # This dialect knows no roles.
        "prompt": "\n\n".join(message["content"] for message in version.messages),
        "outputDefinition": _output_shape(Output(**version.output)),
        "modelConfig": version.provider and {"provider": version.provider, "model": version.model},
    }


def _output_shape(output: Output) -> dict[str, Any]:
    bounds = {"minValue": output.min_value, "maxValue": output.max_value}
    labels = {"categories": output.categories, "shouldAllowMultipleMatches": output.multiple}
    told = {name: value for name, value in {**bounds, **labels}.items() if value is not None}
    return {
        "dataType": output.data_type,
        "reasoning": {"description": output.reasoning},
        "score": {"description": output.instructions, **told},
    }
