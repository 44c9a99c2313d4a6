"""The evaluators that are to score an experiment, or runs that exist already: found, and able to run."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from evaluation import evaluators, mapping
from evaluation.experiment_draft import EvaluatorChoice
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorType, EvaluatorVersion
from evaluation.runnable import require_runnable

MAX_EVALUATORS = 50


def chosen_evaluators(
    project_id: str, choices: Sequence[EvaluatorChoice]
) -> list[tuple[EvaluatorVersion, Sequence[Mapped] | None]]:
    """The versions with their mappings, each able to run. Raises Invalid, NotFound and CannotRun."""
    if len(choices) > MAX_EVALUATORS:
        raise Invalid(_("Choose up to %(most)s evaluators.") % {"most": MAX_EVALUATORS}, "evaluators")
    chosen: list[tuple[EvaluatorVersion, Sequence[Mapped] | None]] = []
    for position, choice in enumerate(choices):
        place = f"evaluators[{position}]"
        try:
            evaluator = evaluators.own(project_id, choice.evaluator_id)
        except NotFound as error:
            raise NotFound(error.message, place) from None
        versions = EvaluatorVersion.objects.filter(evaluator=evaluator).select_related("evaluator")
        version = (versions.filter(version=choice.version) if choice.version is not None else versions).first()
        if version is None:
            raise NotFound(_("The evaluator %(name)s has no such version.") % {"name": evaluator.name}, place)
        if any(version.evaluator_id == other.evaluator_id for other, _mapped in chosen):
            raise Invalid(_("The evaluator %(name)s is chosen twice.") % {"name": evaluator.name}, place)
        require_runnable(project_id, evaluator.name, version)
        if evaluator.type == EvaluatorType.JUDGE:
            mapped = choice.mapping if choice.mapping is not None else mapping.read(version.mapping)
            mapping.check_mapping(mapped or (), version.variables, f"{place}.mapping")
        chosen.append((version, choice.mapping))
    return chosen
