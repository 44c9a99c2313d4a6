"""Starting, pausing, resuming, cancelling, retrying: what people do to an experiment that is planned.

The state is in the database; the task that is queued only looks at it. When the broker loses the task, a sweep queues
another one (`evaluation.tasks`).
"""

from collections.abc import Collection
from functools import partial

from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Conflict, Invalid, NotFound
from datasets.models import DatasetRunItem
from evaluation.counting import recount
from evaluation.experiment_draft import MAX_DESCRIPTION
from evaluation.forsaking import without_runs
from evaluation.models.experiments import EXPERIMENT_NAME, Experiment, Job
from evaluation.planning import as_told
from evaluation.tasks import enqueue_experiment
from evaluation.texts import line, within

Status, State = Experiment.Status, Job.State
CHUNK = 1000
# What the cap stopped goes on only with a higher one.
STARTS_FROM = frozenset({Status.PLANNED, Status.PAUSED, Status.CAPPED})


def all_of(project_id: str) -> QuerySet[Experiment]:
    """The project's experiments, newest first."""
    return Experiment.objects.filter(project_id=project_id).select_related("dataset", "author")


def own(project_id: str, experiment_id: str) -> Experiment:
    """The project's experiment of that id. Raises NotFound."""
    found = None if "\0" in experiment_id else all_of(project_id).filter(pk=experiment_id).first()
    if found is None:
        raise NotFound(_("There is no such experiment."))
    return found


def start(project_id: str, experiment_id: str, author: Author) -> Experiment:
    """Let it run: from its plan, after a pause, or after its cap was raised (`set_cap`). Raises NotFound, Conflict."""
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        if experiment.status == Status.RUNNING:
            return experiment
        if experiment.status not in STARTS_FROM:
            raise Conflict(_("This experiment is over. Retry what failed, or plan another one."))
        if _is_spent(experiment):
            raise Conflict(_("Its cost cap is spent. Raise the cap first."), "cost_cap")
        _run(experiment, author, "start" if experiment.started_at is None else "resume")
    return experiment


def pause(project_id: str, experiment_id: str, author: Author) -> Experiment:
    """Ask nothing more; what is being asked is still recorded. Raises NotFound and Conflict."""
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        if experiment.status != Status.RUNNING:
            raise Conflict(_("This experiment does not run."))
        _end(experiment, Status.PAUSED, author, "pause")
    return experiment


def cancel(project_id: str, experiment_id: str, author: Author) -> Experiment:
    """End it for good; what was answered stays. Raises NotFound and Conflict."""
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        if experiment.is_over:
            raise Conflict(_("This experiment is over."))
        experiment.ended_at = timezone.now()
        _end(experiment, Status.CANCELLED, author, "cancel")
    return experiment


def retry_failed(project_id: str, experiment_id: str, author: Author, cell_ids: Collection[int] | None = None) -> int:
    """Ask again where no answer came, and score again where scoring failed (the answer is not asked for anew); in all
    cells or some, but for those whose run was deleted. Answers how many. Raises NotFound and Conflict.
    """
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        if experiment.status == Status.CANCELLED:
            raise Conflict(_("This experiment is cancelled."))
        if _is_spent(experiment):
            raise Conflict(_("Its cost cap is spent. Raise the cap first."), "cost_cap")
        jobs = Job.objects.filter(experiment=experiment).exclude(cell_id__in=without_runs(experiment.pk))
        if cell_ids is not None:
            jobs = jobs.filter(cell_id__in=list(cell_ids))
        count = _ask_again(experiment, jobs) + _score_again(jobs)
        if count:
            recount(experiment)
            experiment.evaluators.update(halted="")
            if experiment.status != Status.RUNNING:
                _run(experiment, author, "retry")
    return count


