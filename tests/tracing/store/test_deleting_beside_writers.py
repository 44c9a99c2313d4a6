"""Deleting much does not keep writers waiting."""

import threading
import time
from typing import Any

import pytest
from django.db import connection

from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import at, batch, generation, trace
from tracing.models import ObservationRow, PackRow, TraceRow
from tracing.store import store
from tracing.store.base import Deletion

TRACES, STEPS = 3_000, 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "deletion",
    [
        Deletion(project_id=HERE, kind="traces", before=at(1)),
        Deletion(project_id=HERE, kind="traces", ids=tuple(f"old{n}" for n in range(TRACES))),
        Deletion(project_id="away", kind="project"),
    ],
    ids=["by age", "by id", "a project"],
)
def test_writers_go_on_while_much_is_deleted(deletion: Deletion) -> None:
    project_id = deletion.project_id
    for start in range(0, TRACES, 100):
        store().write(project_id, some([f"old{n}" for n in range(start, start + 100)]))
    done = threading.Event()

    def deleting() -> None:
        try:
            store().delete(deletion)
        finally:
            done.set()
            connection.close()

    deleter = threading.Thread(target=deleting)
    waits = []
    deleter.start()
    number = 0
    while not done.is_set() or number < 3:
        started = time.perf_counter()
        store().write(HERE, some([f"new{number}-{n}" for n in range(20)], at_second=5))
        waits.append(time.perf_counter() - started)
        number += 1
    deleter.join()
    assert set(TraceRow.objects.values_list("id", flat=True)) == {
        f"new{turn}-{n}" for turn in range(number) for n in range(20)
    }
    assert ObservationRow.objects.count() == number * 20 * STEPS
    assert PackRow.objects.count() == number
    # A batch of the deletion takes a moment, and so may a busy machine.
    assert max(waits) < 2


def some(ids: list[str], at_second: float = 0) -> Any:
    """Traces of five generations."""
    steps = [
        generation(f"{id}-{n}", id, input=f'"question {id}"', start_time=at(at_second))
        for id in ids
        for n in range(STEPS)
    ]
    return batch(*(trace(id, timestamp=at(at_second), input=f'"question {id}"') for id in ids), *steps)
