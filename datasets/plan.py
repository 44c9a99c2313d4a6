"""Where runs stand in the plan they were made by: strategies or versions of prompts, models, and the order of both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from datasets.models import DatasetRun
from datasets.origins import Origins, with_metadata

# When its experiment began, its position there, when it was made, its primary key: the same order everywhere.
Place = tuple[float, int, float, int]


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """A row or a column: its name, and what tells it from others of this name."""

    name: str
    detail: str = ""


def sides(origins: Origins, by: str = "strategy") -> tuple[Side, Side]:
    """What a run was made with: its strategy (or, `by="prompt"`, its version of a prompt), and its model."""
    prompt = next((f"{name} v{version}" for name, version in origins.prompts), "")
    row = origins.strategy or prompt if by == "strategy" else prompt or origins.strategy
    return Side(row), Side(", ".join(origins.models), origins.setup)


def told_by(run: DatasetRun) -> Origins:
    """The origins that the run's own metadata tells, without its traces."""
    return with_metadata(run, Origins())


def places(runs: Sequence[DatasetRun], told: Mapping[int, Origins]) -> dict[int, Place]:
    """By the runs' keys where each stands: experiments in the order in which they began, their runs as planned, and
    runs that nobody planned by when they were made. `told` are the origins by the same keys."""
    began: dict[str, float] = {}
    for run in runs:
        if experiment := told[run.pk].experiment_id:
            began[experiment] = min(began.get(experiment, run.created_at.timestamp()), run.created_at.timestamp())
    found = {}
    for run in runs:
        made = run.created_at.timestamp()
        found[run.pk] = (began.get(told[run.pk].experiment_id, made), told[run.pk].position, made, run.pk)
    return found


def in_order(placed: Iterable[tuple[Side, Place]]) -> list[Side]:
    """Sides, each once, in the order of the first run of each."""
    first: dict[Side, Place] = {}
    for side, place in placed:
        first[side] = min(first.get(side, place), place)
    return sorted(first, key=lambda side: first[side])


def as_planned(runs: Sequence[DatasetRun]) -> list[DatasetRun]:
    """Runs in the order of `places`."""
    order = places(runs, {run.pk: told_by(run) for run in runs})
    return sorted(runs, key=lambda run: order[run.pk])
