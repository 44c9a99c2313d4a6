"""Evaluators and their versions: the verbs that both dialects of the API and the admin share (api.md, sections 8, 9).

An evaluator's id stays; every new definition is its next version, and rules use the latest one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.authors import Author
from accounts.models import Project
from common.errors import Invalid, NotFound
from evaluation import active_rules
from evaluation.definitions import FIELDS, Definition, Judge, checked, columns, type_of
from evaluation.models import EvaluationRule, Evaluator, EvaluatorVersion, Execution
from evaluation.models.evaluators import EVALUATOR_NAME
from evaluation.refusals import Clash
from evaluation.runnable import require_model
from evaluation.texts import line, within

MAX_DESCRIPTION = 2_000
# Pauses that a new definition ends; others (a provider's refusals) need somebody to look.
ENDED_BY_DEFINITION = frozenset(
    {"model_config_missing", "model_config_invalid", "model_not_found", "repeated_failures"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An evaluator as given."""

    name: str
    definition: Definition
    description: str | None = None


def create(project_id: str, draft: Draft, author: Author, fields: Mapping[str, str] = FIELDS) -> Evaluator:
    """Add an evaluator with its version 1, whatever others are called. Raises Invalid and CannotRun."""
    draft = _checked(project_id, draft, fields)
    evaluator = Evaluator(
        project_id=project_id,
        name=draft.name,
        description=draft.description,
        type=type_of(draft.definition),
        created_by=author.user,
    )
    with transaction.atomic():
        evaluator.save()
        _append(evaluator, draft.definition, author)
        author.record("create", "evaluator", evaluator.pk, project=project_id, after=as_told(evaluator))
    return evaluator


def publish(project_id: str, draft: Draft, author: Author, fields: Mapping[str, str] = FIELDS) -> Evaluator:
    """Add the definition as next version of the evaluator of that name and type, or make it with its first.

    Raises Invalid, CannotRun, and Clash when several have the name: then an id has to say which is meant.
    """
    with transaction.atomic():
        # Two callers at once must not make two evaluators of one name.
        Project.objects.select_for_update(no_key=True).get(pk=project_id)
        try:
            found = named(project_id, draft.name, type_of(draft.definition))
        except NotFound:
            return create(project_id, draft, author, fields)
        return change(project_id, found.pk, {"definition": draft.definition}, author, fields)


def change(
    project_id: str, evaluator_id: str, changes: Mapping[str, Any], author: Author, fields: Mapping[str, str] = FIELDS
) -> Evaluator:
    """Change fields of an evaluator (names of `Draft`); a `definition` becomes its next version.

    Raises NotFound, Invalid (also for a definition of another type) and CannotRun.
    """
    own(project_id, evaluator_id)
    with transaction.atomic():
        evaluator = Evaluator.objects.select_for_update().get(project_id=project_id, pk=evaluator_id)
        before = as_told(evaluator)
        if "name" in changes:
            evaluator.name = line(changes["name"], "name", EVALUATOR_NAME)
        if "description" in changes:
            evaluator.description = _description(changes["description"])
        if "definition" in changes:
            _replace_definition(evaluator, changes["definition"], author, fields)
        evaluator.save()
        author.record("update", "evaluator", evaluator.pk, project=project_id, before=before, after=as_told(evaluator))
    return evaluator


def remove(project_id: str, evaluator_id: str, author: Author) -> None:
    """Delete the evaluator with its versions and take it out of its rules; one that has none left is switched off.

    Scores that it gave stay, and so does what it did and cost; what it has not done yet is not done. Raises NotFound.
    """
    evaluator = own(project_id, evaluator_id)
    with transaction.atomic():
        rules = list(evaluator.assignments.values_list("rule_id", flat=True))
        author.record("delete", "evaluator", evaluator.pk, project=project_id, before=as_told(evaluator))
        given = Execution.objects.filter(evaluator=evaluator)
        given.update(evaluator_name=evaluator.name)
        given.filter(state__in=(Execution.State.PENDING, Execution.State.RUNNING)).delete()
        evaluator.delete()
        for rule in EvaluationRule.objects.filter(pk__in=rules, enabled=True, assignments=None):
            rule.enabled = False
            rule.save()
            active_rules.changed()
            author.record("disable", "evaluation_rule", rule.pk, project=project_id, after={"name": rule.name})


