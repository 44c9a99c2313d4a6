"""`/unstable/evaluation-rules` (openapi.yml): evaluators by name and type, and a target instead of a filter for roots.

A single `evaluator` with its `mapping` is the older spelling of `evaluators`; a change by it touches the first one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.errors import Invalid
from evaluation import evaluators, mapping, rule_filters, rules
from evaluation.api.base import ON_THE_WIRE
from evaluation.api.stable import MappedBody, mapping_of, mapping_shape
from evaluation.api.unstable_evaluators import UnstableView
from evaluation.models import EvaluationRule, Evaluator, EvaluatorType, EvaluatorVersion, RuleEvaluator

BOTH = "evaluators cannot be combined with evaluator and mapping, its older spelling. Send one of the two."


class ReferenceBody(WireStruct, frozen=True):
    name: str
    type: str | None = None


class AssignmentBody(WireStruct, frozen=True):
    evaluator: ReferenceBody
    mapping: list[MappedBody] | None = None


class _AssignmentsBody(WireStruct, frozen=True):
    """What is null counts as left out."""

    evaluators: list[AssignmentBody] | None = None
    evaluator: ReferenceBody | None = None
    mapping: list[MappedBody] | None = None
    sampling: float | None = None
    filter: list[Any] | None = None


class CreateBody(_AssignmentsBody, frozen=True, kw_only=True):
    name: str
    target: str
    enabled: bool


class ChangeBody(_AssignmentsBody, frozen=True, kw_only=True):
    name: str | None = None
    target: str | None = None
    enabled: bool | None = None


class UnstableRulesView(UnstableView):
    """`GET, POST /unstable/evaluation-rules`."""

    def get(self, request: Request) -> Response:
        return self.numbered(rules.all_of(self.project_id), shapes)

    def post(self, request: Request) -> Response:
        body = convert(request.data, CreateBody)
        _refuse_both(body)
        assigned = body.evaluators
        if assigned is None:
            if body.evaluator is None:
                raise Invalid("evaluators must name at least one evaluator.", "evaluators")
            assigned = [AssignmentBody(evaluator=body.evaluator, mapping=body.mapping)]
        if not assigned:
            raise Invalid("evaluators must name at least one evaluator.", "evaluators")
        draft = rules.Draft(
            name=body.name,
            enabled=body.enabled,
            sampling=1.0 if body.sampling is None else body.sampling,
            filter=_filter(self.project_id, body.target, body.filter or []),
            evaluators=_assigned(self.project_id, assigned, single=body.evaluators is None),
        )
        return Response(shape(rules.create(self.project_id, draft, self.author, rules.UNSTABLE)))


class UnstableRuleView(UnstableView):
    """`GET, PATCH, DELETE /unstable/evaluation-rules/{evaluationRuleId}`."""

    def get(self, request: Request, rule_id: str) -> Response:
        return Response(shape(rules.own(self.project_id, rule_id)))

    def patch(self, request: Request, rule_id: str) -> Response:
        body = convert(request.data, ChangeBody)
        rule = rules.own(self.project_id, rule_id)
        changes: dict[str, Any] = {
            name: value for name in ("name", "enabled", "sampling") if (value := getattr(body, name)) is not None
        }
        if body.target is not None or body.filter is not None:
            target = body.target or rule_filters.target_of(rule.filter)
            given = (
                rule_filters.for_target(rule_filters.OBSERVATION, rule.filter) if body.filter is None else body.filter
            )
            changes["filter"] = _filter(self.project_id, target, given)
        if (assigned := self._changed_evaluators(rule, body)) is not None:
            changes["evaluators"] = assigned
        if not changes:
            raise Invalid("The body names nothing to change. Send at least one field.")
        return Response(shape(rules.change(self.project_id, rule_id, changes, self.author, rules.UNSTABLE)))

    def delete(self, request: Request, rule_id: str) -> Response:
        rules.remove(self.project_id, rule_id, self.author)
        return Response({"message": "Evaluation rule successfully deleted"})

    def _changed_evaluators(self, rule: EvaluationRule, body: ChangeBody) -> list[rules.Assigned] | None:
        """The evaluators that the rule is to have; None: the present ones."""
        _refuse_both(body)
        present, untold = _present(rule)
        if body.evaluators is not None:
            return [*_assigned(self.project_id, body.evaluators, single=False), *untold]
        if body.evaluator is None and body.mapping is None:
            return None
        first = evaluators.own(self.project_id, present[0].evaluator_id) if present else None
        if body.evaluator is not None:
            # The type of a rule's evaluator stays.
            type = first.type if first else body.evaluator.type or EvaluatorType.JUDGE
            chosen = evaluators.named(self.project_id, body.evaluator.name, type)
        elif first is not None:
            chosen = first
        else:
            raise Invalid("mapping: this rule has no evaluator. Send evaluators to give it one.", "mapping")
        given = mapping_of(body.mapping) if body.mapping is not None or not present else present[0].mapping
        return [rules.Assigned(evaluator_id=chosen.pk, mapping=given), *present[1:], *untold]


def _present(rule: EvaluationRule) -> tuple[list[rules.Assigned], list[rules.Assigned]]:
    """The rule's evaluators: those that this dialect tells, and those of types it does not know, which always stay."""
    known = {one.evaluator_id for one in _told(rule)}
    assigned = rules.draft_of(rule).evaluators
    return [one for one in assigned if one.evaluator_id in known], [
        one for one in assigned if one.evaluator_id not in known
    ]


