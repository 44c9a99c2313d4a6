"""`/v2/evaluators` (Python SDK 5.0.4, `api/evaluators`; api.md, section 9)."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.errors import Invalid
from evaluation import evaluators, mapping
from evaluation.api import cursors
from evaluation.api.base import ON_THE_WIRE, evaluator_told, evaluators_told
from evaluation.api.stable import MappedBody, StableView, creator, given, mapping_of, mapping_shape
from evaluation.definitions import Code, Definition, Judge, Output
from evaluation.models import Evaluator, EvaluatorType, EvaluatorVersion, RuleEvaluator

Unset = msgspec.UnsetType


class MessageBody(WireStruct, frozen=True):
    role: str
    content: str


class ModelBody(WireStruct, frozen=True):
    provider: str
    model: str


class OutputBody(WireStruct, frozen=True):
    data_type: str
    score_reasoning_instructions: str | None = None
    score_value_instructions: str | None = None
    min_value: float | None = None
    max_value: float | None = None
    categories: list[str] | None = None
    should_allow_multiple_matches: bool | None = None

    def output(self) -> Output:
        return Output(
            data_type=self.data_type,
            reasoning=self.score_reasoning_instructions or "",
            instructions=self.score_value_instructions or "",
            min_value=self.min_value,
            max_value=self.max_value,
            categories=self.categories,
            multiple=self.should_allow_multiple_matches,
        )


class JudgeBody(WireStruct, frozen=True):
    """A judge's definition; a text as prompt is one message of the user."""

    prompt: str | list[MessageBody]
    output_definition: OutputBody
    llm_model: ModelBody | None = msgspec.field(default=None, name="modelConfig")
    variable_mapping: list[MappedBody] | None = None

    def definition(self) -> Judge:
        messages = (
            [("user", self.prompt)] if isinstance(self.prompt, str) else [(m.role, m.content) for m in self.prompt]
        )
        return Judge(
            messages=messages,
            output=self.output_definition.output(),
            mapping=mapping_of(self.variable_mapping),
            provider=self.llm_model.provider if self.llm_model else None,
            model=self.llm_model.model if self.llm_model else None,
        )


class CodeBody(WireStruct, frozen=True):
    source_code: str
    source_code_language: str

    def definition(self) -> Code:
        return Code(source_code=self.source_code, language=self.source_code_language)


class JudgingBody(Protocol):
    """A judge's definition as either dialect has it."""

    def definition(self) -> Judge: ...


class CreateBody(WireStruct, frozen=True):
    name: str
    type: str
    description: str | None = None


class ChangeBody(WireStruct, frozen=True):
    """What is left out stays; null takes the description away."""

    name: str | Unset = msgspec.UNSET
    description: str | Unset | None = msgspec.UNSET


# Fields that make a change one of the definition, which is replaced as a unit.
DEFINING = frozenset(
    {"type", "prompt", "outputDefinition", "modelConfig", "variableMapping", "sourceCode", "sourceCodeLanguage"}
)


class EvaluatorsView(StableView):
    """`GET, POST /v2/evaluators`."""

    def get(self, request: Request) -> Response:
        return cursors.by_creation(request, evaluators_told(self.project_id), shapes)

    def post(self, request: Request) -> Response:
        body = convert(request.data, CreateBody)
        draft = evaluators.Draft(name=body.name, description=body.description, definition=_definition(request.data))
        made = evaluators.create(self.project_id, draft, self.author)
        return Response(shape(evaluators.own(self.project_id, made.pk)), status=201)


class EvaluatorView(StableView):
    """`GET, PATCH, DELETE /v2/evaluators/{evaluatorId}`."""

    def get(self, request: Request, evaluator_id: str) -> Response:
        return Response(shape(evaluator_told(self.project_id, evaluator_id)))

    def patch(self, request: Request, evaluator_id: str) -> Response:
        evaluator_told(self.project_id, evaluator_id)
        changes = given(convert(request.data, ChangeBody))
        if DEFINING & set(request.data):
            changes["definition"] = _definition(request.data)
        if not changes:
            raise Invalid("The body names nothing to change: send name, description or a whole definition.")
        evaluators.change(self.project_id, evaluator_id, changes, self.author)
        return Response(shape(evaluators.own(self.project_id, evaluator_id)))

    def delete(self, request: Request, evaluator_id: str) -> Response:
        evaluator_told(self.project_id, evaluator_id)
        evaluators.remove(self.project_id, evaluator_id, self.author)
        return Response({"id": evaluator_id})


