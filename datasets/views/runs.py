"""The runs of a dataset, all experiments, and one run item by item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.views.tables import TablePage
from common.errors import NotFound
from datasets.answers import Answer, links_of, read_answers, with_bodies
from datasets.columns import Column, score_columns
from datasets.comparison import is_wrong, right_or_wrong_keys, summarise, versions_of
from datasets.models import DatasetItem, DatasetRun
from datasets.paging import Slice, cut
from datasets.runs import delete_run, run_by_id, runs, runs_of_project
from datasets.sheets import sheet_of
from datasets.showing import metadata_facts
from datasets.views.base import RunsPage
from datasets.views.tables import RUNS, runs_table, scores_of_runs
from datasets.wording import Piece, differences, plain

ROWS = 50
# Characters of a text in a cell; the whole of it is one click away, on the page of the item or the trace.
CELL = 3000


class Runs(RunsPage, TablePage):
    """The runs of a dataset with their figures."""

    table = "runs"
    template = "datasets/runs.html"
    write_permission = None
    part = "table"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        page = cut(runs(dataset), request.GET.get("cursor", ""), RUNS)
        return self.render(
            {
                "dataset": dataset,
                "facts": metadata_facts(dataset.metadata),
                "tab": "runs",
                "page": page,
                "may_write": self.may_write,
                "may_evaluate": self.may("evaluation:write"),
                **runs_table(self.project_id, page.rows, request.GET.get("round", "")),
            }
        )


class Experiments(RunsPage, TablePage):
    """The runs over all datasets, and those over data that only a client has."""

    table = "experiments"
    template = "datasets/experiments.html"
    write_permission = None
    part = "table"
    section = "experiments"

    def get(self, request: HttpRequest) -> HttpResponse:
        search = request.GET.get("q", "").replace("\0", "").strip()
        rows = runs_of_project(self.project_id)
        page = cut(rows.filter(name__icontains=search) if search else rows, request.GET.get("cursor", ""), RUNS)
        return self.render(
            {
                "page": page,
                "search": search,
                "with_dataset": True,
                "may_evaluate": self.may("evaluation:write"),
                **runs_table(self.project_id, page.rows, request.GET.get("round", "")),
            }
        )


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A line of a run's table. `number` of `of` tells repetitions of one item apart."""

    answer: Answer
    item: DatasetItem | None
    input: str
    expected: str
    expected_known: bool
    output: str
    pieces: list[Piece]
    same: bool
    scores: list[tuple[Column, list[Any]]]
    number: int
    of: int


class RunPage(RunsPage):
    """One run: a row per answer. Its address is the one that SDKs print."""

    template = "datasets/run.html"
    part = "rows"

    def get(self, request: HttpRequest, dataset_id: str, run_id: str) -> HttpResponse:
        return self.show(self.run(dataset_id, run_id))

    def post(self, request: HttpRequest, dataset_id: str, run_id: str) -> HttpResponse:
        return self.remove(self.run(dataset_id, run_id))

    def run(self, dataset_id: str, run_id: str) -> DatasetRun:
        """The run, or 404 when it is not of this dataset."""
        run = run_by_id(self.project_id, run_id)
        if run.dataset_id != dataset_id:
            raise NotFound("There is no such run in this dataset.")
        return run

    def show(self, run: DatasetRun) -> HttpResponse:
        """The page of a run."""
        params = self.request.GET
        links = links_of([run])[run.pk]
        answers = read_answers(self.project_id, links)
        judged = right_or_wrong_keys(answers)
        expected = _expected(answers, needed=not judged)
        tests: dict[str, Callable[[Answer], bool]] = {
            "wrong": lambda answer: is_wrong(answer, judged, expected(answer)),
            "error": lambda answer: answer.failed,
            "missing": lambda answer: not answer.arrived,
        }
        chosen = params.get("show", "")
        kept = together([answer for answer in answers if tests[chosen](answer)] if chosen in tests else answers)
        page = cut(kept, params.get("cursor", ""), ROWS)
        summary = summarise(sheet_of(answers))
        columns = score_columns(set(summary.scores))
        return self.render(
            {
                "run": run,
                "dataset": run.dataset,
                "summary": summary,
                "shares": [(column, summary.scores[column.key]) for column in columns],
                "own": scores_of_runs(self.project_id, [run]).get(run.run_id, []),
                "facts": metadata_facts(run.metadata),
                "columns": columns,
                "page": page,
                "rows": self._rows(page, columns, links),
                "show": chosen if chosen in tests else "",
                "counts": {name: sum(test(answer) for answer in answers) for name, test in tests.items()},
                "judged": [key.name for key in judged],
                "marked": judged,
                "may_write": self.may_write,
                "may_score": self.may("scores:write"),
            }
        )

    def remove(self, run: DatasetRun) -> HttpResponse:
        """Delete a run."""
        delete_run(run, by=self.author)
        messages.success(self.request, _("The run “%(name)s” was deleted; its traces stay.") % {"name": run.name})
        return redirect("dataset_runs", run.dataset_id) if run.dataset_id else redirect("experiments")

    def _rows(self, page: Slice[Answer], columns: Sequence[Column], links: Sequence[Any]) -> list[AnswerRow]:
        answers = with_bodies(self.project_id, page.rows)
        versions = versions_of([answer.link for answer in answers])
        places = repetitions(links)
        return [answer_row(answer, versions, columns, *places[answer.link.pk]) for answer in answers]


