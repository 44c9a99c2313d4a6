"""A connection's limits, counted in Valkey for all processes together.

Places are leases in a sorted set by the time when they lapse: a process that is killed holds its places for
`LEASE_SECONDS` at most, a living one renews them. Requests and tokens are counted by the second and summed over the
last minute, so that no minute, wherever it begins, has more than the limit. All is done by one script in one round
trip, which takes everything that one process has to ask and to give back at that moment.

While Valkey is away, calls are not held up: a limit may be broken, work is not lost.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from common.ids import new_id

log = logging.getLogger("promptlab.llm.limits")

WINDOW_SECONDS = 60
LEASE_SECONDS = 30.0
RENEW_SECONDS = 8.0
POLL_SECONDS = 0.05  # while others hold all places
AWAY_SECONDS = 5.0  # Valkey is not asked again for that long after it was away
MOST_AT_ONCE = 100

# KEYS: the places, the counts of the last minute ("r" or "t" and the second -> how many). ARGV: see `_ask`.
# Answers how many of the wanted calls may go (from the first one), the second, and after how many ms to ask again.
_SCRIPT = """
local asked = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second + tonumber(time[2]) / 1000000
if #asked.released > 0 then redis.call('ZREM', KEYS[1], unpack(asked.released)) end
for _, id in ipairs(asked.held) do redis.call('ZADD', KEYS[1], now + asked.lease, id) end

local free = math.huge
if asked.concurrency > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  free = asked.concurrency - redis.call('ZCARD', KEYS[1])
end

