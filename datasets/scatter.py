"""Quality against cost and against latency: who pays for what with what, as charts."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.answers import ScoreKey
from datasets.comparison import RunSummary
from datasets.findings import point
from datasets.models import DatasetRun
from datasets.origins import with_metadata
from datasets.plan import Side, in_order, places, sides

# As many as static/js/charts.js tells apart.
SHAPES = 4


def scatter_charts(
    runs: Sequence[DatasetRun],
    summaries: Sequence[RunSummary],
    key: ScoreKey | None,
    front: Sequence[bool | None],
    by: str = "strategy",
) -> list[dict[str, Any]]:
    """A chart each for cost and latency where at least two runs have a place in it, for `static/js/charts.js`.

    `front` marks the runs that none beats in quality, cost and latency at once. Colours and shapes tell strategies
    (`by="prompt"`: versions of prompts) and models apart, or else single runs.
    """
    if key is None:
        return []
    share = all(summary.scores[key].kind == "share" for summary in summaries if key in summary.scores)
    points = [point(summary, key) for summary in summaries]
    marks, colors, shapes = _marks(runs, summaries, by)
    axes = ((1, "money", _("cost per answer")), (2, "duration", _("latency")))
    charts = []
    for axis, unit, label in axes:
        placed = [
            {
                "name": run.name,
                "url": address_of(run),
                "x": one[axis],
                "y": one[0],
                "front": bool(best),
                "color": color,
                "shape": shape,
            }
            for run, one, best, (color, shape) in zip(runs, points, front, marks, strict=True)
            if one[0] is not None and one[axis] is not None
        ]
        if len(placed) > 1:
            charts.append(
                {
                    "kind": "scatter",
                    "unit": "percent" if share else "figure",
                    "xUnit": unit,
                    "x": label,
                    "y": key.name,
                    "points": placed,
                    "colors": colors,
                    "shapes": shapes,
                }
            )
    return charts


def address_of(run: DatasetRun) -> str:
    """The page of a run."""
    if run.dataset_id:
        return reverse("dataset_run", args=[run.dataset_id, run.run_id])
    return f"{reverse('experiment_results')}?{urlencode({'baseline': run.run_id})}"


def _marks(
    runs: Sequence[DatasetRun], summaries: Sequence[RunSummary], by: str
) -> tuple[list[tuple[int, int]], list[str], list[str]]:
    """The numbers of each run's colour and shape, and what these stand for; no names of shapes where they say nothing
    of their own."""
    made = [with_metadata(run, summary.origins) for run, summary in zip(runs, summaries, strict=True)]
    order = places(runs, {run.pk: origins for run, origins in zip(runs, made, strict=True)})
    pairs = [sides(origins, by) for origins in made]
    rows, columns = (
        in_order((pair[at], order[run.pk]) for run, pair in zip(runs, pairs, strict=True)) for at in (0, 1)
    )
    if len(set(pairs)) == len(runs) and min(len(rows), len(columns)) <= SHAPES:
        swapped = len(columns) > SHAPES or len(rows) == 1
        colored, shaped = (columns, rows) if swapped else (rows, columns)
        found = [
            (colored.index(column if swapped else row), shaped.index(row if swapped else column))
            for row, column in pairs
        ]
        return found, _names(colored), _names(shaped) if len(shaped) > 1 else []
    return [(at, at) for at in range(len(runs))], [run.name for run in runs], []


def _names(told: Sequence[Side]) -> list[str]:
    """Sides by name, with the detail where the name alone is another's, too."""
    names = [side.name for side in told]
    return [f"{side.name}, {side.detail}" if names.count(side.name) > 1 else side.name or "–" for side in told]
