"""The table of runs, which a dataset's page and the page of all experiments share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from datasets.columns import Column, score_columns
from datasets.comparison import RunSummary, ScoreSummary, in_same_units
from datasets.figures import figures_of
from datasets.models import DatasetRun
from datasets.origins import Origins, with_metadata
from datasets.paging import round_of
from tracing.records import Score
from tracing.store import store
from tracing.store.base import ScoreQuery

# Runs on a page: their items, scores and traces are all read for the figures.
RUNS = 20
# What may be hidden, before and after the scores.
BEFORE = (
    ("model", _("Model")),
    ("prompt", _("Prompt")),
    ("author", _("Author")),
    ("items", _("Items")),
)
AFTER = (
    ("own", _("Scores of the run")),
    ("latency", _("Latency")),
    ("cost", _("Cost")),
    ("time", _("Time")),
)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the table: its figures (None while they are still to be read), its scores by column,
    the scores of the run as a whole, and what it was made with."""

    run: DatasetRun
    summary: RunSummary | None
    told: list[tuple[Column, ScoreSummary | None]]
    own: list[Score]
    origins: Origins


def runs_table(project_id: str, runs: Sequence[DatasetRun], round_text: str = "") -> dict[str, Any]:
    """What `datasets/_runs.html` needs, in a constant number of questions.

    Long runs are read in several rounds, a request each; `round_text` is the number of this one. The rounds are
    limited, because without a cache no round would be the last.
    """
    figures = figures_of(project_id, runs)
    this_round = round_of(round_text)
    summaries = dict(zip(figures.summaries, in_same_units(list(figures.summaries.values())), strict=True))
    columns = score_columns({key for summary in summaries.values() for key in summary.scores})
    own = scores_of_runs(project_id, runs)
    lines = [_line(run, summaries.get(run.pk), columns, own.get(run.run_id, [])) for run in runs]
    return {
        "columns": columns,
        "lines": lines,
        "any_own": any(line.own for line in lines),
        "choosable": [*BEFORE, *((column.name, column.label) for column in columns), *AFTER],
        "next_round": this_round + 1 if not figures.complete and this_round < RUNS else None,
    }


def _line(run: DatasetRun, summary: RunSummary | None, columns: Sequence[Column], own: list[Score]) -> RunLine:
    told = [(column, summary.scores.get(column.key) if summary else None) for column in columns]
    return RunLine(run, summary, told, own, with_metadata(run, summary.origins if summary else Origins()))


def scores_of_runs(project_id: str, runs: Sequence[DatasetRun]) -> dict[str, list[Score]]:
    """The scores of runs as wholes, by run id."""
    found: dict[str, list[Score]] = {}
    ids = tuple(run.run_id for run in runs)
    if ids:
        query = ScoreQuery(project_id=project_id, dataset_run_ids=ids, order=("timestamp", "asc"), window=None)
        for score in store().scores(query).rows:
            found.setdefault(score.dataset_run_id or "", []).append(score)
    return found