def set_cap(project_id: str, experiment_id: str, cost_cap: float | None, author: Author) -> Experiment:
    """Change the cost cap (US dollars; None: none). Raises NotFound and Invalid."""
    if cost_cap is not None and not 0 < cost_cap < 1e9:
        raise Invalid(_("The cost cap must be more than 0 US dollars; leave it empty for none."), "cost_cap")
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        before = as_told(experiment)
        experiment.cost_cap = cost_cap
        experiment.save(update_fields=["cost_cap"])
        author.record(
            "update", "experiment", experiment.pk, project=project_id, before=before, after=as_told(experiment)
        )
    return experiment


def rename(project_id: str, experiment_id: str, name: str, description: str, author: Author) -> Experiment:
    """Change what people read of it; its runs keep their names. Raises NotFound and Invalid."""
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        before = as_told(experiment)
        experiment.name = line(name, "name", EXPERIMENT_NAME)
        experiment.description = within(description, "description", MAX_DESCRIPTION)
        experiment.save(update_fields=["name", "description"])
        author.record(
            "update", "experiment", experiment.pk, project=project_id, before=before, after=as_told(experiment)
        )
    return experiment


def remove(project_id: str, experiment_id: str, author: Author) -> None:
    """Delete the experiment; its runs, their traces and scores stay. Raises NotFound, and Conflict while it runs."""
    with transaction.atomic():
        experiment = _held(project_id, experiment_id)
        if experiment.status == Status.RUNNING:
            raise Conflict(_("This experiment runs. Pause or cancel it first."))
        author.record("delete", "experiment", experiment.pk, project=project_id, before=as_told(experiment))
        Job.objects.filter(experiment=experiment).delete()
        experiment.delete()


# --- Inside ------------------------------------------------------------------------------------------------


def _held(project_id: str, experiment_id: str) -> Experiment:
    own(project_id, experiment_id)
    return Experiment.objects.select_for_update().get(project_id=project_id, pk=experiment_id)


def _run(experiment: Experiment, author: Author, action: str) -> None:
    before = as_told(experiment)
    experiment.cells.update(halted="")
    experiment.evaluators.update(halted="")
    experiment.status, experiment.reason, experiment.ended_at = Status.RUNNING, "", None
    experiment.started_at = experiment.started_at or timezone.now()
    experiment.save(update_fields=["status", "reason", "started_at", "ended_at"])
    after = as_told(experiment)
    author.record(action, "experiment", experiment.pk, project=experiment.project_id, before=before, after=after)
    transaction.on_commit(partial(enqueue_experiment, experiment.pk))


def _end(experiment: Experiment, status: str, author: Author, action: str) -> None:
    before = as_told(experiment)
    experiment.status, experiment.reason = status, ""
    experiment.save(update_fields=["status", "reason", "ended_at"])
    after = as_told(experiment)
    author.record(action, "experiment", experiment.pk, project=experiment.project_id, before=before, after=after)


def _is_spent(experiment: Experiment) -> bool:
    return experiment.cost_cap is not None and experiment.spent >= experiment.cost_cap


def _ask_again(experiment: Experiment, jobs: QuerySet[Job]) -> int:
    """The next answer gets a trace of its own and takes the failed one's place in the run."""
    failed = list(jobs.filter(state=State.FAILED).only("pk", "experiment_id", "round"))
    traces = [job.trace_id for job in failed]
    for begin in range(0, len(traces), CHUNK):
        DatasetRunItem.objects.filter(
            project_id=experiment.project_id, trace_id__in=traces[begin : begin + CHUNK]
        ).delete()
    return jobs.filter(state=State.FAILED).update(
        state=State.PENDING, round=F("round") + 1, error_kind="", error="", note="", scoring={}, finished_at=None
    )


def _score_again(jobs: QuerySet[Job]) -> int:
    """What was scored stays; positions with a sentence are forgotten, so that they are due again."""
    keys = list(jobs.filter(state=State.DONE, flawed=True).values_list("pk", flat=True))
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {Job._meta.db_table} SET state = 'SCORING', flawed = false, scoring = (
                SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(scoring) WHERE value = '""'
            ) WHERE id = ANY(%s) AND state = 'DONE' AND flawed
            """,  # noqa: S608  (the name of a table)
            (keys,),
        )
        again: int = cursor.rowcount
    return again