def all_of(project_id: str) -> QuerySet[Evaluator]:
    """The project's evaluators, newest first."""
    return Evaluator.objects.filter(project_id=project_id).select_related("created_by")


def own(project_id: str, evaluator_id: str) -> Evaluator:
    """The project's evaluator of that id; raises NotFound."""
    evaluator = None if "\0" in evaluator_id else all_of(project_id).filter(pk=evaluator_id).first()
    if evaluator is None:
        raise NotFound("Evaluator not found within authorized project")
    return evaluator


def named(project_id: str, name: str, type: str) -> Evaluator:
    """The project's evaluator of that name and type. Raises NotFound, and Clash when there are several."""
    found = [] if "\0" in name else list(all_of(project_id).filter(name=name.strip(), type=type)[:2])
    if not found:
        raise NotFound(f"There is no evaluator of the name {name!r} and the type {type} in this project.")
    if len(found) > 1:
        raise Clash(
            f"Several evaluators of the type {type} have the name {name!r}. Use the id: /api/public/v2/evaluators.",
            "name_conflict",
            field="name",
        )
    return found[0]


def latest(evaluator_ids: Sequence[str]) -> dict[str, EvaluatorVersion]:
    """The latest version of each with its evaluator, by the evaluator's id; one query."""
    newest = EvaluatorVersion.objects.filter(evaluator_id__in=evaluator_ids).select_related("evaluator", "created_by")
    newest = newest.order_by("evaluator_id", "-version").distinct("evaluator_id")
    return {version.evaluator_id: version for version in newest}


def as_told(evaluator: Evaluator) -> dict[str, Any]:
    """What the audit log keeps: the definition stays in its version."""
    version = latest([evaluator.pk]).get(evaluator.pk)
    return {
        "name": evaluator.name,
        "description": evaluator.description,
        "type": evaluator.type,
        "version": version.version if version else None,
    }


def _checked(project_id: str, draft: Draft, fields: Mapping[str, str]) -> Draft:
    return Draft(
        name=line(draft.name, "name", EVALUATOR_NAME),
        description=_description(draft.description),
        definition=_runnable(project_id, draft.name, checked(draft.definition, fields)),
    )


def _runnable(project_id: str, name: str, definition: Definition) -> Definition:
    """A model that is named must be there; which one is the default may be settled later."""
    if isinstance(definition, Judge) and definition.provider is not None:
        require_model(project_id, name, definition.provider, definition.model)
    return definition


def _description(text: str | None) -> str | None:
    return None if text is None else within(text.strip(), "description", MAX_DESCRIPTION)


def _replace_definition(
    evaluator: Evaluator, definition: Definition, author: Author, fields: Mapping[str, str]
) -> None:
    if type_of(definition) != evaluator.type:
        raise Invalid(f"type: this evaluator is of type {evaluator.type}, which cannot change.", "type")
    definition = _runnable(evaluator.project_id, evaluator.name, checked(definition, fields))
    if evaluator.paused_reason in ENDED_BY_DEFINITION:
        evaluator.paused_at = evaluator.paused_reason = evaluator.paused_message = None
        evaluator.failures = 0
        active_rules.changed()
    _append(evaluator, definition, author)


def _append(evaluator: Evaluator, definition: Definition, author: Author) -> EvaluatorVersion:
    newest = evaluator.versions.order_by("-version").values_list("version", flat=True).first() or 0
    return EvaluatorVersion.objects.create(
        evaluator=evaluator, version=newest + 1, created_by=author.user, **columns(definition)
    )
