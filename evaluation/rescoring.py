"""Scoring the answers of runs that exist already, made here or by an SDK: no model is asked for its answer again.

In the background, batch by batch: scores and the place that was reached are written in one transaction, so that a
killed worker repeats one batch at most (`evaluation.rescorer`). The same evaluator replaces its own earlier scores.
"""

from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Conflict, Invalid, NotFound
from datasets.models import DatasetRun, DatasetRunItem
from evaluation import mapping
from evaluation.chosen_evaluators import chosen_evaluators
from evaluation.experiment_draft import EvaluatorChoice
from evaluation.models.experiments import Rescoring
from evaluation.tasks import enqueue_rescoring

MAX_RUNS = 200
Status = Rescoring.Status


def rescore(
    project_id: str,
    run_ids: Sequence[str],
    evaluators: Sequence[EvaluatorChoice],
    author: Author,
    *,
    only_missing: bool = False,
) -> Rescoring:
    """Let the evaluators score all answers of these runs in the background; `only_missing` leaves out what an evaluator
    has scored before. Raises Invalid, NotFound and CannotRun."""
    if not 1 <= len(run_ids) <= MAX_RUNS:
        raise Invalid(_("Choose 1 to %(most)s runs.") % {"most": MAX_RUNS}, "runs")
    if not evaluators:
        raise Invalid(_("Choose an evaluator."), "evaluators")
    chosen = chosen_evaluators(project_id, evaluators)
    wanted = [run_id for run_id in dict.fromkeys(run_ids) if "\0" not in run_id]
    runs = {run.run_id: run for run in DatasetRun.objects.filter(project_id=project_id, run_id__in=wanted)}
    if len(runs) < len(set(run_ids)):
        raise NotFound(_("There is no such run."), "runs")
    ordered = [runs[run_id] for run_id in wanted]
    with transaction.atomic():
        row = Rescoring.objects.create(
            project_id=project_id,
            runs=[run.pk for run in ordered],
            evaluators=[
                {"version": version.pk, "name": version.evaluator.name, "mapping": mapping.stored(mapped)}
                for version, mapped in chosen
            ],
            only_missing=only_missing,
            total=DatasetRunItem.objects.filter(run__in=ordered).count() * len(chosen),
            author=author.user,
        )
        told = {"runs": [run.name for run in ordered], "evaluators": [one.evaluator.name for one, _mapped in chosen]}
        author.record("rescore", "dataset_run", ordered[0].run_id, project=project_id, after=told)
        transaction.on_commit(partial(enqueue_rescoring, row.pk))
    return row


def own(project_id: str, rescoring_id: str) -> Rescoring:
    """The project's rescoring of that id, with its progress (`done` and `failed` of `total`). Raises NotFound."""
    row = None if "\0" in rescoring_id else all_of(project_id).filter(pk=rescoring_id).first()
    if row is None:
        raise NotFound(_("There is no such rescoring."))
    return row


def all_of(project_id: str) -> QuerySet[Rescoring]:
    """The project's rescorings, newest first."""
    return Rescoring.objects.filter(project_id=project_id).order_by("-created_at", "-pk")


def cancel(project_id: str, rescoring_id: str) -> None:
    """End it; scores that were given stay. Raises NotFound and Conflict."""
    own(project_id, rescoring_id)
    running = Rescoring.objects.filter(project_id=project_id, pk=rescoring_id, status=Status.RUNNING)
    if not running.update(status=Status.CANCELLED, ended_at=Now()):
        raise Conflict(_("This rescoring is over."))
