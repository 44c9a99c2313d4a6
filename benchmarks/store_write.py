"""How many observations a second one process writes: batches of 100 with 1 kB of input and of output each.

    python -m benchmarks.store_write [--batches 100] [--processes 1] [--spans-per-trace 10]

Uses DATABASE_URL, in a project of its own that is deleted at the end.
"""

import argparse
import multiprocessing
import os
import random
import time
import uuid
from datetime import UTC, datetime, timedelta

BATCH = 100
WORDS = ("capital", "of", "France", "is", "Paris", "the", "model", "answers", "what", "it", "was", "asked")


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    import django

    django.setup()


def text(chance: random.Random, length: int) -> str:
    """A JSON text of about so many bytes."""
    return '{"role":"user","content":"' + " ".join(chance.choices(WORDS, k=length // 5))[: length - 28] + '"}'


def batches(count: int, spans_per_trace: int) -> list:
    """Batches as an OTLP exporter sends them: traces of some spans, a root with generations in it."""
    from tracing.records import Changes, ObservationChange, TraceChange

    chance = random.Random()
    made = []
    now = datetime.now(UTC)
    for _ in range(count):
        changes = Changes()
        for position in range(BATCH):
            if position % spans_per_trace == 0:
                trace_id, root = uuid.uuid4().hex, None
                changes.traces.append(
                    TraceChange(
                        id=trace_id, seen_at=now, explicit=False, name="answer", user_id=f"user {chance.randrange(50)}",
                        session_id=f"session {chance.randrange(500)}", environment="production",
                    )
                )  # fmt: skip
            id = uuid.uuid4().hex[:16]
            start = now - timedelta(seconds=chance.random() * 86_400 * 7)
            changes.observations.append(
                ObservationChange(
                    id=id, trace_id=trace_id, seen_at=now, type="GENERATION" if root else "SPAN", name="answer",
                    parent_observation_id=root, start_time=start, end_time=start + timedelta(seconds=chance.random()),
                    level="DEFAULT", environment="production", model="gpt-4o-mini", model_id="gpt-4o-mini",
                    model_parameters='{"temperature":0.2,"max_tokens":200}',
                    usage_details={"input": 120, "output": 30, "total": 150},
                    cost_details={"input": 0.00012, "output": 0.0003, "total": 0.00042},
                    total_cost=0.00042, input=text(chance, 1000), output=text(chance, 1000),
                    metadata={"scope": '{"name":"langfuse-sdk","version":"3.15.0"}', "team": '"blue"'},
                )
            )  # fmt: skip
            root = root or id
        made.append(changes)
    return made


def work(project_id: str, count: int, spans_per_trace: int, result) -> None:
    setup()
    from tracing.store import store

    prepared = batches(count + 3, spans_per_trace)
    for changes in prepared[:3]:
        store().write(project_id, changes)
    started, busy = time.perf_counter(), time.process_time()
    for changes in prepared[3:]:
        store().write(project_id, changes)
    result.put((time.perf_counter() - started, time.process_time() - busy))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--spans-per-trace", type=int, default=10)
    given = parser.parse_args()
    project_id = f"benchmark-{uuid.uuid4().hex[:8]}"
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [
        context.Process(target=work, args=(project_id, given.batches, given.spans_per_trace, results))
        for _ in range(given.processes)
    ]
    for worker in workers:
        worker.start()
    times = [results.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    rows = given.batches * BATCH
    speed = sum(rows / elapsed for elapsed, _ in times)
    own = sum(busy for _, busy in times) / len(times) / rows * 1e6
    print(f"{given.processes} process(es), {rows} observations each, {given.spans_per_trace} a trace")
    print(f"{speed:,.0f} observations/s; {own:.0f} µs of Python each")

    setup()
    from tracing.store import store
    from tracing.store.base import Deletion

    started = time.perf_counter()
    gone = store().delete(Deletion(project_id=project_id, kind="project"))
    print(f"deleted again ({gone} traces) in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