class ExperimentResults(RunPage):
    """`/experiments/results?baseline=<run id>`, which SDK 5 prints: the page of that run."""

    section = "experiments"

    def get(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        run = run_by_id(self.project_id, request.GET.get("baseline", ""))
        return redirect("dataset_run", run.dataset_id, run.run_id) if run.dataset_id else self.show(run)

    def post(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        return self.remove(run_by_id(self.project_id, request.GET.get("baseline", "")))


def answer_row(
    answer: Answer, versions: dict[int, DatasetItem], columns: Sequence[Column], number: int, of: int
) -> AnswerRow:
    """An answer with its item, ready to show."""
    item = versions.get(answer.link.version_id or 0)
    expected_text = item.expected_output if item else answer.link.expected_output
    expected, output = plain(expected_text), plain(answer.output)
    same = expected_text is not None and expected == output
    short = len(expected) <= CELL and len(output) <= CELL
    pieces = differences(expected, output) if expected_text is not None and output and not same and short else []
    return AnswerRow(
        answer=answer,
        item=item,
        input=plain(item.input if item else answer.input)[: CELL + 1],
        expected=expected[: CELL + 1],
        expected_known=expected_text is not None,
        output=output[: CELL + 1],
        pieces=pieces,
        same=same,
        scores=[(column, answer.scores.get(column.key, [])) for column in columns],
        number=number,
        of=of,
    )


def together(answers: Sequence[Answer]) -> list[Answer]:
    """Answers with the repetitions of an item beside each other, otherwise in the order given."""
    places: dict[str, int] = {}
    for answer in answers:
        places.setdefault(answer.item_id, len(places))
    return sorted(answers, key=lambda answer: places[answer.item_id])


def repetitions(links: Sequence[Any]) -> dict[str, tuple[int, int]]:
    """Which repetition of its item a run item is, and of how many."""
    of_item: dict[str, list[str]] = {}
    for link in links:
        of_item.setdefault(link.item_id, []).append(link.pk)
    return {pk: (number, len(pks)) for pks in of_item.values() for number, pk in enumerate(pks, 1)}


def _expected(answers: Sequence[Answer], *, needed: bool) -> Callable[[Answer], str | None]:
    """The expected output behind an answer, read for all at once and only when somebody asks."""
    links = [answer.link for answer in answers] if needed else []
    versions = versions_of(links, "expected_output")

    def of(answer: Answer) -> str | None:
        version = versions.get(answer.link.version_id or 0)
        return version.expected_output if version else answer.link.expected_output

    return of
