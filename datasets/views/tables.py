"""The table of runs, which a dataset's page and the page of all experiments share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datasets.answers import ScoreKey, links_of, read_answers
from datasets.comparison import RunSummary, ScoreSummary, summarise
from datasets.models import DatasetRun
from tracing.records import Score
from tracing.store import store
from tracing.store.base import ScoreQuery

# Runs on a page: their items, scores and traces are all read for the figures.
RUNS = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column of scores; `source` is set where several judges gave scores of one name."""

    key: ScoreKey
    source: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the table: its figures, its scores in the order of the columns, and the scores of the run as a whole."""

    run: DatasetRun
    summary: RunSummary
    scores: list[ScoreSummary | None]
    own: list[Score]


def runs_table(project_id: str, runs: Sequence[DatasetRun]) -> dict[str, Any]:
    """`columns` and `lines` for `datasets/_runs.html`, in a constant number of questions."""
    links = links_of(runs)
    answers = read_answers(project_id, [link for of_run in links.values() for link in of_run])
    by_run: dict[int, list[Any]] = {run.pk: [] for run in runs}
    for answer in answers:
        by_run[answer.link.run_id].append(answer)
    summaries = {run.pk: summarise(by_run[run.pk]) for run in runs}
    columns = score_columns({key for summary in summaries.values() for key in summary.scores})
    own = scores_of_runs(project_id, runs)
    lines = [
        RunLine(
            run,
            summaries[run.pk],
            [summaries[run.pk].scores.get(column.key) for column in columns],
            own.get(run.run_id, []),
        )
        for run in runs
    ]
    return {"columns": columns, "lines": lines, "any_own": any(line.own for line in lines)}


def score_columns(keys: set[ScoreKey]) -> list[Column]:
    """Columns by name; the judge is named only where it tells two columns apart."""
    ordered = sorted(keys, key=lambda key: (key.name.lower(), key.source, key.data_type))
    names = [key.name for key in ordered]
    return [Column(key, key.source if names.count(key.name) > 1 else "") for key in ordered]


def scores_of_runs(project_id: str, runs: Sequence[DatasetRun]) -> dict[str, list[Score]]:
    """The scores of runs as wholes, by run id."""
    found: dict[str, list[Score]] = {}
    ids = tuple(run.run_id for run in runs)
    if ids:
        query = ScoreQuery(project_id=project_id, dataset_run_ids=ids, order=("timestamp", "asc"), window=None)
        for score in store().scores(query).rows:
            found.setdefault(score.dataset_run_id or "", []).append(score)
    return found
