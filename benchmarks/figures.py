"""The table of figures, each beside its floor."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

PATIENCE = 20.0  # seconds for one row of reads; what takes longer is read less often


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
        bound = least if least is not None else most
        said = "" if bound is None else f"{'at least' if least is not None else 'below'} {bound:,.10g}"
        self.rows.append((name, f"{value:,.{digits}f} {unit}", said and f"{said}{'' if met else ' (missed)'}", more))
        print(f"  {name}: {value:,.{digits}f} {unit}  {more}", file=sys.stderr, flush=True)

    def time(
        self, name: str, read: Callable[[], object], times: int, *, most: float | None = None, more: str = ""
    ) -> None:
        """The 99th percentile of so many reads, one after the other, in milliseconds."""
        durations = timed(read, times)
        told = f"p50 {middle(durations)}, {len(durations)} reads"
        p99 = percentile(durations, 0.99) * 1000
        self.add(f"{name}, p99", p99, "ms", most=most, digits=1, more=f"{told}, {more}" if more else told)

    def __str__(self) -> str:
        rows = [("", "measured", "floor", "besides"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(lines)


def timed(read: Callable[[], object], times: int, warm_up: int = 3) -> list[float]:
    """How long each read took, in seconds; the first few warm up and do not count."""
    durations: list[float] = []
    until = time.perf_counter() + PATIENCE
    for number in range(times + warm_up):
        started = time.perf_counter()
        read()
        if number >= warm_up:
            durations.append(time.perf_counter() - started)
        if len(durations) >= 5 and time.perf_counter() > until:
            break
    return durations


def percentile(durations: Sequence[float], share: float) -> float:
    return sorted(durations)[int(len(durations) * share)]


def middle(durations: Sequence[float]) -> str:
    return f"{percentile(durations, 0.5) * 1000:.1f} ms"


def quantiles(durations: Sequence[float]) -> str:
    return f"p50 {middle(durations)}, p99 {percentile(durations, 0.99) * 1000:.1f} ms"
