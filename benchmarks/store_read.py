"""How long the store's reads take in a project of so many observations (traces of ten, 1 kB of input and of output).

    python -m benchmarks.store_read [--observations 100000] [--repeat 40]

Uses DATABASE_URL, in a project of its own that is deleted at the end.
"""

import argparse
import random
import time
import uuid
from datetime import UTC, datetime, timedelta

from benchmarks.store_write import BATCH, batches, setup


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--observations", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=40)
    given = parser.parse_args()
    setup()
    from tracing.filters import Filter
    from tracing.records import ScoreChange
    from tracing.store import store
    from tracing.store.base import (
        Cursor,
        Deletion,
        Measure,
        MetricsQuery,
        Numbered,
        ObservationQuery,
        ScoreQuery,
        SessionQuery,
        TraceQuery,
    )

    project_id = f"benchmark-{uuid.uuid4().hex[:8]}"
    chance = random.Random(1)
    traces = []
    for _ in range(given.observations // BATCH // 50):
        for changes in batches(50, 10):
            for trace in changes.traces:
                traces.append(trace.id)
                changes.scores.append(
                    ScoreChange(
                        id=uuid.uuid4().hex, name="right", data_type="NUMERIC", value=chance.random(),
                        string_value=None, source="API", timestamp=trace.seen_at, trace_id=trace.id,
                    )
                )  # fmt: skip
            store().write(project_id, changes)

    now = datetime.now(UTC)
    day_before = Filter("datetime", "timestamp", ">=", now - timedelta(days=1))
    position = store().traces(TraceQuery(project_id=project_id, window=Cursor(limit=50))).next_cursor or ""

    def metrics(view: str, *dimensions: str, granularity: str | None = None) -> MetricsQuery:
        figures = [("count", "count")]
        if view != "scores-numeric":
            figures += [("totalCost", "sum"), ("latency", "p95")]
        return MetricsQuery(
            project_id=project_id, view=view, since=now - timedelta(days=30), until=now + timedelta(days=1),
            measures=tuple(Measure(measure=name, aggregation=how) for name, how in figures),
            dimensions=dimensions, granularity=granularity,
        )  # fmt: skip

    reads = {
        "traces, first page": lambda: store().traces(TraceQuery(project_id=project_id)),
        "traces, next page": lambda: store().traces(TraceQuery(project_id=project_id, window=Cursor(after=position))),
        "traces, numbered, with ids and texts": lambda: store().traces(
            TraceQuery(project_id=project_id, window=Numbered(limit=50), with_bodies=True, with_ids=True)
        ),
        "traces by cost": lambda: store().traces(TraceQuery(project_id=project_id, order=("totalCost", "desc"))),
        "traces of a user": lambda: store().traces(
            TraceQuery(project_id=project_id, filters=(Filter("string", "userId", "=", "user 7"),))
        ),
        "traces of a day": lambda: store().traces(TraceQuery(project_id=project_id, filters=(day_before,))),
        "traces by metadata, none": lambda: store().traces(
            TraceQuery(project_id=project_id, filters=(Filter("stringObject", "metadata", "=", "no", "team"),))
        ),
        "traces by score": lambda: store().traces(
            TraceQuery(project_id=project_id, filters=(Filter("numberObject", "scores_avg", ">", 0.999, "right"),))
        ),
        "search in names and previews, none": lambda: store().traces(TraceQuery(project_id=project_id, search="zebra")),
        "search in texts, none": lambda: store().traces(
            TraceQuery(project_id=project_id, search="zebra", search_bodies=True)
        ),
        "observations, first page": lambda: store().observations(ObservationQuery(project_id=project_id)),
        "observations by cost": lambda: store().observations(
            ObservationQuery(project_id=project_id, order=("totalCost", "desc"))
        ),
        "sessions, first page": lambda: store().sessions(SessionQuery(project_id=project_id)),
        "scores, first page": lambda: store().scores(ScoreQuery(project_id=project_id)),
        "one trace": lambda: store().get_trace(project_id, chance.choice(traces)),
        "metrics: traces by day": lambda: store().metrics(metrics("traces", granularity="day")),
        "metrics: observations by model and day": lambda: store().metrics(
            metrics("observations", "model", granularity="day")
        ),
        "metrics: observations by user": lambda: store().metrics(metrics("observations", "userId")),
        "metrics: scores by name": lambda: store().metrics(metrics("scores-numeric", "name")),
    }
    print(f"{len(traces) * 10:,} observations in {len(traces):,} traces; milliseconds")
    print(f"{'':42s}{'p50':>8s}{'p99':>8s}")
    for name, read in reads.items():
        times = []
        read()
        for _ in range(given.repeat):
            started = time.perf_counter()
            read()
            times.append((time.perf_counter() - started) * 1000)
        times.sort()
        print(f"{name:42s}{times[len(times) // 2]:8.1f}{times[int(len(times) * 0.99)]:8.1f}", flush=True)
    store().delete(Deletion(project_id=project_id, kind="project"))


if __name__ == "__main__":
    main()