local counts, seconds, requests, tokens = {}, {}, 0, 0
if asked.requests > 0 or asked.tokens > 0 then
  for _, late in ipairs(asked.corrections) do
    if redis.call('HEXISTS', KEYS[2], 't' .. late[1]) == 1 then
      redis.call('HINCRBY', KEYS[2], 't' .. late[1], late[2])
    end
  end
  local stored = redis.call('HGETALL', KEYS[2])
  for i = 1, #stored, 2 do
    local at, count = tonumber(string.sub(stored[i], 2)), tonumber(stored[i + 1])
    if at < second - asked.window then
      redis.call('HDEL', KEYS[2], stored[i])
    else
      if not counts[at] then counts[at] = {r = 0, t = 0}; seconds[#seconds + 1] = at end
      local kind = string.sub(stored[i], 1, 1)
      counts[at][kind] = counts[at][kind] + count
      if kind == 'r' then requests = requests + count else tokens = tokens + count end
    end
  end
  table.sort(seconds)
end

-- When enough of the last minute will have passed for `more` to fit under `limit`.
local function fits_in(kind, sum, more, limit)
  for _, at in ipairs(seconds) do
    sum = sum - counts[at][kind]
    if sum + more <= limit then return math.ceil((at + asked.window + 1 - now) * 1000) end
  end
  return 1000
end

local granted, wait, new_tokens = 0, 0, 0
for _, wanted in ipairs(asked.wanted) do
  if free < 1 then
    wait = -1
    break
  end
  if asked.requests > 0 and requests + 1 > asked.requests then
    wait = fits_in('r', requests, 1, asked.requests)
    break
  end
  local more = math.min(wanted[2], asked.tokens)
  if asked.tokens > 0 and tokens + more > asked.tokens then
    wait = fits_in('t', tokens, more, asked.tokens)
    break
  end
  granted, free, requests, tokens, new_tokens = granted + 1, free - 1, requests + 1, tokens + more, new_tokens + more
  if asked.concurrency > 0 then redis.call('ZADD', KEYS[1], now + asked.lease, wanted[1]) end
end
if asked.concurrency > 0 then redis.call('EXPIRE', KEYS[1], math.ceil(asked.lease) + 1) end
if granted > 0 and (asked.requests > 0 or asked.tokens > 0) then
  redis.call('HINCRBY', KEYS[2], 'r' .. second, granted)
  if asked.tokens > 0 then redis.call('HINCRBY', KEYS[2], 't' .. second, new_tokens) end
  redis.call('EXPIRE', KEYS[2], asked.window + 2)
end
return {granted, second, wait}
"""


@dataclass(slots=True)
class Lease:
    """The right to one call. `used` is what the provider counted, once it is known."""

    id: str = ""
    second: int = 0  # by Valkey's clock
    expected: int = 0
    used: int | None = None


@dataclass(slots=True)
class _Wanted:
    id: str
    tokens: int
    granted: asyncio.Future[Lease]


@dataclass
class SharedLimits:
    """The limits of one connection, as one event loop asks for them. 0 is no limit."""

    connection_id: str
    concurrency: int = 0
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    _process: str = field(default_factory=new_id)
    _count: int = 0
    _wanted: list[_Wanted] = field(default_factory=list)
    _held: set[str] = field(default_factory=set)
    _released: list[str] = field(default_factory=list)
    _corrections: list[tuple[int, int]] = field(default_factory=list)
    _renewed: float = 0.0
    _away_until: float = 0.0
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _talking: asyncio.Task[None] | None = None
    _redis: Redis | None = None
    _script: AsyncScript | None = None

    async def acquire(self, tokens: int) -> Lease:
        """Waits until one more call of about that many tokens may be made. `release` it."""
        self._count += 1
        wanted = _Wanted(f"{self._process}:{self._count}", tokens, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        self._stir()
        try:
            return await wanted.granted
        except asyncio.CancelledError:
            if wanted.granted.done() and not wanted.granted.cancelled():  # granted in the same moment
                self.release(wanted.granted.result())
            raise

    def release(self, lease: Lease) -> None:
        """The call is over."""
        if self.concurrency:
            self._held.discard(lease.id)
            self._released.append(lease.id)
        if self.tokens_per_minute and lease.used is not None and lease.used != lease.expected:
            self._corrections.append((lease.second, lease.used - min(lease.expected, self.tokens_per_minute)))
        if self._released or self._corrections:
            self._stir()

    async def close(self) -> None:
        """Give everything back and hang up. Who still waits is told that the call is off."""
        for wanted in self._wanted:
            wanted.granted.cancel()
        self._released += self._held
        self._held.clear()
        if self._talking is not None:
            self._stirred.set()
            await asyncio.wait([self._talking])
            self._talking = None
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = self._script = None

    def _stir(self) -> None:
        self._stirred.set()
        if self._talking is None or self._talking.done():
            self._talking = asyncio.get_running_loop().create_task(self._talk())

    async def _talk(self) -> None:
        """Asks and gives back, as long as there is something to ask, to give back or to hold."""
        while True:
            self._wanted = [wanted for wanted in self._wanted if not wanted.granted.done()]
            self._stirred.clear()
            pause = RENEW_SECONDS
            if self._has_news() or self._is_renewal_due():
                asked = self._wanted[:MOST_AT_ONCE]
                granted, second, wait = await self._ask(asked)
                for wanted in asked[:granted]:
                    self._grant(wanted, second)
                self._wanted = self._wanted[granted:]
                if self._wanted:
                    pause = wait / 1000 if wait >= 0 else POLL_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311
            if not self._has_business():
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(pause, RENEW_SECONDS)):
                    await self._stirred.wait()

    def _grant(self, wanted: _Wanted, second: int) -> None:
        if wanted.granted.done():  # whoever wanted it went away meanwhile
            self._released.append(wanted.id)
            self._stirred.set()
            return
        if self.concurrency:
            self._held.add(wanted.id)
        wanted.granted.set_result(Lease(wanted.id, second, wanted.tokens))

    def _has_news(self) -> bool:
        return bool(self._wanted or self._released or self._corrections)

    def _has_business(self) -> bool:
        return bool(self._held or self._wanted) or (self._has_news() and not self._is_away())

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _is_renewal_due(self) -> bool:
        return bool(self._held) and time.monotonic() - self._renewed >= RENEW_SECONDS

    async def _ask(self, asked: Sequence[_Wanted]) -> tuple[int, int, int]:
        """How many of the asked may go, the second, and in how many milliseconds to ask again (-1: others decide)."""
        if self._is_away():
            return len(asked), 0, 0
        held: list[str] = []
        if self._is_renewal_due():
            held, self._renewed = list(self._held), time.monotonic()
        released, self._released = self._released, []
        corrections, self._corrections = self._corrections, []
        body: dict[str, Any] = {
            "concurrency": self.concurrency,
            "requests": self.requests_per_minute,
            "tokens": self.tokens_per_minute,
            "window": WINDOW_SECONDS,
            "lease": LEASE_SECONDS,
            "held": held,
            "released": released,
            "corrections": corrections,
            "wanted": [(wanted.id, wanted.tokens) for wanted in asked],
        }
        try:
            granted, second, wait = await self._told()(args=[orjson.dumps(body)])
        except (RedisError, OSError) as error:
            log.warning("Limits of LLM connections are not kept, Valkey cannot be reached: %s", error)
            self._away_until = time.monotonic() + AWAY_SECONDS
            return len(asked), 0, 0
        return granted, second, wait

    def _told(self) -> Any:
        """The script, bound to the connection's keys."""
        if self._script is None:
            self._redis = Redis.from_url(settings.REDIS_URL, socket_timeout=2.0, socket_connect_timeout=2.0)
            self._script = self._redis.register_script(_SCRIPT)
        script, prefix = self._script, f"{settings.CACHES['default']['KEY_PREFIX']}:llm-limits:{self.connection_id}"
        return lambda args: script(keys=[f"{prefix}:places", f"{prefix}:minute"], args=args)
