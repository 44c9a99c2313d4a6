"""The thread in which an event loop has the database asked: Django's questions block."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from django.db import InterfaceError, OperationalError, connection

from common.errors import Overloaded
from evaluation.ending import worker_ends

log = logging.getLogger("promptlab.experiments")

PATIENCE = 600.0  # seconds for which a question waits for a database that is away
AWAY = (OperationalError, InterfaceError, Overloaded)
Result = TypeVar("Result")


class DatabaseThread:
    """One thread with one connection, for as long as it is entered; `whose` names it in the log."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._thread = ThreadPoolExecutor(1, "database")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._thread.submit(_hang_up)
        self._thread.shutdown()

    async def ask(self, question: Callable[..., Result], *args: object) -> Result:
        """The answer of a blocking question; waits for a database that is away."""
        loop = asyncio.get_running_loop()
        until, wait = time.monotonic() + PATIENCE, 0.1
        while True:
            try:
                return await loop.run_in_executor(self._thread, question, *args)
            except AWAY as error:
                if time.monotonic() > until or worker_ends.is_set():
                    raise
                log.warning("The database is away, %s waits: %s", self._whose, error)
                await loop.run_in_executor(self._thread, _hang_up)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 2.0)


def _hang_up() -> None:
    with contextlib.suppress(Exception):
        connection.close()
