"""An experiment of many items against a model that answers in a tenth of a second: how long it takes, and what of it is
PromptLab's own work (the worker's processor time; the database's is told beside it).
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.figures import Table
from benchmarks.house import PROJECT, ROOT, House

ITEMS = 1_000
SECONDS = 0.1
AT_ONCE = 50
IDEAL = ITEMS * SECONDS / AT_ONCE
SECONDS_FLOOR = 1.5 * IDEAL + 3
MILLISECONDS_FLOOR = 6
PATIENCE = 120.0
ROUNDS = 3


def measure(table: Table, ours: House) -> None:
    """The middle of a few rounds, each a new experiment without the cache."""
    worker = _worker(ours)
    with answering() as url:
        rounds = sorted(_round(ours, worker, url) for _number in range(ROUNDS))
    took, used, database = rounds[len(rounds) // 2]
    table.add(
        f"experiment, {ITEMS:,} items, {AT_ONCE} at once, {SECONDS * 1000:.0f} ms each", took, "s",
        most=SECONDS_FLOOR, digits=1, more=f"ideal {IDEAL:.0f} s; two metrics on each answer; from start to done",
    )  # fmt: skip
    table.add(
        "the worker's work for an item", used / ITEMS * 1000, "ms",
        most=MILLISECONDS_FLOOR, digits=1, more=f"and {database / ITEMS * 1000:.1f} ms of the database",
    )  # fmt: skip


def _round(ours: House, worker: psutil.Process, url: str) -> tuple[float, float, float]:
    """Seconds from the start to the end, and the processor seconds of the worker and of everything else."""
    planned = _run(worker, "plan", PROJECT, url, str(ITEMS), str(AT_ONCE))
    before, whole = _used(worker), ours.cpu_seconds()
    _run(worker, "start", PROJECT, planned)
    state = f"SELECT status, extract(epoch FROM ended_at - started_at)::float8 FROM evaluation_experiment WHERE id = '{planned}'"  # noqa: E501
    until = time.monotonic() + PATIENCE
    while (found := ours.fetch(state))[0][0] != "DONE":
        if time.monotonic() > until or found[0][0] != "RUNNING":
            sys.exit(f"The experiment did not end: {found}.")
        time.sleep(0.1)
    counted = ours.fetch(f"SELECT count(*) FROM evaluation_job WHERE experiment_id = '{planned}' AND state = 'DONE'")
    if counted != [(ITEMS,)]:
        sys.exit(f"Of {ITEMS} answers {counted[0][0]} came.")
    used = _used(worker) - before
    return found[0][1], used, ours.cpu_seconds() - whole - used


@contextmanager
def answering() -> Iterator[str]:
    """The address of a model in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.answering", "--seconds", str(SECONDS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _worker(ours: House) -> psutil.Process:
    """The process that runs tasks, once it is there; the scheduler is its child."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        workers = [one for one in ours.processes() if "promptlab.worker" in one.cmdline()]
        if len(workers) > 1:
            return min(workers, key=lambda one: one.create_time())
        time.sleep(0.5)
    sys.exit("The worker did not start.")


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _run(worker: psutil.Process, *words: str) -> str:
    """Do something with the house's own database and secrets, as its worker has them."""
    command = [sys.executable, "-m", "benchmarks.planning", *words]
    done = subprocess.run(command, cwd=ROOT, env=worker.environ(), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()
