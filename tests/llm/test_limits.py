"""The limits of a connection: within a process, and for all processes together. Each `SharedLimits` is a process."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from common import crypto
from common.ids import new_id
from llm import limits as limits_module
from llm import shared_limits
from llm.calls import Answer, ChatRequest
from llm.client import Client
from llm.limits import Limits
from llm.models import LlmConnection
from llm.shared_limits import Lease, SharedLimits
from tests.endpoint.server import Endpoint

ASKED = ChatRequest(model="gpt-4o", messages=[{"role": "user", "content": "Столица Испании"}])


async def granted_in(limits: SharedLimits, tokens: int = 0, wait: float = 0.3) -> Lease | None:
    """The lease, or None when there is none that soon."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait):
            return await limits.acquire(tokens)
    return None


def test_processes_share_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_limits, "POLL_SECONDS", 0.01)
    running, most, done = 0, 0, 0

    async def one(limits: SharedLimits) -> None:
        nonlocal running, most, done
        lease = await limits.acquire(0)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running, done = running - 1, done + 1
        limits.release(lease)

    async def run() -> None:
        name = new_id()
        here, there = SharedLimits(name, concurrency=3), SharedLimits(name, concurrency=3)
        await asyncio.gather(*[one(limits) for limits in (here, there) for _ in range(15)])
        await here.close()
        await there.close()

    asyncio.run(run())
    assert (most, done) == (3, 30)


def test_a_killed_process_holds_its_places_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_limits, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(shared_limits, "RENEW_SECONDS", 0.1)

    async def run() -> None:
        name = new_id()
        killed, living, next_one = (SharedLimits(name, concurrency=2) for _ in range(3))
        await killed.acquire(0)
        kept = await living.acquire(0)
        assert await granted_in(next_one) is None
        killed._held.clear()  # nobody renews it any more
        assert await granted_in(next_one, wait=1.0) is not None
        assert await granted_in(next_one, wait=0.7) is None, "the living one's lease was renewed"
        living.release(kept)
        assert await granted_in(next_one) is not None
        for limits in (killed, living, next_one):
            await limits.close()

    asyncio.run(run())


def test_no_minute_has_more_requests_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_limits, "WINDOW_SECONDS", 1)
    times: list[float] = []

    async def one(limits: SharedLimits) -> None:
        limits.release(await limits.acquire(0))
        times.append(time.monotonic())

    async def run() -> None:
        name = new_id()
        here, there = SharedLimits(name, requests_per_minute=4), SharedLimits(name, requests_per_minute=4)
        await asyncio.gather(*[one(limits) for limits in (here, there) for _ in range(3)])
        await here.close()
        await there.close()

    asyncio.run(run())
    times.sort()
    assert times[3] - times[0] < 0.5
    assert all(late - early >= 0.95 for early, late in zip(times, times[4:], strict=False))


def test_tokens_are_counted_as_expected_and_then_as_used() -> None:
    async def run() -> None:
        limits = SharedLimits(new_id(), tokens_per_minute=1000)
        first = await limits.acquire(600)
        assert await granted_in(limits, 600) is None
        first.used = 100
        limits.release(first)
        assert await granted_in(limits, 600) is not None
        assert await granted_in(limits, 400) is None
        await limits.close()
        alone = SharedLimits(new_id(), tokens_per_minute=1000)
        assert await granted_in(alone, 50_000) is not None, "what is too big for any minute goes alone"
        assert await granted_in(alone, 1) is None
        await alone.close()

    asyncio.run(run())


def test_who_stops_waiting_takes_no_place() -> None:
    async def run() -> None:
        limits = SharedLimits(new_id(), concurrency=1)
        held = await limits.acquire(0)
        impatient = asyncio.create_task(limits.acquire(0))
        await asyncio.sleep(0.02)
        impatient.cancel()
        limits.release(held)
        assert await granted_in(limits) is not None
        await limits.close()

    asyncio.run(run())


def test_calls_go_on_while_valkey_is_away(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    async def run() -> None:
        limits = SharedLimits(new_id(), concurrency=1)
        assert await granted_in(limits, wait=2) and await granted_in(limits, wait=2)
        await limits.close()

    asyncio.run(run())


def test_without_limits_nobody_is_asked() -> None:
    assert Limits(LlmConnection())._shared is None
    assert Limits(LlmConnection()).concurrency == limits_module.CONCURRENCY


def test_a_refused_process_asks_for_less_and_then_for_more_again() -> None:
    async def run() -> list[int]:
        limits = Limits(LlmConnection())
        open_places = [int(limits._places._open)]
        leave = asyncio.Event()

        async def call() -> None:
            async with limits.slot(ASKED):
                await leave.wait()

        calls = [asyncio.create_task(call()) for _ in range(40)]
        await asyncio.sleep(0)
        limits.refused(0)
        limits.refused(0)  # the same crowd
        open_places.append(int(limits._places._open))
        leave.set()
        await asyncio.gather(*calls)
        for _ in range(3000):
            limits.served()
        return [*open_places, int(limits._places._open)]

    assert asyncio.run(run()) == [50, 20, 50]


@pytest.mark.django_db
def test_two_workers_keep_to_a_connections_limits(
    endpoint: Endpoint,
    project: Any,
) -> None:
    connection = LlmConnection.objects.create(
        project_id=project.id, provider="x", base_url=endpoint.url, sealed_secret=crypto.seal("k"), concurrency=2
    )
    answers: list[Answer] = []

    async def work() -> None:
        client = Client(connection)
        request = ChatRequest(model="gpt-4o+latency=40", messages=ASKED.messages)
        answers.extend(await asyncio.gather(*[client.complete(request) for _ in range(5)]))
        await client.close()

    in_threads(lambda: asyncio.run(work()), 2)
    assert len(answers) == 10
    overlaps = [sum(other.started_at <= answer.started_at < other.ended_at for other in answers) for answer in answers]
    assert max(overlaps) == 2


def in_threads(work: Callable[[], Any], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
