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


def scatter_charts(
    runs: Sequence[DatasetRun], summaries: Sequence[RunSummary], key: ScoreKey | None, front: Sequence[bool]
) -> list[dict[str, Any]]:
    """A chart each for cost and latency where at least two runs have a place in it, for `static/js/charts.js`.

    `front` marks the runs that none beats in quality, cost and latency at once.
    """
    if key is None:
        return []
    share = all(summary.scores[key].kind == "share" for summary in summaries if key in summary.scores)
    points = [point(summary, key) for summary in summaries]
    axes = ((1, "money", _("cost per answer")), (2, "duration", _("latency")))
    charts = []
    for axis, unit, label in axes:
        placed = [
            {"name": run.name, "url": address_of(run), "x": one[axis], "y": one[0], "front": best}
            for run, one, best in zip(runs, points, front, strict=True)
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
                }
            )
    return charts


def address_of(run: DatasetRun) -> str:
    """The page of a run."""
    if run.dataset_id:
        return reverse("dataset_run", args=[run.dataset_id, run.run_id])
    return f"{reverse('experiment_results')}?{urlencode({'baseline': run.run_id})}"
