"""Handing work to the workers."""

import logging
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError

log = logging.getLogger("promptlab.queue")


def enqueue(task: Task, *args: Any) -> bool:
    """Put a task into the queue; False (and a line in the log) when the broker cannot be reached.

    Call it after the commit. What matters must be in the database by then, so that a sweep or a person can repeat what
    got lost with the broker.
    """
    try:
        task.apply_async(args=args)
    except OperationalError as error:
        log.warning("%s could not be queued, the broker cannot be reached: %s", task.name, error)
        return False
    return True
