"""How far an experiment has come: the counts of its cells, how fast it goes, what it cost, when it will end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from evaluation.models.experiments import Cell, Experiment, Job

RECENT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Figures of an experiment, or of one cell (without `rate` and `seconds_left`).

    `answered` includes `cached`; `scored` are those of the answers whose evaluators are through, `unscored` those of
    them where one failed. `rate` is answers a second of late, failed ones included; `seconds_left` None while nobody
    can tell. `cost` is in US dollars, without the `unpriced` calls, whose price nobody knows; `latency` is the average
    seconds of an answer.
    """

    total: int
    answered: int
    failed: int
    cached: int
    scored: int
    unscored: int
    cost: float
    unpriced: int
    latency: float | None
    rate: float | None = None
    seconds_left: float | None = None
    cells: Sequence["CellProgress"] = ()

    @property
    def finished(self) -> int:
        """Answers that are there, and those that will not come."""
        return self.answered + self.failed

    @property
    def left(self) -> int:
        """Answers still to come."""
        return max(0, self.total - self.finished)

    @property
    def scoring(self) -> int:
        """Answers that wait for their scores."""
        return max(0, self.answered - self.scored)

    @property
    def percent(self) -> int:
        """Of all answers; 100 only when there is nothing left to ask or to score."""
        if not self.left and not self.scoring:
            return 100
        return min(99, math.floor(100 * self.finished / self.total)) if self.total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProgress:
    """A cell with its figures."""

    cell: Cell
    progress: Progress


def progress(experiment: Experiment) -> Progress:
    """The figures now; two queries."""
    cells = list(Cell.objects.filter(experiment=experiment).select_related("prompt", "model").order_by("position"))
    each = [CellProgress(cell=cell, progress=_of([cell])) for cell in cells]
    whole = _of(cells)
    rate = _rate(experiment) if experiment.status == Experiment.Status.RUNNING else None
    return Progress(
        **{name: getattr(whole, name) for name in _COUNTS},
        latency=whole.latency,
        rate=rate,
        seconds_left=whole.left / rate if rate else (0.0 if not whole.left else None),
        cells=each,
    )


def overview(experiments: Sequence[Experiment]) -> list[tuple[Experiment, Progress]]:
    """Each with its figures as a whole, without rates; one query."""
    cells: dict[str, list[Cell]] = {one.pk: [] for one in experiments}
    for cell in Cell.objects.filter(experiment__in=experiments):
        cells[cell.experiment_id].append(cell)
    return [(one, _of(cells[one.pk])) for one in experiments]


_COUNTS = ("total", "answered", "failed", "cached", "scored", "unscored", "cost", "unpriced")


def _of(cells: Sequence[Cell]) -> Progress:
    answered = sum(cell.answered for cell in cells)
    return Progress(
        total=sum(cell.total for cell in cells),
        answered=answered,
        failed=sum(cell.failed for cell in cells),
        cached=sum(cell.cached for cell in cells),
        scored=sum(cell.scored for cell in cells),
        unscored=sum(cell.unscored for cell in cells),
        cost=math.fsum(cell.cost for cell in cells),
        unpriced=sum(cell.unpriced for cell in cells),
        latency=math.fsum(cell.latency for cell in cells) / answered if answered else None,
    )


def _rate(experiment: Experiment) -> float | None:
    now = timezone.now()
    since: datetime = max(now - RECENT, experiment.started_at or now)
    seconds = (now - since).total_seconds()
    done = Job.objects.filter(experiment=experiment, finished_at__gt=since).count()
    return done / seconds if done and seconds > 0 else None
