"""What PromptLab does in a second, and what it takes: `make bench`.

Starts a PromptLab of its own (temporary data folder, free port, durable databases, no demo), measures it with the load
generator on the same machine, then one with a million observations, and prints a table with the floor beside each
figure. Ends with 1 when something that was acknowledged cannot be read, or, with `--strict`, when a floor is missed.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import experiments, house, ingest, million, prompt_fetch, reads
from benchmarks.browser import Browser
from benchmarks.connections import Target
from benchmarks.figures import Table, percentile, quantiles
from benchmarks.house import House, Memory

OBSERVATIONS = 1_000_000
SPANS = 100_000
JSON_SECONDS, FETCH_SECONDS, PACED_SECONDS = 12.0, 8.0, 15.0
SETTLE_SECONDS = 40.0  # at most, until the worker has started and nothing grows any more
SUMMED_SECONDS = 600.0
SPANS_FLOOR, EVENTS_FLOOR, FETCH_FLOOR = 5_000, 4_000, 2_000
FULL_SHARE = 0.8  # of the floor, with the million stored
HALF_LOAD = SPANS_FLOOR / 2 / 100  # requests a second
DISK_SHARE = 0.6
DELETED_AT_ONCE = 500

_UNSIGNED = "SELECT count(*) FROM tracing_pack WHERE signature IS NULL"

# Of an empty house, in this order; and of one with the million.
EMPTY, FULL = ("starts", "fetch", "ingest", "experiments"), ("load", "reads", "full")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="end with 1 when a floor is missed")
    parser.add_argument("--only", nargs="+", choices=EMPTY + FULL, default=EMPTY + FULL, help="measure these parts")
    parser.add_argument("--spans", type=int, default=SPANS, help="how many to send when ingestion is measured")
    parser.add_argument(
        "--observations",
        type=int,
        default=int(os.environ.get("BENCH_OBSERVATIONS") or OBSERVATIONS),
        help="how many stand in the full house (BENCH_OBSERVATIONS)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("BENCH_DATA"),
        help="keep the full house in this folder, or take the one that is there (BENCH_DATA)",
    )
    options = parser.parse_args()
    table = Table()
    # Whatever else runs takes its part: figures for the record want a load below 1.
    print(f"{os.cpu_count()} cores; load before the start: {os.getloadavg()[0]:.1f}\n", flush=True)
    wanted = set(options.only)
    if wanted.intersection(EMPTY):
        with standing(House()) as ours:
            measure_empty(table, ours, wanted, options.spans)
    if wanted.intersection(FULL):
        with standing(House(Path(options.data) if options.data else None)) as ours:
            measure_full(table, ours, wanted, options.observations, options.spans)
    print(table)
    sys.exit(bool(table.missed) and options.strict)


@contextmanager
def standing(ours: House) -> Iterator[House]:
    try:
        yield ours
    finally:
        ours.stop()
        ours.remove()


def measure_empty(table: Table, ours: House, wanted: set[str], spans: int) -> None:
    if "starts" in wanted:
        measure_starts(table, ours)
        idle = settled(ours)
        table.add("memory, idle", idle.shared_once, "MB PSS", most=500, more=in_words(idle))
    else:
        ours.start()
    if "fetch" in wanted:
        measure_fetches(table, ours)
    if "ingest" in wanted:
        measure_ingestion(table, ours, spans)
        loaded = ours.memory()
        table.add("memory, idle again afterwards", loaded.shared_once, "MB PSS", more=in_words(loaded))
    if "experiments" in wanted:
        experiments.measure(table, ours)


def measure_full(table: Table, ours: House, wanted: set[str], observations: int, spans: int) -> None:
    ours.start()
    target = target_of(ours)
    loaded = million.loaded(ours, target, observations)
    took = summed(ours)
    told = f"{loaded.observations:,} observations, {loaded.traces:,} traces, {loaded.scores:,} scores"
    if "load" in wanted:
        speed = loaded.observations / loaded.seconds
        table.add("the large load", speed, "spans/s", more=f"{told}, in {loaded.seconds:.0f} s")
        [(rollups,)] = ours.fetch("SELECT pg_total_relation_size('tracing_rollup')")
        kept = loaded.stored + rollups
        stored, sent, sums = (total / loaded.observations for total in (kept, loaded.sent, rollups))
        table.add(
            "disk, of what was sent", kept / loaded.sent, "times", most=DISK_SHARE, digits=2,
            more=f"{stored:,.0f} bytes a span of {sent:,.0f} sent; tables, indexes, TOAST, and {sums:,.0f} of rollups",
        )  # fmt: skip
        table.add("rollups of all that, after", took, "s", more="beside nothing else; the first minute is a wait")
    settled(ours)
    if "reads" in wanted:
        reads.measure(table, target, Browser(ours), loaded)
    if "full" in wanted:
        measure_full_ingestion(table, ours, spans)


def measure_starts(table: Table, ours: House) -> None:
    first = ours.start()
    time.sleep(2)
    ours.stop()
    later = sorted(restart(ours) for _ in range(3))
    table.add("first start, to the first answer", first, "s", digits=1, more="new databases, all migrations")
    table.add(
        "later start", later[1], "s", most=8, digits=1, more=f"the middle of {len(later)}, slowest {later[-1]:.1f}"
    )


def settled(ours: House) -> Memory:
    """The memory when the house has come to rest."""
    until = time.monotonic() + SETTLE_SECONDS
    memory = ours.memory()
    while time.monotonic() < until:
        time.sleep(5)
        before, memory = memory, ours.memory()
        if memory.processes == before.processes and abs(memory.shared_once - before.shared_once) < 1:
            break
    return memory


def summed(ours: House) -> float:
    """Wait until every hour that has passed is summed up, as it is where nobody just loaded a month; seconds."""
    started = time.perf_counter()
    left = "SELECT count(*) FROM tracing_rollup_mark WHERE cube = 0 AND hour < now() - interval '1 hour'"
    while time.perf_counter() - started < SUMMED_SECONDS and ours.fetch(left) != [(0,)]:
        time.sleep(2)
    return time.perf_counter() - started


def signed(ours: House) -> None:
    """Wait until the workers have signed what was sent: else what is measured next pays for what came before."""
    until = time.monotonic() + SUMMED_SECONDS
    while time.monotonic() < until and ours.fetch(_UNSIGNED) != [(0,)]:
        time.sleep(2)


def restart(ours: House) -> float:
    ours.stop()
    return ours.start()


def measure_fetches(table: Table, ours: House) -> None:
    target = target_of(ours)
    request = prompt_fetch.prepare(target)
    prompt_fetch.measure(target, request, 1)
    durations = prompt_fetch.measure(target, request, FETCH_SECONDS)
    rate = len(durations) / FETCH_SECONDS
    table.add("prompt fetch, 8 connections", rate, "/s", least=FETCH_FLOOR, more=quantiles(durations))
    table.add("prompt fetch, p99", percentile(durations, 0.99) * 1000, "ms", most=15, digits=1)


def measure_ingestion(table: Table, ours: House, spans: int) -> None:
    """OTLP until so many spans are stored, then at half the load, then events; all of it must be readable."""
    target = target_of(ours)
    otlp, _, events = ingest.loads()
    ingest.measure(target, otlp, seconds=1)
    ingest.measure(target, events, seconds=1)
    with peak_memory(ours) as peaks:
        flow(table, ours, otlp, "spans/s", SPANS_FLOOR, requests=spans // otlp.units)
    busiest = max(peaks, key=lambda memory: memory.shared_once)
    table.add("memory, under this load", busiest.shared_once, "MB PSS", more=in_words(busiest))
    paced(table, "OTLP at half the load", target, otlp)
    signed(ours)
    flow(table, ours, events, "events/s", EVENTS_FLOOR, seconds=JSON_SECONDS)


def flow(
    table: Table, ours: House, load: ingest.Load, unit: str, floor: float, name: str = "", **limit: float
) -> ingest.Sent:
    """As much as four connections bring."""
    used = ours.cpu_seconds()
    sent = ingest.measure(target_of(ours), load, **limit)  # type: ignore[arg-type]
    used = ours.cpu_seconds() - used
    units = len(sent.durations) * load.units
    more = f"{units:,} stored and readable; {quantiles(sent.durations)} a request; {used / units * 1e6:.0f} µs CPU each"
    table.add(f"{load.name} a request, 4 connections{name}", units / sent.elapsed, unit, least=floor, more=more)
    return sent


def paced(table: Table, name: str, target: Target, load: ingest.Load, most: float | None = 150) -> ingest.Sent:
    """Half of what is the floor, at an even pace: how long a request takes when nothing queues."""
    sent = ingest.measure(target, load, seconds=PACED_SECONDS, per_second=HALF_LOAD, readable=False)
    more = f"{quantiles(sent.durations)} a request, {HALF_LOAD * load.units:,.0f} spans/s"
    table.add(f"{name}, p99", percentile(sent.durations, 0.99) * 1000, "ms", most=most, digits=1, more=more)
    return sent


def measure_full_ingestion(table: Table, ours: House, spans: int) -> None:
    """Into the million; what was added goes again, while others write: the house is left as it was found."""
    target = target_of(ours)
    otlp = ingest.loads()[0]
    flow_name, floor = ", the million stored", SPANS_FLOOR * FULL_SHARE
    added = flow(table, ours, otlp, "spans/s", floor, flow_name, requests=spans // otlp.units).traces
    added += paced(table, "OTLP at half the load, the million stored", target, otlp).traces
    gone = len(added)
    deleter = threading.Thread(target=remove, args=(target, added))
    deleter.start()
    more = paced(table, "OTLP at half the load, while traces are deleted", target, otlp).traces
    gone -= len(added)
    table.add(
        "traces deleted meanwhile", gone / PACED_SECONDS, "/s", more=f"of 5 observations, {DELETED_AT_ONCE} at once"
    )
    deleter.join()
    remove(target, more)


def remove(target: Target, traces: list[str]) -> None:
    """Delete the traces and take them off the list."""
    while traces:
        target.call("traces", "DELETE", {"traceIds": traces[-DELETED_AT_ONCE:]})
        del traces[-DELETED_AT_ONCE:]


@contextmanager
def peak_memory(ours: House) -> Iterator[list[Memory]]:
    """Looks at the memory a few times meanwhile; seldom, because looking costs time, too."""
    seen: list[Memory] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(3):
            seen.append(ours.memory())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
        if not seen:
            seen.append(ours.memory())


def target_of(ours: House) -> Target:
    return Target(ours.url, house.PUBLIC_KEY, house.SECRET_KEY)


def in_words(memory: Memory) -> str:
    return f"RSS {memory.resident:,.0f} MB, {memory.processes} processes"


if __name__ == "__main__":
    main()
