"""Runs side by side, item by item, held against a baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from common.errors import NotFound
from datasets.answers import Answer, ScoreKey, links_of, read_answers, with_bodies
from datasets.comparison import (
    Against,
    Comparison,
    Row,
    RunSummary,
    ScoreSummary,
    compare,
    right_or_wrong_keys,
    versions_of,
)
from datasets.models import DatasetItem, DatasetRun
from datasets.paging import Slice, cut
from datasets.views.base import DatasetsPage
from datasets.views.tables import Column, score_columns
from datasets.wording import Piece, differences, plain

# Columns of outputs side by side; more cannot be read.
MOST = 8
ROWS = 25
CELL = 2000


@dataclass(frozen=True, slots=True)
class SummaryCell:
    """A run in one score of the summary; `against` is None for the baseline. The rest is its difference in words."""

    summary: ScoreSummary | None
    against: Against | None
    difference: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer in a cell: its words, those that differ from the baseline's marked, and its scores by column."""

    answer: Answer
    text: str
    pieces: list[Piece]
    scores: list[tuple[Column, list[Any]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run said to an item."""

    said: list[Said]
    value: float | None
    change: float | None
    is_baseline: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An item with what every run said."""

    row: Row
    item: DatasetItem | None
    input: str
    expected: str
    expected_known: bool
    cells: list[Cell]


class Compare(DatasetsPage):
    """`?runs=a,b,c`, `baseline` one of them, `score` the one that judges, `show` which items."""

    template = "datasets/compare.html"
    write_permission = None
    part = "rows"

    def get(self, request: HttpRequest, dataset_id: str = "") -> HttpResponse:
        dataset = self.dataset(dataset_id) if dataset_id else None
        runs = chosen_runs(self.project_id, ",".join(request.GET.getlist("runs")).split(","))
        if not runs:
            raise NotFound("None of these runs exists.")
        datasets = {run.dataset_id for run in runs}
        if dataset is None and len(datasets) == 1 and None not in datasets:
            address = reverse("dataset_compare", args=[runs[0].dataset_id])
            return redirect(f"{address}?{request.GET.urlencode()}")
        links = links_of(runs)
        answers = read_answers(self.project_id, [link for run in runs for link in links[run.pk]])
        sets = [[answer for answer in answers if answer.link.run_id == run.pk] for run in runs]
        baseline = next((at for at, run in enumerate(runs) if run.run_id == request.GET.get("baseline")), 0)
        told = compare(runs, sets, baseline, request.GET.get("score", ""))
        tests: dict[str, Callable[[Row], bool]] = {"disagree": lambda row: row.disagree, "worse": lambda row: row.worse}
        show = request.GET.get("show", "")
        kept = [row for row in told.rows if tests[show](row)] if show in tests else list(told.rows)
        page = cut(kept, request.GET.get("cursor", ""), ROWS)
        columns = score_columns(set(told.keys))
        return self.render(
            {
                "dataset": dataset,
                "runs": list(zip(runs, told.summaries, strict=True)),
                "baseline": runs[baseline],
                "told": told,
                "verdicts": verdicts(told),
                "marked": right_or_wrong_keys(answers),
                "columns": columns,
                "numeric": [column for column in columns if column.key in told.against],
                "summary": summary_table(told, columns),
                "page": page,
                "lines": self._lines(page, told, columns),
                "show": show if show in tests else "",
                "counts": {name: sum(test(row) for row in told.rows) for name, test in tests.items()},
            }
        )

    def _lines(self, page: Slice[Row], told: Comparison, columns: Sequence[Column]) -> list[Line]:
        answers = [answer for row in page.rows for side in row.sides for answer in side.answers]
        read = {answer.link.pk: answer for answer in with_bodies(self.project_id, answers)}
        versions = versions_of([row.link for row in page.rows])
        return [_line(row, told.baseline, read, versions, columns) for row in page.rows]


def chosen_runs(project_id: str, ids: Sequence[str]) -> list[DatasetRun]:
    """The project's runs of these ids, in their order, each once; at most eight."""
    wanted = list(dict.fromkeys(one for one in ids if one and "\0" not in one))[:MOST]
    rows = DatasetRun.objects.filter(project_id=project_id, run_id__in=wanted).select_related("dataset")
    found = {run.run_id: run for run in rows}
    return [found[one] for one in wanted if one in found]


def summary_table(told: Comparison, columns: Sequence[Column]) -> list[tuple[Column, list[SummaryCell]]]:
    """A row per score, a cell per run."""
    table = []
    for column in columns:
        against = told.against.get(column.key, (None,) * len(told.runs))
        pairs = zip(told.summaries, against, strict=True)
        cells = [_summary_cell(summary.scores.get(column.key), one) for summary, one in pairs]
        table.append((column, cells))
    return table


def _summary_cell(summary: ScoreSummary | None, against: Against | None) -> SummaryCell:
    found = against.difference if against else None
    if found is None:
        return SummaryCell(summary, against)
    share = summary is not None and summary.kind == "share"
    low, high = ("" if end is None else _signed(end, share) for end in (found.low, found.high))
    return SummaryCell(summary, against, _signed(found.mean, share), low, high)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the figures say about one run, in one sentence; `kind` colours it: "good", "bad" or nothing."""

    kind: str
    text: str


def verdicts(told: Comparison) -> list[Verdict]:
    """A sentence per run other than the baseline, about the chosen score."""
    if told.chosen is None:
        return []
    sides = zip(told.runs, told.summaries, told.against[told.chosen], strict=True)
    return [_verdict(run, told.chosen, summary, one) for run, summary, one in sides if one is not None]


def _verdict(run: DatasetRun, key: ScoreKey, summary: RunSummary, against: Against) -> Verdict:
    found = against.difference
    told = {"run": run.name, "score": key.name}
    if found is None:
        return Verdict("", _("“%(run)s” and the baseline have no item with %(score)s in common.") % told)
    share = key in summary.scores and summary.scores[key].kind == "share"
    told |= {"n": str(found.n), "mean": _signed(found.mean, share)}
    if found.low is None or found.high is None:
        few = _(
            "“%(run)s” differs from the baseline by %(mean)s in %(score)s; %(n)s items are too few for an interval."
        )
        return Verdict("", few % told)
    told |= {"low": _signed(found.low, share), "high": _signed(found.high, share)}
    if not against.shown:
        none = _("No difference in %(score)s is shown between “%(run)s” and the baseline: ")
        none += _("with %(n)s items it may be anything from %(low)s to %(high)s.")
        return Verdict("", none % told)
    if found.mean > 0:
        better = _("“%(run)s” is better than the baseline in %(score)s by %(mean)s ")
        return Verdict("good", better % told + _certainty(told))
    worse = _("“%(run)s” is worse than the baseline in %(score)s by %(mean)s ")
    return Verdict("bad", worse % told + _certainty(told))


def _certainty(told: dict[str, str]) -> str:
    return _("(95 %%: %(low)s to %(high)s, %(n)s items).") % told


def _signed(value: float, share: bool) -> str:
    digits = 0 if share else 3
    rounded = round(value * 100 if share else value, digits)
    number = number_format(abs(rounded), digits)
    if not share:
        number = number.rstrip("0").rstrip(".,") or "0"
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{number} %" if share else f"{sign}{number}"


def _line(
    row: Row, baseline: int, read: dict[str, Answer], versions: dict[int, DatasetItem], columns: Sequence[Column]
) -> Line:
    item = versions.get(row.link.version_id or 0)
    expected = item.expected_output if item else row.link.expected_output
    base = [plain(read[answer.link.pk].output) for answer in row.sides[baseline].answers]
    told = next((read[answer.link.pk] for side in row.sides for answer in side.answers), None)
    cells = [
        Cell(
            [
                _said(read[answer.link.pk], base[0] if base and at != baseline else None, columns)
                for answer in side.answers
            ],
            side.value,
            side.change if at != baseline else None,
            at == baseline,
        )
        for at, side in enumerate(row.sides)
    ]
    given = item.input if item else told.input if told else None
    return Line(row, item, plain(given)[: CELL + 1], plain(expected)[: CELL + 1], expected is not None, cells)


def _said(answer: Answer, base: str | None, columns: Sequence[Column]) -> Said:
    text = plain(answer.output)
    short = len(text) <= CELL and len(base or "") <= CELL
    pieces = differences(base, text) if base is not None and text and base != text and short else []
    scores = [(column, answer.scores[column.key]) for column in columns if column.key in answer.scores]
    return Said(answer, text[: CELL + 1], pieces, scores)
