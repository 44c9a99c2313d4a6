"""The one door to models: every call that PromptLab itself makes goes through here.

It bounds and times calls, repeats those that may succeed the next time, and turns whatever goes wrong into one
exception. What is sealed in a connection is opened here and nowhere else. Pages, experiments and judges know a
connection's name and get a `Client`.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
from django.utils.translation import gettext as _
from openai import AsyncOpenAI, AsyncStream, OpenAIError

from common import crypto
from common.errors import Invalid
from llm import costs, failures
from llm.calls import RETRYABLE, Answer, CallFailed, ChatRequest, FailureKind, Piece
from llm.destinations import CannotCall, address_of, client_of
from llm.failures import Fault
from llm.limits import Limits
from llm.models import LlmConnection
from llm.payloads import CutShort, Gathering, NoAnswer, Said, model_names, read_answer
from llm.shared_limits import Lease
from llm.transport import http_client

ANSWER_SECONDS = 180.0
FIRST_WAIT = 0.5  # seconds before the second attempt; doubled before each further one
_END = object()
# What may come out of an attempt; anything else is a mistake of ours.
_FAULTS = (
    TimeoutError,
    OpenAIError,
    httpx2.HTTPError,
    Invalid,
    NoAnswer,
    CutShort,
    CannotCall,
    crypto.Unreadable,
    ValueError,
    TypeError,
    RecursionError,
)
_CHAT = "/chat/completions"
# What bounds the calls of a connection.
_BOUNDS = ("concurrency", "requests_per_minute", "tokens_per_minute")
# The client's own business: what a request brings under these names does not reach the provider.
_OURS = frozenset({"model", "messages", "stream", "stream_options"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call may take, in seconds, and how often it is tried.

    A provider that wants to be left alone for longer than `longest_wait` is not asked again: the call fails at once
    and tells when to come back. An attempt that took too long is repeated once at most. `answer` None is what the
    connection says, or else `ANSWER_SECONDS`.
    """

    connect: float = 10.0
    answer: float | None = None  # one attempt
    total: float = 600.0  # all attempts and the waits between them; never less than one attempt
    attempts: int = 5
    longest_wait: float = 60.0


class NoConnection(Invalid):
    """The project has no connection of that name, or none at all."""