class EvaluatorVersionsView(StableView):
    """`GET /v2/evaluators/{evaluatorId}/versions`: newest first."""

    def get(self, request: Request, evaluator_id: str) -> Response:
        versions = evaluator_told(self.project_id, evaluator_id).versions.select_related("created_by")
        return cursors.by_version(request, versions, lambda rows: [_version_shape(version) for version in rows])


def _definition(data: Any) -> Definition:
    return definition(data.get("type"), data, JudgeBody)


def definition(type: Any, data: Any, judge: type[JudgingBody]) -> Definition:
    """What a body of this type defines."""
    match type:
        case EvaluatorType.JUDGE:
            return convert(data, judge).definition()
        case EvaluatorType.CODE:
            return convert(data, CodeBody).definition()
    raise Invalid(f"type must be one of {', '.join(ON_THE_WIRE)}.", "type")


def shape(evaluator: Evaluator) -> dict[str, Any]:
    """An evaluator with its latest version, on the wire."""
    return shapes([evaluator])[0]


def shapes(rows: Sequence[Evaluator]) -> list[dict[str, Any]]:
    """Evaluators with their latest versions and the rules they work in; two queries however many."""
    ids = [evaluator.pk for evaluator in rows]
    versions = evaluators.latest(ids)
    at_work: dict[str, list[RuleEvaluator]] = {evaluator_id: [] for evaluator_id in ids}
    for assigned in RuleEvaluator.objects.filter(evaluator_id__in=ids).order_by("-pk"):
        at_work[assigned.evaluator_id].append(assigned)
    return [_evaluator_shape(one, versions[one.pk], at_work[one.pk]) for one in rows]


def _evaluator_shape(
    evaluator: Evaluator, version: EvaluatorVersion, at_work: Sequence[RuleEvaluator]
) -> dict[str, Any]:
    return {
        "id": evaluator.pk,
        "name": evaluator.name,
        "description": evaluator.description,
        "createdBy": creator(evaluator.created_by),
        "status": "paused" if evaluator.paused_at else "active",
        "pausedAt": evaluator.paused_at,
        "pausedReason": evaluator.paused_reason,
        "pausedMessage": evaluator.paused_message,
        "evaluationRuleAssignments": [_assignment_shape(assigned) for assigned in at_work],
        "createdAt": evaluator.created_at,
        "updatedAt": evaluator.updated_at,
        "versionId": version.pk,
        "version": version.version,
        "versionCreatedAt": version.created_at,
        "versionCreatedBy": creator(version.created_by),
        **_definition_shape(version),
    }


def _assignment_shape(assigned: RuleEvaluator) -> dict[str, Any]:
    own = mapping_shape(mapping.read(assigned.mapping))
    return {"evaluationRuleId": assigned.rule_id} | ({} if own is None else {"variableMappingOverride": own})


def _version_shape(version: EvaluatorVersion) -> dict[str, Any]:
    return {
        "id": version.pk,
        "version": version.version,
        "createdAt": version.created_at,
        "createdBy": creator(version.created_by),
        **_definition_shape(version),
    }


def _definition_shape(version: EvaluatorVersion) -> dict[str, Any]:
    if version.output is None:
        return code_shape(version)
    return {
        "type": EvaluatorType.JUDGE,
        "prompt": version.messages,
        "variables": version.variables,
        "variableMapping": mapping_shape(mapping.read(version.mapping)),
        "modelConfig": version.provider and {"provider": version.provider, "model": version.model},
        "outputDefinition": _output_shape(Output(**version.output)),
    }


def code_shape(version: EvaluatorVersion) -> dict[str, Any]:
    """A program's definition, which both dialects tell alike."""
    return {
        "type": EvaluatorType.CODE,
        "sourceCode": version.source_code,
        "sourceCodeLanguage": version.source_code_language,
    }


def _output_shape(output: Output) -> dict[str, Any]:
    told = {
        "minValue": output.min_value,
        "maxValue": output.max_value,
        "categories": output.categories,
        "shouldAllowMultipleMatches": output.multiple,
        "scoreReasoningInstructions": output.reasoning or None,
        "scoreValueInstructions": output.instructions or None,
    }
    return {"dataType": output.data_type, **{name: value for name, value in told.items() if value is not None}}
