"""What PromptLab does in a second, and what it takes: `make bench`, about four minutes.

Starts a PromptLab of its own (temporary data folder, free port, durable databases, no demo), measures it with the load
generator on the same machine, prints a table with the floor beside each figure and stops it. Ends with 1 when something
that was acknowledged cannot be read, or, with `--strict`, when a floor is missed.
"""

import argparse
import http.client
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from benchmarks import house, ingest, prompt_fetch
from benchmarks.house import House, Memory

SPANS = 100_000
JSON_SECONDS, FETCH_SECONDS = 12.0, 8.0
LIST_READS, PAGE_READS = 150, 60
SETTLE_SECONDS = 40.0  # at most, until the worker has started and nothing grows any more


@dataclass
class Table:
    """Figures, each beside the floor it must not fall below or rise above."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    missed: int = 0

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        least: float | None = None,
        most: float | None = None,
        digits: int = 0,
        more: str = "",
    ) -> None:
        met = (least is None or value >= least) and (most is None or value < most)
        self.missed += not met
        floor = f"at least {least:,.0f}" if least is not None else f"below {most:,.0f}" if most is not None else ""
        self.rows.append((name, f"{value:,.{digits}f} {unit}", floor and f"{floor}{'' if met else ' (missed)'}", more))
        print(f"  {name}: {value:,.{digits}f} {unit}", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        rows = [("", "measured", "floor", "besides"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spans", type=int, default=SPANS, help="how many to store before reading lists")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a floor is missed")
    options = parser.parse_args()
    table = Table()
    # Whatever else runs takes its part: figures for the record want a load below 1.
    print(f"{os.cpu_count()} cores; load before the start: {os.getloadavg()[0]:.1f}\n", flush=True)
    ours = House()
    try:
        measure_starts(table, ours)
        idle = settled(ours)
        table.add("memory, idle", idle.shared_once, "MB PSS", most=500, more=in_words(idle))
        measure_fetches(table, ours)
        measure_ingestion(table, ours, options.spans)
        measure_reads(table, ours)
        loaded = ours.memory()
        table.add("memory, idle again afterwards", loaded.shared_once, "MB PSS", more=in_words(loaded))
        print(table)
    finally:
        ours.stop()
        ours.remove()
    sys.exit(bool(table.missed) and options.strict)


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


def restart(ours: House) -> float:
    ours.stop()
    return ours.start()


def measure_fetches(table: Table, ours: House) -> None:
    target = target_of(ours)
    prompt_fetch.prepare(ours.url, target.auth)
    request = prompt_fetch.fetching(target.host, target.port, target.auth)
    prompt_fetch.run(target.host, target.port, request, 1)
    used = ours.cpu_seconds()
    durations = prompt_fetch.run(target.host, target.port, request, FETCH_SECONDS)
    used = (ours.cpu_seconds() - used) / len(durations)
    table.add(
        "prompt fetch, 8 connections", len(durations) / FETCH_SECONDS, "/s", least=1200, more=quantiles(durations)
    )


def measure_ingestion(table: Table, ours: House, spans: int) -> None:
    """OTLP until so many spans are stored, then events for some seconds; all of it must be readable."""
    target = target_of(ours)
    otlp, _, events = ingest.loads()
    ingest.measure(target, otlp, 1)
    ingest.measure(target, events, 1)
    empty, before = ours.bytes_on_disk(), observations(target)
    for load, limit, floor in (
        (otlp, {"requests": spans // otlp.units}, 2500),
        (events, {"seconds": JSON_SECONDS}, None),
    ):
        used = ours.cpu_seconds()
        with peak_memory(ours) as peaks:
            sent, elapsed, durations = ingest.measure(target, load, **limit)
        used = ours.cpu_seconds() - used
        units = sent * load.units
        more = f"{units:,} stored and readable; {quantiles(durations)} a request; {used / units * 1e6:.0f} µs CPU each"
        kind = "spans/s" if floor else "events/s"
        table.add(f"{load.name} a request, 4 connections", units / elapsed, kind, least=floor, more=more)
        if floor:
            if observations(target) - before != units:
                sys.exit(f"{units} spans were acknowledged, {observations(target) - before} can be read.")
            busiest = max(peaks, key=lambda memory: memory.shared_once)
            table.add("memory, under this load", busiest.shared_once, "MB PSS", more=in_words(busiest))
            written = ours.bytes_on_disk() - empty
            table.add(
                "disk, a span",
                written / units,
                "bytes",
                more="tables and indexes; texts of 870 bytes a span on average",
            )


def measure_reads(table: Table, ours: House) -> None:
    target = target_of(ours)
    total = observations(target)
    reads = {
        "API /traces, 50 newest": "traces?limit=50",
        "API /traces, 50 of page 100": "traces?limit=50&page=100",
        "API /traces, 50 of one user": "traces?limit=50&userId=user-7",
        "API /observations, 50 newest": "observations?limit=50",
        "API /v2/observations, 50 newest": "v2/observations?limit=50",
    }
    for name, address in reads.items():
        durations = timed(lambda address=address: target.get(address), LIST_READS)
        p99 = durations[int(len(durations) * 0.99)] * 1000
        table.add(
            f"{name}, p99", p99, "ms", most=100, digits=1, more=f"p50 {middle(durations)}, {total:,} observations"
        )
    browser = Browser(ours)
    for name, address in (("page of traces", "traces?range=all"), ("page of observations", "observations?range=all")):
        durations = timed(lambda address=address: browser.get(f"/project/{house.PROJECT}/{address}"), PAGE_READS)
        p99 = durations[int(len(durations) * 0.99)] * 1000
        table.add(f"{name}, p99", p99, "ms", digits=1, more=f"p50 {middle(durations)}, the whole HTML page")


# --- Tools --------------------------------------------------------------------------------------------


class Browser:
    """One signed-in person with one connection."""

    def __init__(self, ours: House) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", ours.port)
        self.cookies: dict[str, str] = {}
        page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"login": house.EMAIL, "password": house.PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
        status, _ = self._send("POST", "/accounts/login/", urlencode(form))
        if status != 302:
            sys.exit(f"Signing in was answered with {status}.")

    def get(self, address: str) -> str:
        status, page = self._send("GET", address)
        if status != 200:
            sys.exit(f"{address} was answered with {status}.")
        return page

    def _send(self, method: str, address: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, address, body, headers)
        response = self.connection.getresponse()
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read().decode()


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


def target_of(ours: House) -> ingest.Target:
    return ingest.Target(ours.url, house.PUBLIC_KEY, house.SECRET_KEY)


def observations(target: ingest.Target) -> int:
    return int(target.get("observations?limit=1")["meta"]["totalItems"])


def timed(read: Callable[[], object], times: int) -> list[float]:
    """How long each of so many reads took, in seconds, sorted; the first few warm up and do not count."""
    durations = []
    for number in range(times + 5):
        started = time.perf_counter()
        read()
        if number >= 5:
            durations.append(time.perf_counter() - started)
    return sorted(durations)


def middle(durations: list[float]) -> str:
    return f"{sorted(durations)[len(durations) // 2] * 1000:.1f} ms"


def quantiles(durations: list[float]) -> str:
    return f"p50 {middle(durations)}, p99 {sorted(durations)[int(len(durations) * 0.99)] * 1000:.1f} ms"


def in_words(memory: Memory) -> str:
    return f"RSS {memory.resident:,.0f} MB, {memory.processes} processes"


if __name__ == "__main__":
    main()
