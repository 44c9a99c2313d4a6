"""The way into the store: all or nothing, told to others, honest about a database that is away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.dispatch import Signal
from psycopg.errors import DeadlockDetected

from common.errors import Overloaded
from tests.conftest import Api, Keys
from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import SPAN_ID, event, export, source, span
from tracing.ingestion import events, spans
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes
from tracing.signals import observations_stored, storing
from tracing.store import store


@contextmanager
def listening(signal: Signal, receiver: Callable[..., Any]) -> Iterator[None]:
    signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def changes() -> Changes:
    return spans.translate([source(span())])


@pytest.mark.django_db
def test_receivers_hear_of_a_batch_before_it_is_stored(project: Keys) -> None:
    heard: list[Any] = []

    def receiver(project_id: str, changes: Changes, **_: Any) -> None:
        heard.append((project_id, [change.id for change in changes.observations], connection.in_atomic_block))

    with listening(storing, receiver):
        store_changes(project.id, changes(), whole=True)
    assert heard == [(project.id, [SPAN_ID], True)]


@pytest.mark.django_db(transaction=True)
def test_receivers_hear_of_observations_after_the_commit(project: Keys) -> None:
    heard: list[Any] = []

    def receiver(project_id: str, ids: list[str], **_: Any) -> None:
        heard.append((project_id, ids, connection.in_atomic_block))

    with listening(observations_stored, receiver):
        store_changes(project.id, changes(), whole=True)
        store_changes(project.id, Changes())
    assert heard == [(project.id, [SPAN_ID], False)]


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_takes_the_batch_with_it(api: Api) -> None:
    def receiver(**_: Any) -> None:
        raise RuntimeError("the run cannot be stored")

    with listening(storing, receiver):
        assert Doors(api).export(export(span())).status_code == 500
    assert api.get(f"observations/{SPAN_ID}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_after_the_commit_does_no_harm(api: Api) -> None:
    def receiver(**_: Any) -> None:
        raise RuntimeError("the queue is full")

    with listening(observations_stored, receiver):
        assert Doors(api).export(export(span())).status_code == 200
    assert api.get(f"observations/{SPAN_ID}").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_503_and_nothing_is_half_stored(api: Api) -> None:
    def cut(**_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    doors = Doors(api)
    with listening(storing, cut):
        for answer in (doors.export(export(span())), doors.ingest(event("trace-create", {"id": "t"}))):
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert set(answer.json()) == {"message", "error"}
            connection.close()
    assert api.get(f"observations/{SPAN_ID}").status_code == api.get("traces/t").status_code == 404
    assert doors.export(export(span())).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_tried_again(project: Keys) -> None:
    attempts: list[int] = []

    def stumble(**_: Any) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise OperationalError("deadlock detected") from DeadlockDetected()

    with listening(storing, stumble):
        store_changes(project.id, changes(), whole=True)
    assert len(attempts) == 3
    assert store().get_trace(project.id, span().trace_id)


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_that_stays_is_overload(project: Keys) -> None:
    def stumble(**_: Any) -> None:
        raise OperationalError("deadlock detected") from DeadlockDetected()

    with listening(storing, stumble), pytest.raises(Overloaded):
        store_changes(project.id, changes(), whole=True)


@pytest.mark.django_db(transaction=True)
def test_halves_of_a_call_that_arrive_at_once_are_priced(project: Keys) -> None:
    """Neither batch sees the other's half before it has written its own."""
    together = Barrier(2)
    halves = ({"model": "gpt-4o-mini"}, {"usageDetails": {"input": 10, "output": 5}})

    def wait(**_: Any) -> None:
        together.wait(timeout=20)

    def send(number: int, half: dict[str, Any]) -> None:
        try:
            import msgspec

            raw = msgspec.json.encode(event("generation-create", {"id": f"g{number}", "traceId": "t", **half}))
            store_changes(project.id, events.translate([msgspec.Raw(raw)]).changes)
        finally:
            connection.close()

    with listening(storing, wait):
        for number in range(5):
            threads = [Thread(target=send, args=(number, half)) for half in halves]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    detail = store().get_trace(project.id, "t")
    assert detail is not None and len(detail.observations) == 5
    assert all(call.total_cost and call.total_cost > 0 for call in detail.observations)
    assert detail.trace.total_cost == pytest.approx(sum(call.total_cost or 0 for call in detail.observations))
