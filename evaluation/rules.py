"""Rules: which new observations are scored by which evaluators. The verbs that both dialects of the API and the admin
share (api.md, sections 8 and 9).

What a rule promises is checked when it is made, changed or switched on, in one transaction that holds the project: so
that no two callers together get more active rules than there may be, or two rules of a name that has to be unique.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.authors import Author
from accounts.models import Project
from common.errors import Invalid, NotFound
from evaluation import active_rules, evaluators, mapping, rule_filters
from evaluation.mapping import Mapped
from evaluation.models import EvaluationRule, Evaluator, EvaluatorType, EvaluatorVersion, RuleEvaluator
from evaluation.models.evaluators import RULE_NAME
from evaluation.refusals import Clash
from evaluation.runnable import require_runnable
from evaluation.texts import line

MAX_ACTIVE = 500
MAX_EVALUATORS = 100
MAX_DELAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one dialect of the API asks of rules beyond the other."""

    unique_names: bool = False
    sampling_may_be_zero: bool = True
    sources_by_target: bool = False


STABLE = Dialect()
UNSTABLE = Dialect(unique_names=True, sampling_may_be_zero=False, sources_by_target=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An evaluator for a rule. `mapping` None takes the evaluator's default; `field` names it in refusals."""

    evaluator_id: str
    mapping: Sequence[Mapped] | None = None
    field: str = "mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as given; `filter` as `evaluation.rule_filters.checked` leaves it."""

    name: str
    enabled: bool
    sampling: float = 1.0
    delay_seconds: int = 5
    filter: Sequence[Mapping[str, Any]] = ()
    evaluators: Sequence[Assigned] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a rule that is switched on does not run: a word for machines and a sentence."""

    reason: str
    message: str


def create(project_id: str, draft: Draft, author: Author, dialect: Dialect = STABLE) -> EvaluationRule:
    """Add a rule to the project. Raises Invalid, NotFound (an evaluator), Clash and CannotRun."""
    with transaction.atomic():
        _hold(project_id)
        rule = EvaluationRule(project_id=project_id, created_by=author.user)
        assigned = _store(rule, draft, dialect)
        _check_assigned(rule, assigned, dialect)
        rule = own(project_id, rule.pk)
        author.record("create", "evaluation_rule", rule.pk, project=project_id, after=_told(rule))
    return rule


def change(
    project_id: str, rule_id: str, changes: Mapping[str, Any], author: Author, dialect: Dialect = STABLE
) -> EvaluationRule:
    """Change fields of a rule (names of `Draft`). A rule that loses its last evaluator is switched off.

    Raises NotFound, Invalid, Clash and CannotRun.
    """
    with transaction.atomic():
        _hold(project_id)
        rule = own(project_id, rule_id)
        before, was_enabled, target = _told(rule), rule.enabled, rule_filters.target_of(rule.filter)
        draft = replace(draft_of(rule), **changes)
        if not draft.evaluators and not changes.get("enabled"):
            draft = replace(draft, enabled=False)
        assigned = _store(rule, draft, dialect)
        promised = "evaluators" in changes or target != rule_filters.target_of(rule.filter)
        if promised or (rule.enabled and not was_enabled):
            _check_assigned(rule, assigned, dialect)
        rule = own(project_id, rule.pk)
        author.record("update", "evaluation_rule", rule.pk, project=project_id, before=before, after=_told(rule))
    return rule


def remove(project_id: str, rule_id: str, author: Author) -> None:
    """Delete the rule; its evaluators and their scores stay. Raises NotFound."""
    with transaction.atomic():
        rule = own(project_id, rule_id)
        author.record("delete", "evaluation_rule", rule.pk, project=project_id, before=_told(rule))
        rule.delete()
        active_rules.changed()


def all_of(project_id: str) -> QuerySet[EvaluationRule]:
    """The project's rules, newest first, with their evaluators."""
    rules = EvaluationRule.objects.filter(project_id=project_id).select_related("created_by")
    return rules.prefetch_related("assignments__evaluator")


def own(project_id: str, rule_id: str) -> EvaluationRule:
    """The project's rule of that id; raises NotFound."""
    rule = None if "\0" in rule_id else all_of(project_id).filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("Evaluation rule not found within authorized project")
    return rule


def draft_of(rule: EvaluationRule) -> Draft:
    """A stored rule as it would be given."""
    return Draft(
        name=rule.name,
        enabled=rule.enabled,
        sampling=rule.sampling,
        delay_seconds=rule.delay_seconds,
        filter=rule.filter,
        evaluators=[
            Assigned(evaluator_id=one.evaluator_id, mapping=mapping.read(one.mapping)) for one in rule.assignments.all()
        ],
    )


def latest_of(rules: Sequence[EvaluationRule]) -> dict[str, EvaluatorVersion]:
    """The latest versions of the evaluators of all these rules, by the evaluator's id; one query."""
    return evaluators.latest([one.evaluator_id for rule in rules for one in rule.assignments.all()])


def effective_mapping(assigned: RuleEvaluator, version: EvaluatorVersion) -> list[Mapped]:
    """How the variables are filled: by the rule's own mapping, the evaluator's default, or the fixed one of code.

    A metric has no variables: its settings say what it looks at.
    """
    if version.metric is not None:
        return []
    if version.output is None:
        return [Mapped(variable, source) for source, variable in mapping.SOURCES.items()]
    return list(mapping.read(assigned.mapping) or mapping.read(version.mapping) or ())


def why_paused(rule: EvaluationRule, versions: Mapping[str, EvaluatorVersion]) -> Pause | None:
    """Why the rule does not run although it is switched on; None when it runs or is switched off."""
    if not rule.enabled:
        return None
    paused = [one.evaluator for one in rule.assignments.all() if one.evaluator.paused_at]
    if paused:
        newest = max(paused, key=lambda evaluator: evaluator.paused_at or evaluator.created_at)
        return Pause(newest.paused_reason or "paused", newest.paused_message or f"{newest.name} is paused.")
    for one in rule.assignments.all():
        version = versions[one.evaluator_id]
        mapped = {pair.variable for pair in effective_mapping(one, version)}
        if lacking := [variable for variable in version.variables if variable not in mapped]:
            told = f"Version {version.version} of {one.evaluator.name} has variables that are not mapped: "
            return Pause("missing_variable_mapping", f"{told}{', '.join(lacking)}.")
    return None


# --- Inside ------------------------------------------------------------------------------------------------


def _hold(project_id: str) -> None:
    Project.objects.select_for_update(no_key=True).get(pk=project_id)


def _store(rule: EvaluationRule, draft: Draft, dialect: Dialect) -> list[tuple[Assigned, Evaluator]]:
    """Write the draft into the rule, as far as it can be checked without its evaluators' definitions."""
    name = line(draft.name, "name", RULE_NAME)
    if dialect.unique_names and name != rule.name:
        _refuse_taken(rule, name)
    if not (math.isfinite(draft.sampling) and 0 <= draft.sampling <= 1):
        raise Invalid("sampling must be between 0 and 1.", "sampling")
    if draft.sampling == 0 and not dialect.sampling_may_be_zero:
        raise Invalid("sampling must be greater than 0. Switch the rule off by enabled=false instead.", "sampling")
    if not 0 <= draft.delay_seconds <= MAX_DELAY:
        raise Invalid(f"delay_seconds must be 0 to {MAX_DELAY}.", "delay_seconds")
    if draft.enabled and not draft.evaluators:
        raise Invalid("evaluatorAssignments: a rule that is switched on needs an evaluator.", "evaluatorAssignments")
    if draft.enabled and not rule.enabled:
        _refuse_too_many(rule)
    assigned = _resolved(rule.project_id, draft.evaluators)
    rule.name, rule.enabled, rule.sampling, rule.filter = name, draft.enabled, draft.sampling, list(draft.filter)
    rule.delay_seconds = draft.delay_seconds
    rule.save()
    active_rules.changed()
    rule.assignments.all().delete()
    RuleEvaluator.objects.bulk_create(
        RuleEvaluator(rule=rule, evaluator=evaluator, mapping=mapping.stored(one.mapping, one.field), position=position)
        for position, (one, evaluator) in enumerate(assigned)
    )
    return assigned


def _resolved(project_id: str, given: Sequence[Assigned]) -> list[tuple[Assigned, Evaluator]]:
    if len(given) > MAX_EVALUATORS:
        raise Invalid(f"evaluatorAssignments must be at most {MAX_EVALUATORS}.", "evaluatorAssignments")
    ids = [one.evaluator_id for one in given]
    if len(set(ids)) < len(ids):
        raise Clash("An evaluator can stand only once in a rule.")
    wanted = [evaluator_id for evaluator_id in ids if "\0" not in evaluator_id]
    known = evaluators.all_of(project_id).in_bulk(wanted)
    for evaluator_id in ids:
        if evaluator_id not in known:
            raise NotFound(f"There is no evaluator with the id {evaluator_id[:100]!r} in this project.")
    return [(one, known[one.evaluator_id]) for one in given]


def _check_assigned(rule: EvaluationRule, assigned: Sequence[tuple[Assigned, Evaluator]], dialect: Dialect) -> None:
    """Each evaluator gets all it asks for; and if the rule is switched on, it could run."""
    sources = tuple(mapping.SOURCES)
    if dialect.sources_by_target and rule_filters.target_of(rule.filter) == rule_filters.OBSERVATION:
        sources = mapping.OBSERVATION_SOURCES
    versions = evaluators.latest([evaluator.pk for _one, evaluator in assigned])
    for one, evaluator in assigned:
        version = versions[evaluator.pk]
        if evaluator.type == EvaluatorType.JUDGE:
            given = one.mapping if one.mapping is not None else mapping.read(version.mapping)
            mapping.check_mapping(given or (), version.variables, one.field, sources)
        elif one.mapping is not None:
            raise Invalid(
                f"{one.field}: only judges have variables to map; leave it out for {evaluator.name!r}.",
                one.field,
            )
        if rule.enabled:
            require_runnable(rule.project_id, evaluator.name, version)


def _refuse_taken(rule: EvaluationRule, name: str) -> None:
    taken = EvaluationRule.objects.filter(project_id=rule.project_id, name=name).exclude(pk=rule.pk).first()
    if taken is not None:
        raise Clash(
            f"An evaluation rule named '{name}' already exists in this project. Use PATCH "
            f"/api/public/unstable/evaluation-rules/{taken.pk} to change it instead of making a second one.",
            "name_conflict",
            field="name",
        )


def _refuse_too_many(rule: EvaluationRule) -> None:
    active = EvaluationRule.objects.filter(project_id=rule.project_id, enabled=True)
    active = active.exclude(assignments__evaluator__paused_at__isnull=False)
    if active.count() >= MAX_ACTIVE:
        raise Clash(
            f"{MAX_ACTIVE} evaluation rules are active in this project, which is as many as there may be. "
            "Switch another one off first.",
            limit=MAX_ACTIVE,
        )


def _told(rule: EvaluationRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "enabled": rule.enabled,
        "sampling": rule.sampling,
        "delay_seconds": rule.delay_seconds,
        "filter": rule.filter,
        "evaluators": {one.evaluator_id: one.mapping for one in rule.assignments.all()},
    }
