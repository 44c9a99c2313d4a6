"""Whether the worker that this process is has been told to end."""

import threading
from typing import Any

from celery.signals import worker_shutting_down

worker_ends = threading.Event()


@worker_shutting_down.connect(weak=False)
def _end_soon(**_: Any) -> None:
    worker_ends.set()
