"""Cells whose dataset run was deleted: nothing more is asked for them, so that a run does not come back with its rest.

A run is made with its first answer, or the first call that failed. So a cell that has some and no run has lost it.
"""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from datasets.models import DatasetRun
from evaluation.counting import recount
from evaluation.models.experiments import Cell, Experiment, Job
from llm.calls import FailureKind

DELETED = gettext_noop("Its run was deleted.")
KIND = "run_deleted"
_CALLS = [kind.value for kind in FailureKind]


def without_runs(experiment_id: str) -> set[int]:
    """The keys of such cells; one query."""
    runs = DatasetRun.objects.filter(project_id=OuterRef("experiment__project_id"), run_id=OuterRef("run_id"))
    called = Job.objects.filter(
        experiment_id=experiment_id, cell_id=OuterRef("pk"), state=Job.State.FAILED, error_kind__in=_CALLS
    )
    lost = Cell.objects.filter(~Exists(runs), Q(answered__gt=0) | Exists(called), experiment_id=experiment_id)
    return set(lost.values_list("pk", flat=True))


def forsake(experiment: Experiment) -> set[int]:
    """Let what waits in such cells fail; inside the caller's transaction. The keys of the cells."""
    cells = without_runs(experiment.pk)
    waiting = Job.objects.filter(experiment=experiment, cell_id__in=cells, state=Job.State.PENDING)
    if cells and waiting.update(
        state=Job.State.FAILED, error_kind=KIND, error=DELETED, note="", scoring={}, finished_at=Now()
    ):
        recount(experiment)
    return cells
