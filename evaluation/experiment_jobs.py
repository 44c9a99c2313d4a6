"""The single answers of an experiment, listed: what failed, what could not be scored, all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.content import preview
from datasets.jsontext import to_value
from datasets.paging import Slice, cut
from evaluation.models import Experiment, Job
from evaluation.progress import Progress

ROWS = 50
# name -> (label, which jobs, how many there are)
LISTS: Mapping[str, tuple[Any, Q, Callable[[Progress], int]]] = {
    "all": (_("All"), Q(), lambda told: told.total),
    "failed": (_("Faults"), Q(state=Job.State.FAILED) | Q(flawed=True), lambda told: told.failed + told.unscored),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A job with its item's input in one line, and the faults of its scoring by the evaluators' names."""

    job: Job
    input: str
    faults: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class JobsPage:
    """A page of lines."""

    lines: list[Line]
    slice: Slice[Job]


def jobs_page(experiment: Experiment, listed: str, cursor: str) -> JobsPage:
    """The jobs of a list, in their order; three queries."""
    rows = Job.objects.filter(LISTS[listed][1], experiment=experiment).order_by("id")
    page = cut(rows.select_related("item", "cell__prompt", "cell__model"), cursor, ROWS)
    names = dict(experiment.evaluators.values_list("position", "name"))
    return JobsPage([_line(job, names) for job in page.rows], page)


def _line(job: Job, names: Mapping[int, str]) -> Line:
    faults = [(names.get(int(position), position), fault) for position, fault in job.scoring.items() if fault]
    return Line(job, preview(to_value(job.item.input)), faults)