class Client:
    """Calls the models of one connection, from one event loop. `close` it, or get it from `Clients`, which does."""

    def __init__(self, connection: LlmConnection, patience: Patience | None = None) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        self.answer_seconds = self.patience.answer or connection.answer_seconds or ANSWER_SECONDS
        self.limits = Limits(connection)
        self.address = connection.base_url
        self.is_deleted = False
        self._openai: AsyncOpenAI | None = None
        self._former: list[AsyncOpenAI | Limits] = []
        self._secrets: tuple[str, ...] = ()
        self._usage_in_streams = True

    @property
    def concurrency(self) -> int:
        """How many calls the connection takes at once: more are accepted and wait for each other."""
        return self.limits.concurrency

    def renew(self, connection: LlmConnection | None) -> None:
        """From the next attempt on, take the connection as it is now; None: it was deleted, so there is none.

        What is being asked ends as it began.
        """
        if connection is None:
            self.is_deleted = True
            return
        if any(getattr(connection, name) != getattr(self.connection, name) for name in _BOUNDS):
            self._former.append(self.limits)
            self.limits = Limits(connection)
        if self._openai is not None:
            self._former.append(self._openai)
        self.connection, self.address, self._openai = connection, connection.base_url, None
        self.answer_seconds = self.patience.answer or connection.answer_seconds or ANSWER_SECONDS

    async def complete(self, request: ChatRequest) -> Answer:
        """The whole answer. Raises CallFailed, and NoConnection when the connection was deleted meanwhile."""
        call = _Call(self, request)
        body = _body(request)
        while True:
            try:
                async with call.attempt() as lease, call.in_time():
                    response = await self._opened().post(_CHAT, body=body, cast_to=httpx2.Response)
                    said = read_answer(response.content)
                    lease.used = said.tokens
                return call.answered(said)
            except _Failed as failed:
                await call.wait_after(failed.fault)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece | Answer, None]:
        """The answer's text in pieces as it comes, and in the end the Answer. Raises CallFailed, also in the middle.

        Attempts are repeated only as long as nothing was passed on.
        """
        call = _Call(self, request)
        passed_on = False
        while True:
            try:
                async with call.attempt() as lease:
                    gathering = Gathering()
                    async with aclosing(self._chunks(call, request)) as chunks:
                        async for chunk in chunks:
                            text = gathering.add(chunk)
                            if gathering.begun:
                                call.first_token()
                            if text:
                                passed_on = True
                                yield Piece(text)
                    said = gathering.said()
                    lease.used = said.tokens
                yield call.answered(said)
                return
            except _Failed as failed:
                if passed_on:
                    raise call.failed(failed.fault) from failed
                if self._usage_in_streams and _refuses_stream_options(failed.fault):
                    self._usage_in_streams = False
                    continue
                await call.wait_after(failed.fault)

    async def models(self) -> list[str]:
        """The names of the models that the provider lists. Raises CallFailed; one attempt."""
        call = _Call(self, ChatRequest(model="", messages=()), attempts=1)
        try:
            async with call.attempt(), call.in_time():
                response = await self._opened().get("/models", cast_to=httpx2.Response)
                return model_names(response.content)
        except _Failed as failed:
            raise call.failed(failed.fault) from failed

    async def close(self) -> None:
        """Hang up. The next call connects anew."""
        client, self._openai = self._openai, None
        former, self._former = self._former, []
        for one in (*former, self.limits, client):
            if one is not None:
                await one.close()

    async def _chunks(self, call: "_Call", request: ChatRequest) -> AsyncGenerator[object, None]:
        body = _body(request) | {"stream": True}
        if self._usage_in_streams:
            body["stream_options"] = {"include_usage": True}
        async with call.in_time():
            stream: AsyncStream[object] = await self._opened().post(
                _CHAT, body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
            )
        async with stream:
            if "json" in stream.response.headers.get("content-type", ""):  # some do not stream, whatever they are asked
                async with call.in_time():
                    whole = read_answer(await stream.response.aread())
                yield whole
                return
            chunks = aiter(stream)
            while True:
                # Each chunk for itself: a timeout around a yield would strike whoever is reading us.
                async with call.in_time():
                    chunk = await anext(chunks, _END)
                if chunk is _END:
                    return
                yield chunk

    def _opened(self) -> AsyncOpenAI:
        """The client of the `openai` package, made for the first call. Raises CannotCall, crypto.Unreadable."""
        if self._openai is None:
            self.address = address_of(self.connection)
            key, headers = _unsealed(self.connection)
            self._secrets = (key, *headers.values())
            http = http_client(self.address, self.patience.connect)
            self._openai = client_of(self.connection, key, headers, http)
        return self._openai

    def _told(self, message: str) -> str:
        """The sentence without secrets: some servers repeat what they were sent."""
        for secret in self._secrets:
            if len(secret) >= 8:
                message = message.replace(secret, "…")
        return message


def none_named(provider: str) -> NoConnection:
    return NoConnection(
        _("There is no LLM connection named %(name)s. Add it under Settings → LLM connections.") % {"name": provider}
    )


