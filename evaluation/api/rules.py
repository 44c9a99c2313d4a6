"""`/v2/evaluation-rules` (Python SDK 5.0.4, `api/evaluation_rules`; api.md, section 9)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.errors import Invalid
from evaluation import mapping, rule_filters, rules
from evaluation.api import cursors
from evaluation.api.stable import MappedBody, StableView, creator, given, mapping_of, mapping_shape
from evaluation.models import EvaluationRule

Unset = msgspec.UnsetType


class AssignmentBody(WireStruct, frozen=True):
    evaluator_id: str
    variable_mapping: list[MappedBody] | None = None


class CreateBody(WireStruct, frozen=True):
    name: str
    enabled: bool
    evaluator_assignments: list[AssignmentBody]
    sampling: float = 1.0
    filter: list[Any] = []


class ChangeBody(WireStruct, frozen=True):
    """What is left out stays."""

    name: str | Unset = msgspec.UNSET
    enabled: bool | Unset = msgspec.UNSET
    sampling: float | Unset = msgspec.UNSET
    filter: list[Any] | Unset = msgspec.UNSET
    evaluator_assignments: list[AssignmentBody] | Unset = msgspec.UNSET


class RulesView(StableView):
    """`GET, POST /v2/evaluation-rules`."""

    def get(self, request: Request) -> Response:
        return cursors.by_creation(request, rules.all_of(self.project_id), shapes)

    def post(self, request: Request) -> Response:
        body = convert(request.data, CreateBody)
        draft = rules.Draft(
            name=body.name,
            enabled=body.enabled,
            sampling=body.sampling,
            filter=rule_filters.checked(self.project_id, body.filter),
            evaluators=_assigned(body.evaluator_assignments),
        )
        return Response(shape(rules.create(self.project_id, draft, self.author)), status=201)


class RuleView(StableView):
    """`GET, PATCH, DELETE /v2/evaluation-rules/{evaluationRuleId}`."""

    def get(self, request: Request, rule_id: str) -> Response:
        return Response(shape(rules.own(self.project_id, rule_id)))

    def patch(self, request: Request, rule_id: str) -> Response:
        changes = given(convert(request.data, ChangeBody))
        if not changes:
            raise Invalid(f"The body names nothing to change: send {', '.join(ChangeBody.__struct_encode_fields__)}.")
        if "filter" in changes:
            changes["filter"] = rule_filters.checked(self.project_id, changes["filter"])
        if "evaluator_assignments" in changes:
            changes["evaluators"] = _assigned(changes.pop("evaluator_assignments"))
        return Response(shape(rules.change(self.project_id, rule_id, changes, self.author)))

    def delete(self, request: Request, rule_id: str) -> Response:
        rules.remove(self.project_id, rule_id, self.author)
        return Response({"id": rule_id})


def _assigned(bodies: Sequence[AssignmentBody]) -> list[rules.Assigned]:
    return [
        rules.Assigned(
            evaluator_id=body.evaluator_id,
            mapping=mapping_of(body.variable_mapping),
            field=f"evaluatorAssignments[{position}].variableMapping",
        )
        for position, body in enumerate(bodies)
    ]


def shapes(rows: Sequence[EvaluationRule]) -> list[dict[str, Any]]:
    """Rules on the wire."""
    return [shape(rule) for rule in rows]


def shape(rule: EvaluationRule) -> dict[str, Any]:
    """A rule on the wire."""
    return {
        "id": rule.pk,
        "name": rule.name,
        "createdBy": creator(rule.created_by),
        "enabled": rule.enabled,
        "sampling": rule.sampling,
        "filter": rule.filter,
        "evaluatorAssignments": [
            {"evaluatorId": one.evaluator_id, "variableMapping": mapping_shape(mapping.read(one.mapping))}
            for one in rule.assignments.all()
        ],
        "createdAt": rule.created_at,
        "updatedAt": rule.updated_at,
    }
