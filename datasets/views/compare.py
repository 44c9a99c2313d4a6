"""Runs side by side, item by item, held against a baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from common.errors import NotFound
from datasets.answers import Answer, read_answers, with_bodies
from datasets.columns import Column, score_columns
from datasets.comparison import Row, ScoreSummary, rows_of, versions_of
from datasets.figures import EVERYTHING, Sheets, remembered, sheets_of
from datasets.findings import Against, Findings, find
from datasets.joining import under
from datasets.models import DatasetItem, DatasetRun, DatasetRunItem
from datasets.paging import Slice, cut, round_of
from datasets.plan import as_planned
from datasets.scatter import scatter_charts
from datasets.uncollected import uncollected
from datasets.verdicts import TESTS, effect_text, p_text, signed, verdicts
from datasets.views.base import RunsPage
from datasets.wording import Piece, differences, plain

# Columns of outputs side by side: an experiment of four prompts and four models.
MOST = 16
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
    p: str = ""
    raw_p: str = ""
    test: str = ""
    effect: str = ""


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


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks to compare: runs, which of them is the baseline, the score, and how numbers are tested."""

    runs: list[DatasetRun]
    baseline: int
    score: str
    ranks: bool

    def found_in(self, read: Sheets) -> Findings:
        """The findings over complete sheets, remembered as long as nothing about the runs changes."""
        sheets = [read.sheets[run.pk] for run in self.runs]
        summaries = [read.summaries[run.pk] for run in self.runs]
        question = f"{self.baseline} {self.ranks} {self.score}"
        return remembered(
            read.epoch, question, lambda: find(sheets, summaries, self.baseline, self.score, ranks=self.ranks)
        )


class Compare(RunsPage):
    """`?runs=a,b,c`, `baseline` one of them, `score` the one that judges, `test=ranks`, `show` which items, and `of`
    which run they are about."""

    template = "datasets/compare.html"
    write_permission = None
    part = "comparison"

    def get(self, request: HttpRequest, dataset_id: str = "") -> HttpResponse:
        dataset = self.dataset(dataset_id) if dataset_id else None
        asked = asked_for(self.project_id, request)
        runs, baseline = asked.runs, asked.baseline
        datasets = {run.dataset_id for run in runs}
        if dataset is None and len(datasets) == 1 and None not in datasets:
            address = reverse("dataset_compare", args=[runs[0].dataset_id])
            return redirect(f"{address}?{request.GET.urlencode()}")
        # Each round reads a run at least: who still asks after as many lost what was read, and gets all at once.
        this_round = round_of(request.headers.get("X-Round", ""))
        read = sheets_of(self.project_id, runs, EVERYTHING if this_round > len(runs) else None)
        if not read.complete:
            state = {"reading": len(read.sheets), "of": len(runs), "next_round": this_round + 1}
            return self.render({"dataset": dataset, **state})
        sheets = [read.sheets[run.pk] for run in runs]
        with uncollected():
            found = asked.found_in(read)
            rows = rows_of(sheets, baseline, found.chosen)
        of = next((at for at, run in enumerate(runs) if run.run_id == request.GET.get("of") and at != baseline), None)
        tests: dict[str, Callable[[Row], bool]] = {
            "disagree": lambda row: row.disagree,
            "worse": lambda row: row.worse_in(of),
        }
        show = request.GET.get("show", "")
        kept = [row for row in rows if tests[show](row)] if show in tests else rows
        page = cut(kept, request.GET.get("cursor", ""), ROWS)
        columns = score_columns(set(found.keys))
        return self.render(
            {
                "dataset": dataset,
                "runs": list(zip(runs, found.summaries, found.front, strict=True)),
                "baseline": runs[baseline],
                "found": found,
                "ranks": asked.ranks,
                # Differences that are shown come before those that are not: the page folds the end of a long list.
                "verdicts": sorted(verdicts([run.name for run in runs], found), key=lambda one: not one.kind),
                "marked": found.right_or_wrong,
                "columns": columns,
                "numeric": [column for column in columns if column.key in found.against],
                "summary": summary_table(found, columns),
                "spread": spread_table(runs, found),
                "charts": scatter_charts(runs, found.summaries, found.chosen, found.front),
                "page": page,
                "items": len(rows),
                "lines": self._lines(page, found, baseline, columns, {one for sheet in sheets for one in sheet.shared}),
                "show": show if show in tests else "",
                "of": None if of is None else runs[of],
                "counts": {name: sum(test(row) for row in rows) for name, test in tests.items()},
                "export": urlencode({"runs": ",".join(run.run_id for run in runs), "baseline": runs[baseline].run_id}),
            }
        )

    def _lines(
        self, page: Slice[Row], found: Findings, baseline: int, columns: Sequence[Column], shared: set[str]
    ) -> list[Line]:
        keys = [link for row in page.rows for side in row.sides for link in side.links]
        links = list(DatasetRunItem.objects.filter(project_id=self.project_id, pk__in=keys))
        answers = with_bodies(self.project_id, read_answers(self.project_id, links, shared))
        read = {answer.link.pk: answer for answer in answers}
        versions = versions_of(links)
        return [_line(row, baseline, read, versions, columns) for row in page.rows]