class _Failed(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class _Call:
    """One call: its attempts, their times, and whether another one is due."""

    def __init__(self, client: Client, request: ChatRequest, attempts: int | None = None) -> None:
        self._client = client
        self._request = request
        self._attempts = attempts or client.patience.attempts
        self._deadline = self._ends = time.monotonic() + max(client.patience.total, client.answer_seconds)
        self._taken = 0
        self._slow = 0
        self._started_at = self._ended_at = datetime.now(UTC)
        self._first_token_at: datetime | None = None

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[Lease]:
        """Waits for a free place, then times what happens inside; whatever goes wrong there becomes _Failed.

        The wait does not count: who asks for much at once is served in turn.
        """
        asked = time.monotonic()
        async with self._client.limits.slot(self._request) as lease:
            if self._client.is_deleted:
                raise none_named(self._client.connection.provider)
            now = time.monotonic()
            self._deadline += now - asked
            self._ends = min(now + self._client.answer_seconds, self._deadline)
            self._taken += 1
            self._started_at, self._first_token_at = datetime.now(UTC), None
            try:
                yield lease
            except _FAULTS as error:
                fault = self._fault_of(error, time.monotonic() - now)
                if fault.kind is FailureKind.RATE_LIMITED:
                    self._client.limits.refused(min(fault.retry_after or 0.0, self._client.patience.longest_wait))
                raise _Failed(fault) from error
            finally:
                self._ended_at = datetime.now(UTC)
            self._client.limits.served()

    def _fault_of(self, error: Exception, seconds: float) -> Fault:
        if isinstance(error, CannotCall):
            return Fault(FailureKind.BAD_REQUEST, str(error))
        if isinstance(error, crypto.Unreadable):
            words = _("The key was sealed under another PROMPTLAB_ENCRYPTION_KEY. Enter it again in the connection.")
            return Fault(FailureKind.UNREADABLE_KEY, words)
        if isinstance(error, TimeoutError):
            return failures.too_slow(round(seconds, 1))
        return failures.fault_of(error, self._request.model, self._client.address)

    def in_time(self) -> asyncio.Timeout:
        """Bounds what is awaited inside by the end of the attempt."""
        return asyncio.timeout(max(0.0, self._ends - time.monotonic()))

    def first_token(self) -> None:
        if self._first_token_at is None:
            self._first_token_at = datetime.now(UTC)

    def answered(self, said: Said) -> Answer:
        request = self._request
        cost = costs.of_call(self._client.connection, request.model, said.usage)
        return Answer(
            text=said.text,
            message=said.message,
            model=said.model or request.model,
            started_at=self._started_at,
            ended_at=self._ended_at,
            first_token_at=self._first_token_at,
            finish_reason=said.finish_reason,
            usage=said.usage,
            cost=said.cost if cost is None else cost,
            attempts=self._taken,
        )

    def failed(self, fault: Fault) -> CallFailed:
        return CallFailed(
            fault.kind,
            self._client._told(fault.message),
            status=fault.status,
            started_at=self._started_at,
            ended_at=self._ended_at,
            attempts=self._taken,
            retry_after=fault.retry_after,
        )

    async def wait_after(self, fault: Fault) -> None:
        """Until the next attempt is due; raises CallFailed when there is none to come."""
        self._slow += fault.kind is FailureKind.TIMEOUT
        if fault.kind not in RETRYABLE or self._taken >= self._attempts or self._slow > 1:
            raise self.failed(fault)
        # Full jitter above the half: many callers that failed together do not come back together.
        wait = FIRST_WAIT * 2 ** (self._taken - 1) * random.uniform(0.5, 1.0)  # noqa: S311
        if fault.retry_after is not None:
            wait = fault.retry_after + random.uniform(0.0, 0.1 * fault.retry_after)  # noqa: S311
            if fault.retry_after > self._client.patience.longest_wait:
                raise self.failed(fault)
        if time.monotonic() + wait >= self._deadline:
            raise self.failed(fault)
        await asyncio.sleep(wait)


def _body(request: ChatRequest) -> dict[str, Any]:
    body = {name: value for name, value in request.parameters.items() if name not in _OURS and value is not None}
    body |= {"model": request.model, "messages": list(request.messages)}
    if request.tools:
        body["tools"] = list(request.tools)
        if request.tool_choice is not None:
            body["tool_choice"] = request.tool_choice
    if request.response_format is not None:
        body["response_format"] = request.response_format
    return body


def _refuses_stream_options(fault: Fault) -> bool:
    """Some older servers do not know how to tell the usage of a stream."""
    return fault.kind is FailureKind.BAD_REQUEST and "stream_options" in fault.message


def _unsealed(connection: LlmConnection) -> tuple[str, dict[str, str]]:
    """The key and the extra headers. Raises crypto.Unreadable."""
    headers = orjson.loads(crypto.unseal(connection.sealed_headers)) if connection.sealed_headers else {}
    return crypto.unseal(connection.sealed_secret), headers