def _told(rule: EvaluationRule) -> list[RuleEvaluator]:
    return [one for one in rule.assignments.all() if one.evaluator.type in ON_THE_WIRE]


def _refuse_both(body: _AssignmentsBody) -> None:
    if body.evaluators is not None and (body.evaluator is not None or body.mapping is not None):
        raise Invalid(BOTH, "evaluators")


def _filter(project_id: str, target: str, given: Sequence[Any]) -> list[Mapping[str, Any]]:
    if target not in rule_filters.TARGETS:
        raise Invalid(f"target must be one of {', '.join(rule_filters.TARGETS)}.", "target")
    checked = rule_filters.checked(project_id, given, rule_filters.COLUMNS_BY_TARGET[target])
    return rule_filters.for_target(target, checked)


def _assigned(project_id: str, bodies: Sequence[AssignmentBody], *, single: bool) -> list[rules.Assigned]:
    return [
        rules.Assigned(
            evaluator_id=_named(project_id, body.evaluator).pk,
            mapping=mapping_of(body.mapping),
            field="mapping" if single else f"evaluators[{position}].mapping",
        )
        for position, body in enumerate(bodies)
    ]


def _named(project_id: str, reference: ReferenceBody) -> Evaluator:
    type = reference.type or EvaluatorType.JUDGE
    if type not in ON_THE_WIRE:
        raise Invalid(f"evaluator.type must be one of {', '.join(ON_THE_WIRE)}.", "evaluator.type")
    return evaluators.named(project_id, reference.name, type)


def shape(rule: EvaluationRule) -> dict[str, Any]:
    """A rule on the wire."""
    return shapes([rule])[0]


def shapes(rows: Sequence[EvaluationRule]) -> list[dict[str, Any]]:
    """Rules on the wire; one query more, however many."""
    versions = rules.latest_of(rows)
    return [_shape(rule, versions) for rule in rows]


def _shape(rule: EvaluationRule, versions: Mapping[str, EvaluatorVersion]) -> dict[str, Any]:
    assigned = _told(rule)
    first = assigned[0] if assigned else None
    pause = rules.why_paused(rule, versions)
    status = "paused" if pause else "active" if rule.enabled else "inactive"
    return {
        "id": rule.pk,
        "name": rule.name,
        "evaluator": first and _reference(first.evaluator),
        "evaluators": [_assignment_shape(one) for one in assigned],
        "target": rule_filters.target_of(rule.filter),
        "enabled": rule.enabled,
        "status": status,
        "pausedReason": pause.reason if pause else None,
        "pausedMessage": pause.message if pause else None,
        "sampling": rule.sampling,
        "filter": rule_filters.for_target(rule_filters.OBSERVATION, rule.filter),
        "mapping": mapping_shape(rules.effective_mapping(first, versions[first.evaluator_id])) if first else [],
        "createdAt": rule.created_at,
        "updatedAt": rule.updated_at,
    }


def _assignment_shape(assigned: RuleEvaluator) -> dict[str, Any]:
    return {
        "evaluator": _reference(assigned.evaluator),
        "mapping": mapping_shape(mapping.read(assigned.mapping)),
    }


def _reference(evaluator: Evaluator) -> dict[str, Any]:
    return {"id": evaluator.pk, "name": evaluator.name, "type": evaluator.type}
