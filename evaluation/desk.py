"""An experiment in the hands of one runner: taking it, keeping it, claiming jobs, giving it back.

Who works on an experiment has written its token into the row and touches it every few seconds. Every write of a
runner first asks whether the token is still there, in the same transaction: one that was taken for dead and comes back
to life writes nothing any more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import purging
from accounts.models import Project
from accounts.storable import storable
from datasets.models import Dataset
from evaluation import forsaking
from evaluation.models.experiments import Cell, ChosenEvaluator, Experiment, Job, Unplanned

LEASE = timedelta(seconds=20)
Status, State = Experiment.Status, Job.State
OPEN = (State.PENDING, State.RUNNING, State.SCORING)


class Lost(Exception):
    """Somebody else works on the experiment now, or it is gone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the row says at the moment."""

    status: str
    spent: float
    cost_cap: float | None

    @property
    def goes_on(self) -> bool:
        """Whether anything more may be asked."""
        return self.status == Status.RUNNING and not self.is_spent

    @property
    def is_spent(self) -> bool:
        return self.cost_cap is not None and self.spent >= self.cost_cap


def take(experiment_id: str, token: str) -> bool:
    """Become the runner of an experiment that has none, or a dead one; what that one was asking is asked anew."""
    with transaction.atomic():
        free = _of_projects_there().filter(Q(runner="") | Q(beat_at__lt=Now() - LEASE) | Q(beat_at=None))
        taken = free.filter(pk=experiment_id, status=Status.RUNNING).update(runner=token, beat_at=Now())
        if taken:
            _put_back(experiment_id)
            forsaking.forsake(Experiment.objects.get(pk=experiment_id))
    return bool(taken)


def beat(experiment_id: str, token: str) -> Standing:
    """Show that the runner is alive. Raises Lost."""
    if not Experiment.objects.filter(pk=experiment_id, runner=token).update(beat_at=Now()):
        raise Lost
    return standing(experiment_id, token)


def standing(experiment_id: str, token: str, *, hold: bool = False) -> Standing:
    """The state of the experiment; `hold` locks the row until the end of the transaction, and lets neither its project
    nor its dataset be deleted before. Raises Lost."""
    mine = _of_projects_there().filter(pk=experiment_id, runner=token)
    if hold:
        _hold_dataset(experiment_id)
        mine = mine.select_for_update(no_key=True)
    row = mine.values_list("status", "spent", "cost_cap").first()
    if row is None:
        raise Lost
    return Standing(*row)


def claim(experiment_id: str, token: str, count: int) -> list[Job]:
    """Up to so many waiting jobs of cells that are not halted, now the runner's; none when it may ask nothing more.

    Raises Lost.
    """
    with transaction.atomic():
        if not standing(experiment_id, token, hold=True).goes_on:
            return []
        waiting = Job.objects.filter(experiment_id=experiment_id, state=State.PENDING, cell__halted="")
        chosen = waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:count]
        jobs = list(chosen)
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(state=State.RUNNING, attempts=F("attempts") + 1)
        for job in jobs:
            job.state, job.attempts = State.RUNNING, job.attempts + 1
    return jobs


def unscored(experiment_id: str, after: int, count: int) -> list[Job]:
    """Jobs whose answers wait for scores since an earlier runner, in the order of their keys after the given one."""
    waiting = Job.objects.filter(experiment_id=experiment_id, state=State.SCORING, pk__gt=after, cell__halted="")
    return list(waiting.order_by("pk")[:count])


def halt(cell_ids: Collection[int], reason: str) -> None:
    """Let cells wait until somebody resumes the experiment."""
    Cell.objects.filter(pk__in=list(cell_ids), halted="").update(halted=storable(reason))


def silence(experiment_id: str, position: int, reason: str) -> None:
    """Ask an evaluator no more until somebody resumes the experiment, or has it scored again."""
    chosen = ChosenEvaluator.objects.filter(experiment_id=experiment_id, position=position, halted="")
    chosen.update(halted=storable(reason))


def leave(experiment_id: str, token: str) -> bool:
    """Give the experiment back, settle how it stands; True when there is work that can go on."""
    with transaction.atomic():
        try:
            now = standing(experiment_id, token, hold=True)
        except Lost:
            return False
        _put_back(experiment_id)
        forsaking.forsake(Experiment.objects.get(pk=experiment_id))
        mine = Experiment.objects.filter(pk=experiment_id)
        mine.update(runner="", beat_at=None)
        if now.status != Status.RUNNING:
            return False
        if Unplanned.objects.filter(pk=experiment_id).exists():
            return True
        if not Job.objects.filter(experiment_id=experiment_id, state__in=OPEN).exists():
            mine.update(status=Status.DONE, reason="", ended_at=Now())
            return False
        if now.is_spent:
            mine.update(status=Status.CAPPED, reason=_("The cost cap is spent."))
            return False
        if not Job.objects.filter(experiment_id=experiment_id, state__in=OPEN, cell__halted="").exists():
            mine.update(status=Status.PAUSED, reason=_reason(experiment_id))
            return False
    return True


def stop(experiment_id: str, token: str, reason: str) -> None:
    """Pause an experiment that its runner cannot go on with."""
    mine = Experiment.objects.filter(pk=experiment_id, runner=token, status=Status.RUNNING)
    mine.update(status=Status.PAUSED, reason=reason)


def abandoned() -> list[str]:
    """Running experiments that nobody works on."""
    running = _of_projects_there().filter(status=Status.RUNNING)
    return list(running.filter(Q(beat_at=None) | Q(beat_at__lt=Now() - LEASE)).values_list("pk", flat=True))


def is_worked_on(experiment: Experiment) -> bool:
    """Whether a runner is alive with it, if only to write down what was in flight when it was stopped."""
    return bool(experiment.runner and experiment.beat_at and experiment.beat_at > timezone.now() - LEASE)


def forget_runners() -> None:
    """Believe all runners dead: where the only worker starts anew."""
    Experiment.objects.exclude(runner="").update(runner="", beat_at=None)


def _of_projects_there() -> QuerySet[Experiment]:
    """A deleted project's experiments are still there for a while: nobody works on them.

    No join: an UPDATE that waited for a row looks anew at that row alone, and two could take it.
    """
    return Experiment.objects.filter(project__in=Project.objects.all())


def _hold_dataset(experiment_id: str) -> None:
    """Whoever deletes the dataset locks it first, too (`datasets.definitions.delete_dataset`): neither waits for the
    other in a circle. Raises Lost."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT project_id FROM {Dataset._meta.db_table}
            WHERE id = (SELECT dataset_id FROM {Experiment._meta.db_table} WHERE id = %s) FOR KEY SHARE
            """,  # noqa: S608  (names of tables)
            (experiment_id,),
        )
        row = cursor.fetchone()
    if row is None or not purging.hold(row[0]):
        raise Lost


def _put_back(experiment_id: str) -> None:
    Job.objects.filter(experiment_id=experiment_id, state=State.RUNNING).update(state=State.PENDING)


def _reason(experiment_id: str) -> str:
    halted = Cell.objects.filter(experiment_id=experiment_id).exclude(halted="")
    return "\n".join(dict.fromkeys(halted.values_list("halted", flat=True)))
