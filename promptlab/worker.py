"""Celery's worker and scheduler, for one machine: `python -m promptlab.worker --schedule data/scheduler/last-runs`.

The scheduler is forked from the process that becomes the worker, once everything is imported, which saves 40 MB over
two separate ones. Celery's own `--beat` does so too, but never notices when the scheduler is gone; here the worker ends
with it, and the supervisor starts both again. In production `celery worker` and `celery beat` run apart.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path

from kombu import Connection

from promptlab import processes
from promptlab.celery import app

log = logging.getLogger("promptlab.worker")

# Requests go first: on a busy machine signatures and sums come a little later.
NICENESS = 5


def main() -> None:
    parser = ArgumentParser(prog="python -m promptlab.worker")
    parser.add_argument("--schedule", type=Path, required=True, help="where to remember what ran when")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("PROMPTLAB_WORKER_THREADS") or 4))
    parser.add_argument("--alone", action="store_true", help="no other worker takes tasks from this broker")
    options = parser.parse_args()

    os.nice(NICENESS)
    options.schedule.parent.mkdir(parents=True, exist_ok=True)
    app.loader.init_worker()  # sets Django up and imports every task
    app.finalize()
    for name in ("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "kombu.transport.redis"):
        importlib.import_module(name)  # what both would import by themselves a moment later
    gc.collect()
    gc.freeze()  # what was imported stays shared between the two

    if options.alone:
        give_back_unfinished()
    scheduler = _fork_scheduler(options.schedule)
    if options.alone:
        take_over()
    threading.Thread(target=_end_with, args=(scheduler,), daemon=True).start()
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # talk between several workers
    app.worker_main(
        ["worker", "--pool", "threads", "--concurrency", str(options.threads), "--loglevel", "WARNING", *quiet]
    )


def give_back_unfinished() -> None:
    """Queue again what a killed worker had taken, instead of waiting for it to time out (an hour)."""
    timed_out_at_once = {**app.conf.broker_transport_options, "visibility_timeout": 0}
    with Connection(app.conf.broker_url, transport_options=timed_out_at_once) as broker:
        broker.default_channel.qos.restore_visible(num=10_000)  # type: ignore[attr-defined]


def take_over() -> None:
    """Go on at once with what a killed worker was at, instead of waiting for its lease to end."""
    from django.db import OperationalError

    from evaluation import desk, rescorer

    with contextlib.suppress(OperationalError):
        desk.forget_runners()
        rescorer.forget_runners()


def _fork_scheduler(schedule: Path) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        processes.die_with(parent, signal.SIGTERM)()
        app.Beat(schedule=str(schedule), loglevel="WARNING", quiet=True).run()
    except BaseException:
        log.exception("The scheduler ended.")
    os._exit(1)  # not through the worker's own way out, which this process has inherited


def _end_with(scheduler: int) -> None:
    os.waitpid(scheduler, 0)
    os.kill(os.getpid(), signal.SIGTERM)  # a warm shutdown: running tasks end first


if __name__ == "__main__":
    main()
    sys.exit()
