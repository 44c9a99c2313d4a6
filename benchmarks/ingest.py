"""Spans and events per second, stored and readable, over 4 kept-alive connections.

    python -m benchmarks.ingest http://127.0.0.1:3000 pk-lf-… sk-lf-… [--seconds 8]

Traces of five: a root, a retrieval, a tool, two generations with usage and one kilobyte of text on either side
(`benchmarks.stories`). OTLP sends 100 spans a request, the JSON door 15 events, as the SDKs do. The clock stops when
everything that was sent can be read.
"""

import argparse
import gzip
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks import bodies
from benchmarks.bodies import Template
from benchmarks.connections import Target, drive
from benchmarks.figures import quantiles
from benchmarks.stories import STEPS, story

CONNECTIONS = 4
TRACES_A_REQUEST = 20
TRACES_A_BATCH = 3
TEMPLATES = 60
WEEK = 7 * 86_400
OTLP = "otel/v1/traces"
PROTOBUF = {"Content-Type": "application/x-protobuf", "x-langfuse-ingestion-version": "4"}


@dataclass(frozen=True)
class Load:
    """One way of sending."""

    name: str
    path: str
    headers: dict[str, str]
    templates: Sequence[Template]
    packed: Callable[[bytes], bytes] = bytes

    @property
    def units(self) -> int:
        """Spans or events in a request."""
        return self.templates[0].units

    @property
    def traces(self) -> int:
        return self.templates[0].traces


@dataclass
class Sent:
    """What was measured: how long all of it and each request took, in seconds, and which traces were sent."""

    elapsed: float = 0.0
    durations: list[float] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    bytes: int = 0


def loads() -> list[Load]:
    chance = random.Random(1)
    spans = otlp_templates(chance)
    batches = [bodies.events([story(chance) for _ in range(TRACES_A_BATCH)]) for _ in range(TEMPLATES)]
    return [
        Load("OTLP, 100 spans", OTLP, PROTOBUF, spans),
        Load(
            "OTLP, 100 spans, gzip",
            OTLP,
            PROTOBUF | {"Content-Encoding": "gzip"},
            spans,
            lambda body: gzip.compress(body, 1),
        ),
        Load("JSON batch, 15 events", "ingestion", {"Content-Type": "application/json"}, batches),
    ]


def otlp_templates(chance: random.Random, count: int = TEMPLATES) -> list[Template]:
    return [bodies.otlp([story(chance) for _ in range(TRACES_A_REQUEST)]) for _ in range(count)]


def measure(
    target: Target, load: Load, *, seconds: float | None = None, requests: int | None = None,
    per_second: float | None = None, readable: bool = True,
) -> Sent:  # fmt: skip
    """Send for so long, or so many requests; ends the program when what was acknowledged cannot be read.

    The clock stops when the last trace can be read. `readable=False` leaves the counting of all out.
    """
    before = count(target) if readable else 0
    sent = Sent()
    templates = itertools.cycle(load.templates)
    started = time.perf_counter()

    def following() -> bytes | None:
        done = len(sent.traces) // load.traces
        if (requests is not None and done >= requests) or (
            seconds is not None and time.perf_counter() - started >= seconds
        ):
            return None
        template, trace_part = next(templates), os.urandom(8)
        body = template.fresh(trace_part, os.urandom(4), time.time() - 100 - random.random() * WEEK)
        sent.bytes += len(body)
        sent.traces.extend(bodies.trace_id(trace_part, number) for number in range(template.traces))
        return target.request("POST", load.path, load.headers, load.packed(body))

    sent.durations = drive(target, CONNECTIONS, following, per_second)
    steps = target.call(f"traces/{sent.traces[-1]}")["observations"]
    sent.elapsed = time.perf_counter() - started
    stored = count(target) - before if readable else len(sent.traces)
    if stored != len(sent.traces) or len(steps) < STEPS - 1:
        sys.exit(f"{load.name}: {len(sent.traces)} traces were sent, {stored} can be read.")
    return sent


def count(target: Target) -> int:
    """How many traces can be read."""
    return int(target.call("traces?limit=1&fields=core")["meta"]["totalItems"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("public_key")
    parser.add_argument("secret_key")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    target = Target(options.url, options.public_key, options.secret_key)
    for load in loads():
        measure(target, load, seconds=1)
        sent = measure(target, load, seconds=options.seconds)
        rate = len(sent.durations) * load.units / sent.elapsed
        print(f"{load.name:<22} {rate:>8,.0f} a second; a request: {quantiles(sent.durations)}")


if __name__ == "__main__":
    main()
