"""How many calls of a connection run at once, in this process and together with all others.

Within a process, calls queue for `concurrency` places. When the provider says that it is asked too often, the places
are halved, and grow again by one for each round of answered calls: so a connection finds its provider's pace by itself
(the way of TCP). What the connection's own limits say is counted by `llm.shared_limits`.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from llm.calls import ChatRequest
from llm.models import LlmConnection
from llm.shared_limits import Lease, SharedLimits

CONCURRENCY = 50  # of a process, where the connection says nothing
LOWER_SECONDS = 1.0  # refusals within that time are one and the same
_ANSWER_TOKENS = 500  # supposed where a request does not bound its answer


class Limits:
    """The limits of one connection, for one event loop."""

    def __init__(self, connection: LlmConnection) -> None:
        self.concurrency = connection.concurrency or CONCURRENCY
        self._places = _Places(self.concurrency)
        self._rest_until = 0.0
        self._counts_tokens = bool(connection.tokens_per_minute)
        self._shared: SharedLimits | None = None
        if connection.concurrency or connection.requests_per_minute or connection.tokens_per_minute:
            self._shared = SharedLimits(
                connection.pk,
                concurrency=connection.concurrency or 0,
                requests_per_minute=connection.requests_per_minute or 0,
                tokens_per_minute=connection.tokens_per_minute or 0,
            )

    @asynccontextmanager
    async def slot(self, request: ChatRequest) -> AsyncIterator[Lease]:
        """Waits until one more call may run; it runs inside. Who learns the call's tokens tells the lease."""
        await self._places.enter()
        try:
            while (rest := self._rest_until - time.monotonic()) > 0:
                await asyncio.sleep(rest * random.uniform(1.0, 1.1))  # noqa: S311
            if self._shared is None:
                yield Lease()
                return
            lease = await self._shared.acquire(_expected_tokens(request) if self._counts_tokens else 0)
            try:
                yield lease
            finally:
                self._shared.release(lease)
        finally:
            self._places.leave()

    def refused(self, rest: float) -> None:
        """The provider was asked too often and wants a rest of that many seconds."""
        self._rest_until = max(self._rest_until, time.monotonic() + rest)
        self._places.fewer()

    def served(self) -> None:
        """A call was answered."""
        self._places.more()

    async def close(self) -> None:
        """Give back what is held for all processes."""
        if self._shared is not None:
            await self._shared.close()


class _Places:
    """A semaphore, first come first served, whose size follows the provider's mood."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = float(most)
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lowered = float("-inf")

    async def enter(self) -> None:
        if self._taken < int(self._open) and not self._waiting:
            self._taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # given in the same moment
                self.leave()
            raise

    def leave(self) -> None:
        self._taken -= 1
        self._admit()

    def fewer(self) -> None:
        now = time.monotonic()
        if now - self._lowered >= LOWER_SECONDS:
            self._lowered = now
            self._open = max(1.0, min(self._open, self._taken) / 2)

    def more(self) -> None:
        if self._open < self._most:
            self._open = min(float(self._most), self._open + 1 / self._open)
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._taken < int(self._open):
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)


def _expected_tokens(request: ChatRequest) -> int:
    """Roughly what the call will count, until the provider tells: three characters a token suits mixed languages."""
    parameters = request.parameters
    answer = parameters.get("max_completion_tokens") or parameters.get("max_tokens")
    answer = answer if isinstance(answer, int) and 0 < answer < 100_000 else _ANSWER_TOKENS
    texts = 0
    for message in request.messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else [{"text": content}]:
            text = part.get("text") if isinstance(part, dict) else None
            texts += len(text) if isinstance(text, str) else 0
    return texts // 3 + answer