def asked_for(project_id: str, request: HttpRequest) -> Asked:
    """What the address asks to compare; raises NotFound when none of its runs exists."""
    given = request.GET.getlist("runs")
    runs = chosen_runs(project_id, ",".join(given).split(","))
    if not runs:
        raise NotFound("None of these runs exists.")
    # A list of ids is in the order that its maker wanted; boxes that were ticked are in that of a table.
    if len(given) > 1:
        runs = as_planned(runs)
    baseline = next((at for at, run in enumerate(runs) if run.run_id == request.GET.get("baseline")), 0)
    return Asked(runs, baseline, request.GET.get("score", ""), request.GET.get("test") == "ranks")


def chosen_runs(project_id: str, ids: Sequence[str]) -> list[DatasetRun]:
    """The project's runs of these ids, in their order, each once; at most MOST."""
    wanted = list(dict.fromkeys(one for one in ids if one and "\0" not in one))[:MOST]
    rows = DatasetRun.objects.filter(project_id=project_id, run_id__in=wanted).select_related("dataset")
    found = {run.run_id: run for run in rows}
    return [found[one] for one in wanted if one in found]


def summary_table(found: Findings, columns: Sequence[Column]) -> list[tuple[Column, list[SummaryCell]]]:
    """A row per score, a cell per run."""
    table = []
    for column in columns:
        against = found.against.get(column.key, (None,) * len(found.summaries))
        share = column.key in found.right_or_wrong
        pairs = zip(found.summaries, against, strict=True)
        cells = [_summary_cell(summary.scores.get(column.key), one, share) for summary, one in pairs]
        table.append((column, cells))
    return table


def _summary_cell(summary: ScoreSummary | None, against: Against | None, share: bool) -> SummaryCell:
    difference = against.difference if against else None
    if against is None or difference is None:
        return SummaryCell(summary, against)
    low, high = ("" if end is None else signed(end, share) for end in (difference.low, difference.high))
    return SummaryCell(
        summary,
        against,
        signed(difference.mean, share),
        low,
        high,
        p_text(against.corrected) if against.corrected is not None else "",
        p_text(against.p) if against.p is not None else "",
        str(TESTS.get(against.test, "")),
        effect_text(against.effect),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a score's variance: its share of the whole, None where it cannot be told apart."""

    variance: float
    share: float


def spread_table(runs: Sequence[DatasetRun], found: Findings) -> list[tuple[DatasetRun, list[Part | None], Any]]:
    """How the chosen score's variance splits into items, sampling and judge, for runs in which something repeats."""
    table = []
    for run, parts in zip(runs, found.spread, strict=True):
        if parts is not None:
            given = (parts.items, parts.sampling, parts.judge)
            told = [None if one is None else Part(one, one / parts.total) for one in given]
            table.append((run, told, parts.counts))
    return table


def _line(
    row: Row, baseline: int, read: dict[str, Answer], versions: dict[int, DatasetItem], columns: Sequence[Column]
) -> Line:
    told = next((read[link] for side in row.sides for link in side.links if link in read), None)
    item = versions.get(told.link.version_id or 0) if told else None
    expected = item.expected_output if item else told.link.expected_output if told else None
    base = [plain(read[link].output) for link in row.sides[baseline].links if link in read]
    cells = [
        Cell(
            [
                _said(read[link], base[0] if base and at != baseline else None, columns)
                for link in side.links
                if link in read
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
    scores = [(column, told) for column in columns if (told := under(answer.scores, column.key))]
    return Said(answer, text[: CELL + 1], pieces, scores)
