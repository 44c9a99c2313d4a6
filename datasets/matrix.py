"""Strategies or versions of prompts against models: the newest run of each pair, and whether one is the best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from datasets.answers import ScoreKey
from datasets.comparison import RunSummary, ScoreSummary, in_same_units, most_told
from datasets.figures import figures_of, remembered, sheets_of
from datasets.findings import Against, front, hold_against
from datasets.joining import named
from datasets.models import Dataset, DatasetRun
from datasets.origins import Origins, with_metadata
from datasets.plan import Side, in_order, places, sides, told_by
from datasets.runs import runs
from datasets.sheets import NUMBERS, Sheet, item_values

# Runs that are looked at, newest first, and cells that are shown at most.
NEWEST = 300
CELLS = 64
STEPS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """The newest run of a pair. `told` is the chosen score, None while it is read or where there is none; `level` its
    place between the lowest and the highest of the matrix (0 to STEPS) and `width` the same in per cent."""

    run: DatasetRun
    origins: Origins
    summary: RunSummary | None = None
    told: ScoreSummary | None = None
    level: int = 0
    width: int = 0
    best: bool = False
    front: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells in the order of the columns."""

    side: Side
    cells: tuple[Cell | None, ...]

    @property
    def runs(self) -> list[DatasetRun]:
        return [cell.run for cell in self.cells if cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """`by` is "strategy" or "prompt"; `experiments` are (id, name), newest first. `leader` is the cell with the highest
    mean, `rivals` how many others it was tested against, `doubtful` the one from which it is least told apart."""

    by: str
    columns: tuple[Side, ...]
    lines: tuple[Line, ...]
    keys: tuple[ScoreKey, ...]
    chosen: ScoreKey | None
    experiments: tuple[tuple[str, str], ...]
    experiment: str
    complete: bool
    left_out: int
    any_strategy: bool
    leader: Cell | None = None
    doubtful: Cell | None = None
    against_doubtful: Against | None = None
    rivals: int = 0

    @property
    def cells(self) -> list[Cell]:
        return [cell for line in self.lines for cell in line.cells if cell]

    def column_runs(self) -> list[list[DatasetRun]]:
        """The runs of each column."""
        return [
            [cell.run for line in self.lines if (cell := line.cells[at])] for at, _column in enumerate(self.columns)
        ]


def matrix_of(dataset: Dataset, *, by: str = "", experiment: str = "", score: str = "") -> Matrix:
    """The matrix of a dataset. Long runs are read in several rounds: until then it is not `complete`.

    `by` says what the rows are; `experiment` takes the runs of one experiment only, `score` names a `ScoreKey`.
    """
    project_id = dataset.project_id
    newest = list(runs(dataset).defer("description")[:NEWEST])
    said = {run.pk: told_by(run) for run in newest}
    experiments = {one.experiment_id: one.experiment for run in reversed(newest) if (one := said[run.pk]).experiment_id}
    experiment = experiment if experiment in experiments else ""
    kept = [run for run in newest if not experiment or said[run.pk].experiment_id == experiment]
    any_strategy = any(said[run.pk].strategy for run in kept)
    by = by if by in ("strategy", "prompt") else "strategy" if any_strategy else "prompt"
    candidates = _candidates(kept, said, by)
    read = figures_of(project_id, candidates[:CELLS])
    placed = _placed(candidates[:CELLS], {key: one.origins for key, one in read.summaries.items()}, by)
    summaries = {run.pk: read.summaries[run.pk] for run, _o in placed.values() if run.pk in read.summaries}
    told = dict(zip(summaries, in_same_units(list(summaries.values())), strict=True))
    keys = sorted({key for one in told.values() for key in one.scores if key.data_type in NUMBERS})
    chosen = named(keys, score) or most_told(keys, list(told.values()))
    cells = {place: _cell(run, origins, told.get(run.pk), chosen) for place, (run, origins) in placed.items()}
    cells = _shaded(cells)
    order = places(newest, said)
    whole = Matrix(
        by=by,
        columns=tuple(in_order((column, order[cell.run.pk]) for (_row, column), cell in cells.items())),
        lines=(),
        keys=tuple(keys),
        chosen=chosen,
        experiments=tuple(reversed(experiments.items())),
        experiment=experiment,
        complete=read.complete,
        left_out=max(0, len(candidates) - CELLS),
        any_strategy=any_strategy,
    )
    if read.complete and chosen:
        whole, cells = _with_best(project_id, whole, cells, chosen)
    rows = in_order((row, order[cell.run.pk]) for (row, _column), cell in cells.items())
    lines = tuple(Line(row, tuple(cells.get((row, column)) for column in whole.columns)) for row in rows)
    return replace(whole, lines=lines)


def held_against_highest(
    values: Sequence[dict[str, float]], means: Sequence[float]
) -> tuple[int, list[Against | None]]:
    """The place of the highest mean, and all others held against it, corrected over all of them: their differences are
    theirs less the highest's."""
    highest = max(range(len(means)), key=lambda at: means[at])
    return highest, hold_against(values, highest)


def _candidates(kept: Sequence[DatasetRun], said: dict[int, Origins], by: str) -> list[DatasetRun]:
    """Runs that may stand in a cell: those whose metadata leaves it open, and of the others the newest of each pair."""
    taken: set[tuple[Side, Side]] = set()
    found = []
    for run in kept:
        place = sides(said[run.pk], by)
        if said[run.pk].models and (said[run.pk].strategy if by == "strategy" else said[run.pk].prompts):
            if place in taken:
                continue
            taken.add(place)
        found.append(run)
    return found


def _placed(
    candidates: Sequence[DatasetRun], read: dict[int, Origins], by: str
) -> dict[tuple[Side, Side], tuple[DatasetRun, Origins]]:
    """The newest run of each pair."""
    found: dict[tuple[Side, Side], tuple[DatasetRun, Origins]] = {}
    for run in candidates:
        origins = with_metadata(run, read.get(run.pk, Origins()))
        found.setdefault(sides(origins, by), (run, origins))
    return found


def _cell(run: DatasetRun, origins: Origins, summary: RunSummary | None, key: ScoreKey | None) -> Cell:
    return Cell(run, origins, summary, summary.scores.get(key) if summary and key else None)


def _shaded(cells: dict[tuple[Side, Side], Cell]) -> dict[tuple[Side, Side], Cell]:
    """The cells with their place between the lowest and the highest mean."""
    means = [cell.told.estimate.mean for cell in cells.values() if cell.told and cell.told.estimate]
    if not means:
        return cells
    low, high = min(means), max(means)
    found = {}
    for place, cell in cells.items():
        estimate = cell.told.estimate if cell.told else None
        if estimate is None:
            found[place] = cell
            continue
        share = (estimate.mean - low) / (high - low) if high > low else 0.5
        # A share's bar starts at nought; that of another score at the lowest of the matrix.
        width = estimate.mean if cell.told and cell.told.kind == "share" else 0.1 + 0.9 * share
        found[place] = replace(cell, level=round(share * STEPS), width=max(0, min(100, round(100 * width))))
    return found


def _with_best(
    project_id: str, whole: Matrix, cells: dict[tuple[Side, Side], Cell], key: ScoreKey
) -> tuple[Matrix, dict[tuple[Side, Side], Cell]]:
    """The cells with the Pareto front, and the best one marked when the data show that it is."""
    flags = front([cell.summary for cell in cells.values() if cell.summary], key)
    known = [place for place, cell in cells.items() if cell.summary]
    cells = cells | {place: replace(cells[place], front=bool(flag)) for place, flag in zip(known, flags, strict=True)}
    scored = [place for place, cell in cells.items() if cell.told and cell.told.estimate]
    if len(scored) < 2:
        return whole, cells
    read = sheets_of(project_id, [cells[place].run for place in scored])
    if not read.complete:
        return replace(whole, complete=False), cells
    sheets: list[Sheet] = [read.sheets[cells[place].run.pk] for place in scored]

    def answer() -> tuple[int, list[Against | None]]:
        means = [told.estimate.mean for place in scored if (told := cells[place].told) and told.estimate]
        return held_against_highest([item_values(sheet, key) for sheet in sheets], means)

    first, against = remembered(read.epoch, f"best {key.text}", answer)
    # Chosen for its mean, it must stand against all: then it is the best.
    rivals = {at: one for at, one in enumerate(against) if one is not None}
    doubtful = max(rivals, key=lambda at: 1.0 if (p := rivals[at].corrected) is None else p)
    leader = replace(cells[scored[first]], best=all(_below(one) for one in rivals.values()))
    cells = cells | {scored[first]: leader}
    found = replace(
        whole,
        leader=leader,
        doubtful=cells[scored[doubtful]],
        against_doubtful=rivals[doubtful],
        rivals=len(rivals),
    )
    return found, cells


def _below(rival: Against) -> bool:
    return rival.shown and rival.difference is not None and rival.difference.mean < 0
