"""The totals of a trace are those of its observations, at any time."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import at, batch, generation, step, trace
from tracing.models import TraceRow
from tracing.records import LEVELS, TraceDetail
from tracing.store import store as configured_store
from tracing.store.base import Store


def totals_in_python(found: TraceDetail) -> tuple[Any, ...]:
    steps = found.observations
    ends = [inner.end_time for inner in steps if inner.end_time]
    costs = [inner.total_cost for inner in steps if inner.total_cost is not None]
    return (
        len(steps),
        sum(inner.level == "ERROR" for inner in steps),
        sum(inner.level == "WARNING" for inner in steps),
        max((inner.level for inner in steps), key=LEVELS.index, default="DEFAULT"),
        sum(inner.usage_details.get("input", 0) for inner in steps),
        sum(inner.usage_details.get("output", 0) for inner in steps),
        sum(inner.usage_details.get("total", 0) for inner in steps),
        round(sum(costs), 9) if costs else None,
        (max(ends) - min(inner.start_time for inner in steps)).total_seconds() if ends else None,
    )


def totals_stored(found: TraceDetail) -> tuple[Any, ...]:
    stored = found.trace
    return (
        stored.observation_count, stored.error_count, stored.warning_count, stored.level, stored.input_tokens,
        stored.output_tokens, stored.total_tokens, stored.total_cost, stored.latency,
    )  # fmt: skip


def some_generation(chance: random.Random, id: str, trace_id: str = "t1") -> Any:
    incoming, outgoing = chance.randrange(100), chance.randrange(100)
    price = chance.randrange(1000) / 1e6
    return generation(
        id, trace_id, start_time=at(chance.randrange(100)),
        end_time=chance.choice([None, at(100 + chance.randrange(99))]),
        usage_details={"input": incoming, "output": outgoing, "total": incoming + outgoing},
        cost_details={"total": price}, total_cost=price, level=chance.choice(LEVELS),
    )  # fmt: skip


def test_a_trace_without_observations_has_empty_totals(a_store: Store, write: Any) -> None:
    write(trace())
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert totals_stored(found) == (0, 0, 0, "DEFAULT", 0, 0, 0, None, None)


def test_totals_stay_exact_through_updates_and_repeats(a_store: Store, write: Any) -> None:
    chance = random.Random(1)
    for _ in range(30):
        write(*(some_generation(chance, f"g{n}") for n in chance.sample(range(20), 5)))
        found = a_store.get_trace(HERE, "t1")
        assert found
        assert totals_stored(found) == totals_in_python(found)


def test_sums_of_money_carry_no_rounding_dust(a_store: Store, write: Any) -> None:
    write(*(generation(f"g{n}", total_cost=0.1, cost_details={"total": 0.1}) for n in range(3)))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert found.trace.total_cost == 0.3


def test_what_was_not_priced_costs_nothing_known(a_store: Store, write: Any) -> None:
    write(generation(total_cost=None, cost_details=None))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.total_cost, found.trace.total_tokens) == (None, 15)


def test_cached_input_counts_as_input_and_a_missing_total_is_summed(a_store: Store, write: Any) -> None:
    write(generation(usage_details={"input": 1, "input_cached_tokens": 2, "output": 4, "tools": 8}))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.input_tokens, found.trace.output_tokens, found.trace.total_tokens) == (3, 4, 15)


def test_monstrous_numbers_do_not_break_the_sums(a_store: Store, write: Any) -> None:
    for n in range(3):
        write(generation(f"g{n}", usage_details={"input": 2**63 - 1}, cost_details={"input": 1e308}, total_cost=1e308))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert found.trace.total_tokens == 3 * 10**12


def test_a_trace_that_comes_whole_sums_up_as_one_that_comes_in_pieces(a_store: Store, write: Any) -> None:
    chance = random.Random(3)
    for turn in range(10):
        steps = [some_generation(chance, f"{turn}-{n}", f"t{turn}") for n in range(chance.randrange(1, 8))]
        for one in steps:
            one.parent_observation_id, one.as_root = chance.choice([(None, None), ("p", None), ("p", True)])
        made = trace(f"t{turn}", timestamp=None, seen_at=at(50), explicit=False)
        write(made, *steps)
        write(made, *steps[:1], project_id="in pieces")
        for one in steps:
            write(one, project_id="in pieces")
        whole, pieces = a_store.get_trace(HERE, f"t{turn}"), a_store.get_trace("in pieces", f"t{turn}")
        assert whole
        assert pieces
        assert totals_stored(whole) == totals_stored(pieces) == totals_in_python(whole)
        assert whole.trace.timestamp == pieces.trace.timestamp
        roots = TraceRow.objects.filter(id=f"t{turn}").values_list("root_id", flat=True)
        assert len(set(roots)) == 1


def test_an_observation_that_stays_elsewhere_does_not_count_in_a_new_trace(a_store: Store, write: Any) -> None:
    write(generation("g1", "t1"))
    write(generation("g1", "t2"), trace("t2"))
    moved, kept = a_store.get_trace(HERE, "t2"), a_store.get_trace(HERE, "t1")
    assert moved
    assert kept
    assert (moved.trace.observation_count, kept.trace.observation_count) == (0, 1)


@pytest.mark.django_db(transaction=True)
class TestSeveralWriters:
    """Threads that write the same traces at once: as two processes of the web server do."""

    def test_no_write_is_lost_and_totals_stay_exact(self, at_once: Callable[..., None]) -> None:
        def writer(number: int) -> None:
            chance = random.Random(number)
            for turn in range(12):
                ids = [f"t{n}" for n in range(4)]
                chance.shuffle(ids)
                changes = [some_generation(chance, f"{number}-{turn}-{id}", id) for id in ids]
                shared = [some_generation(chance, f"shared-{id}", id) for id in ids]
                configured_store().write(HERE, batch(*changes, *shared, trace(ids[0], session_id=f"s{turn % 3}")))

        at_once(writer, 4)
        for n in range(4):
            found = configured_store().get_trace(HERE, f"t{n}")
            assert found
            assert found.trace.observation_count == 4 * 12 + 1
            assert totals_stored(found) == totals_in_python(found)

    def test_a_new_trace_written_by_two_at_once_is_one(self, at_once: Callable[..., None]) -> None:
        for turn in range(10):
            at_once(
                lambda number, turn=turn: configured_store().write(
                    HERE, batch(trace(f"new{turn}", tags=(str(number),)), generation(f"{turn}-{number}", f"new{turn}"))
                ),
                4,
            )
            found = configured_store().get_trace(HERE, f"new{turn}")
            assert found
            assert (found.trace.observation_count, found.trace.tags) == (4, ("0", "1", "2", "3"))
            assert found.trace.total_cost == 0.012

    def test_observations_that_find_their_trace_at_last_leave_no_wrapper(self, at_once: Callable[..., None]) -> None:
        def writer(number: int) -> None:
            for turn in range(10):
                home = f"home{turn}" if number % 2 else None
                configured_store().write(HERE, batch(*(step(f"o{turn}-{n}", home, name=str(number)) for n in range(5))))

        at_once(writer, 4)
        for turn in range(10):
            found = configured_store().get_trace(HERE, f"home{turn}")
            assert found
            assert found.trace.observation_count == len(found.observations) == 5
            assert all(configured_store().get_trace(HERE, f"o{turn}-{n}") is None for n in range(5))


@pytest.fixture
def at_once() -> Callable[..., None]:
    """Runs `work(number)` in so many threads at once; the first failure fails the test."""

    def run(work: Callable[[int], None], threads: int) -> None:
        failures: list[BaseException] = []
        start = threading.Barrier(threads)

        def body(number: int) -> None:
            try:
                start.wait()
                work(number)
            except BaseException as failure:
                failures.append(failure)
            finally:
                connection.close()

        running = [threading.Thread(target=body, args=(number,)) for number in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        if failures:
            raise failures[0]

    return run
