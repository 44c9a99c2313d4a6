"""How many calls of a connection run at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from llm.calls import ChatRequest
from llm.models import LlmConnection

CONCURRENCY = 50  # of a process, where the connection says nothing


class Limits:
    """The limits of one connection."""

    def __init__(self, connection: LlmConnection) -> None:
        self.concurrency = connection.concurrency or CONCURRENCY
        self._here = asyncio.Semaphore(self.concurrency)

    @asynccontextmanager
    async def slot(self, request: ChatRequest) -> AsyncIterator[None]:
        """Waits until one more call may run; it runs inside."""
        async with self._here:
            yield
