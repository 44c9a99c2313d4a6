"""HTTP to providers: connections are opened to checked addresses only, and redirects are not followed.

The name is looked up once for each TCP connection, and the connection is made to what was found and checked: a name
that points elsewhere a moment later leads nobody into the private network. TLS checks the name as ever.
"""

import asyncio
import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from common import outbound

KEEP_SECONDS = 30.0  # an idle connection


def http_client(address: str, connect_seconds: float) -> httpx2.AsyncClient:
    """A client for one provider; it keeps its connections. How long an answer may take is its caller's business."""
    proxy = _proxy(address)
    return httpx2.AsyncClient(
        transport=httpx2.AsyncHTTPTransport(verify=_tls(), proxy=proxy, limits=_LIMITS) if proxy else _Guarded(),
        timeout=httpx2.Timeout(None, connect=connect_seconds),
        follow_redirects=False,
        trust_env=False,
    )


_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_SECONDS)


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
    def __init__(self) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=_CheckedAddresses(),
        )


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
        failure: Exception = httpcore2.ConnectError(f"The name {host} is not known.")
        for address in await asyncio.to_thread(outbound.addresses, host):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("Providers are reached by TCP only.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
