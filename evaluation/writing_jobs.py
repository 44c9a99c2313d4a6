"""The jobs of an experiment, written down: those of a small one with its plan, those of a large one by its worker.

In both cases in one order: all items once in all cells before any for the second time, so that whatever stops an
experiment leaves cells that can be compared. A worker writes them in chunks, each in one transaction with how far it
has come (`Unplanned`): killed in between, it goes on there, and every job is written once.
"""

import time
from collections.abc import Sequence

from django.db import connection as database
from django.db import transaction

from evaluation import desk
from evaluation.ending import worker_ends
from evaluation.models.experiments import Experiment, Job, Unplanned

AT_ONCE = 5_000  # so many are written while somebody waits: some tenths of a second
CHUNK = 5_000


def begin(experiment: Experiment, item_keys: Sequence[int]) -> None:
    """Write the jobs, or leave them to the worker; inside the transaction that writes the cells."""
    cells = _cells(experiment.pk)
    total = len(cells) * len(item_keys) * experiment.repetitions
    if total <= AT_ONCE:
        _write(experiment.pk, cells, item_keys, 0, total)
    else:
        Unplanned.objects.create(experiment=experiment, items=list(item_keys), total=total)


def go_on(experiment_id: str, token: str, ends: float) -> bool:
    """Write what is left, until that moment (`time.monotonic`), or somebody stops it; whether all are written.

    Raises desk.Lost.
    """
    while Unplanned.objects.filter(pk=experiment_id).exists():
        if not write_some(experiment_id, token) or time.monotonic() > ends or worker_ends.is_set():
            return False
    return True


def write_some(experiment_id: str, token: str) -> bool:
    """Write the next chunk; False where it may not. Raises desk.Lost."""
    with transaction.atomic():
        if desk.standing(experiment_id, token, hold=True).status != Experiment.Status.RUNNING:
            return False
        plan = Unplanned.objects.select_for_update().get(pk=experiment_id)
        until = min(plan.written + CHUNK, plan.total)
        _write(experiment_id, _cells(experiment_id), plan.items, plan.written, until)
        if until == plan.total:
            plan.delete()
        else:
            Unplanned.objects.filter(pk=experiment_id).update(written=until)
        desk.beat(experiment_id, token)
    return True


def _cells(experiment_id: str) -> list[int]:
    experiment = Experiment(pk=experiment_id)
    return list(experiment.cells.order_by("position").values_list("pk", flat=True))


def _write(experiment_id: str, cells: Sequence[int], items: Sequence[int], begin: int, end: int) -> None:
    """The jobs with these numbers, in one statement."""
    rows = []
    for number in range(begin, end):
        turn, cell = divmod(number, len(cells))
        repetition, item = divmod(turn, len(items))
        rows.append((cells[cell], items[item], repetition))
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Job._meta.db_table}
                (experiment_id, cell_id, item_id, repetition, state, round, attempts,
                 error_kind, error, note, cached, unpriced, scoring, flawed)
            SELECT %s, cell, item, repetition, 'PENDING', 0, 0, '', '', '', false, 0, '{{}}', false
            FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) WITH ORDINALITY AS job (cell, item, repetition, place)
            ORDER BY place
            """,  # noqa: S608  (the name of a table)
            (experiment_id, *(list(column) for column in zip(*rows, strict=True))),
        )
