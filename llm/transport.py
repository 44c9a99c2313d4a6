"""HTTP to providers: connections are opened to checked addresses only, and redirects are not followed.

The name is looked up once for each TCP connection, and the connection is made to what was found and checked: a name
that points elsewhere a moment later leads nobody into the private network. TLS checks the name as ever.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from common import outbound

KEEP_SECONDS = 30.0  # an idle connection
LONGEST_ANSWER = 32 * 1024 * 1024  # bytes
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_SECONDS)


def http_client(address: str, connect_seconds: float) -> httpx2.AsyncClient:
    """A client for one provider; it keeps its connections. How long an answer may take is its caller's business."""
    proxy = _proxy(address)
    return httpx2.AsyncClient(
        transport=_Guarded(proxy),
        timeout=httpx2.Timeout(None, connect=connect_seconds),
        headers={"Accept-Encoding": "identity"},  # a few bytes that unpack into gigabytes would be our end
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Reading the authorities' certificates takes tens of milliseconds: once a process."""
    return httpx2.create_ssl_context()


def _proxy(address: str) -> str | None:
    """The proxy that the server's environment prescribes (HTTPS_PROXY, NO_PROXY). It looks up the names, not we."""
    parts = urlsplit(address)
    proxy = getproxies().get(parts.scheme)
    return proxy if proxy and not proxy_bypass(parts.hostname or "") else None


class _Guarded(httpx2.AsyncHTTPTransport):
    def __init__(self, proxy: str | None) -> None:
        if proxy is None:
            self._pool = _Connections()  # type: ignore[assignment]
        else:
            super().__init__(verify=_tls(), proxy=proxy, limits=_LIMITS)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        packed = response.headers.get("content-encoding", "identity")
        if packed != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for part in self._stream:
            length += len(part)
            if length > LONGEST_ANSWER:
                raise httpx2.RemoteProtocolError(f"the answer is longer than {LONGEST_ANSWER >> 20} MB")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Connections:
    """The connections to one provider, as many as there are calls at once.

    httpcore's own pool asks the system about each of its idle connections before and after each request; with fifty
    of them that is a third of what a call costs. Here the one that was used last is asked, and used.
    """

    def __init__(self) -> None:
        self._network = _CheckedAddresses()
        self._idle: list[httpcore2.AsyncHTTPConnection] = []
        self._all: set[httpcore2.AsyncHTTPConnection] = set()

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        connection = await self._free(request.url.origin)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._hang_up(connection)
            raise
        response.stream = _Body(self, connection, response.stream)
        return response

    async def _free(self, origin: httpcore2.Origin) -> httpcore2.AsyncHTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await self._hang_up(connection)
        connection = httpcore2.AsyncHTTPConnection(
            origin, ssl_context=_tls(), keepalive_expiry=KEEP_SECONDS, network_backend=self._network
        )
        self._all.add(connection)
        return connection

    async def give_back(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        if connection.is_idle():
            self._idle.append(connection)
        else:
            await self._hang_up(connection)

    async def _hang_up(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        self._all.discard(connection)
        await connection.aclose()

    async def aclose(self) -> None:
        self._idle.clear()
        for connection in list(self._all):
            await self._hang_up(connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Body:
    """An answer's body, which gives its connection back when it is closed."""

    def __init__(self, pool: _Connections, connection: httpcore2.AsyncHTTPConnection, stream: Any) -> None:
        self._pool = pool
        self._connection: httpcore2.AsyncHTTPConnection | None = connection
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await self._stream.aclose()
            finally:
                await self._pool.give_back(connection)


class _CheckedAddresses(httpcore2.AsyncNetworkBackend):
    """Connects to what `common.outbound` lets through, in its order; raises Invalid for what it does not."""

    def __init__(self) -> None:
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError(f"the name {host} is not known")
        for address in await asyncio.to_thread(outbound.addresses, host):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("providers are reached by TCP only")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
