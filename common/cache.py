"""Django's Redis cache that treats a lost server as an empty cache: a cache may make us slow, never wrong or down."""

import logging
import os
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Connection
from redis.exceptions import ConnectionError, RedisError

log = logging.getLogger("promptlab.cache")


class _LeanClient(RedisCacheClient):
    """Reads straight from kept connections.

    Django makes a redis-py client for every call, and its retries, events and pool cost several times what the read
    costs. One or two reads stand in front of every API request, so this is worth the few lines.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: list[Connection] = []
        self._process = os.getpid()
        # When its thread ends; by then the collector may have freed the sockets in any order.
        weakref.finalize(self, _hang_up, self._idle)

    def get(self, key: Any, default: Any) -> Any:
        value = self._ask("GET", key)
        return default if value is None else self._serializer.loads(value)  # type: ignore[attr-defined]

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        asked = tuple(keys)
        loads = self._serializer.loads  # type: ignore[attr-defined]
        values = self._ask("MGET", *asked) if asked else ()
        return {key: loads(value) for key, value in zip(asked, values, strict=True) if value is not None}

    def _ask(self, *command: str) -> Any:
        if self._process != os.getpid():
            # Forked: these are the parent's conversations.
            self._idle.clear()
            self._process = os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._get_connection_pool(write=False).make_connection()  # type: ignore[attr-defined]
        try:
            answer = self._converse(connection, command)
        except ConnectionError:
            # Kept since before the server was restarted; a new conversation shows whether it is there.
            connection.disconnect()  # type: ignore[no-untyped-call]
            answer = self._converse(connection, command)
        self._idle.append(connection)
        return answer

    def _converse(self, connection: Connection, command: tuple[str, ...]) -> Any:
        connection.send_command(*command)  # type: ignore[no-untyped-call]
        return connection.read_response()


def _hang_up(connections: list[Connection]) -> None:
    while connections:
        connections.pop().disconnect()  # type: ignore[no-untyped-call]


class ForgivingRedisCache(RedisCache):
    """Misses instead of errors while Valkey is away.

    A *write* or *delete* that fails is logged: entries are short-lived, so a stale one heals by itself.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _LeanClient

    def _tried(self, call: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("The cache cannot be reached: %s", error)
            return otherwise

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._tried(super().get, default, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        return self._tried(super().get_many, {}, keys, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._tried(super().set, None, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(super().set_many, [], *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(super().add, False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(super().delete, False, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._tried(super().delete_many, None, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(super().incr, 0, *args, **kwargs)
