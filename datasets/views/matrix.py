"""The matrix of a dataset: strategies or versions of prompts against models."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.columns import score_columns
from datasets.matrix import Cell, Matrix, matrix_of
from datasets.models import DatasetRun
from datasets.paging import round_of
from datasets.scatter import scatter_charts
from datasets.showing import metadata_facts
from datasets.verdicts import Verdict, p_text, signed
from datasets.views.base import RunsPage
from datasets.views.compare import MOST

ROUNDS = 40


class MatrixPage(RunsPage):
    """`?score=`, `rows=strategy` or `prompt`, `experiment=` one of those whose runs are here."""

    template = "datasets/matrix.html"
    write_permission = None
    part = "matrix"

    def get(self, request: HttpRequest, dataset_id: str) -> HttpResponse:
        dataset = self.dataset(dataset_id)
        asked = {name: request.GET.get(name, "").replace("\0", "") for name in ("rows", "experiment", "score")}
        found = matrix_of(dataset, by=asked["rows"], experiment=asked["experiment"], score=asked["score"])
        known = [cell for cell in found.cells if cell.summary]
        this_round = round_of(request.GET.get("round", ""))
        return self.render(
            {
                "dataset": dataset,
                "facts": metadata_facts(dataset.metadata),
                "tab": "matrix",
                "may_write": self.may_write,
                "matrix": found,
                "heads": list(zip(found.columns, map(chosen_text, found.column_runs()), strict=True)),
                "lines": [(line, chosen_text(line.runs)) for line in found.lines],
                "columns": score_columns(found.keys),
                "verdict": verdict(found),
                "charts": scatter_charts(
                    [cell.run for cell in known],
                    [cell.summary for cell in known if cell.summary],
                    found.chosen,
                    [cell.front for cell in known],
                    found.by,
                )
                if found.complete
                else [],
                # The rounds are limited, because without a cache no round would be the last.
                "next_round": this_round + 1 if not found.complete and this_round < ROUNDS else None,
            }
        )


def chosen_text(runs: Sequence[DatasetRun]) -> str:
    """The runs for the address of Compare, empty where there is nothing to compare."""
    return ",".join(run.run_id for run in runs[:MOST]) if len(runs) > 1 else ""


def verdict(found: Matrix) -> Verdict | None:
    """Whether a cell is the best, in a sentence."""
    leader, doubtful, against = found.leader, found.doubtful, found.against_doubtful
    if leader is None or doubtful is None or against is None or found.chosen is None:
        return None
    told = {"best": named(leader), "other": named(doubtful), "n": found.rivals, "score": found.chosen.name}
    if leader.best:
        best = ngettext(
            "%(best)s is the best in %(score)s: the difference to the other is shown.",
            "%(best)s is the best in %(score)s: the difference to each of the %(n)s others is shown.",
            found.rivals,
        )
        return Verdict("good", best % told)
    if against.difference is None or against.corrected is None:
        unknown = _("%(best)s has the highest %(score)s, but no item in common with %(other)s.")
        return Verdict("", unknown % told)
    share = bool(leader.told and leader.told.kind == "share")
    told |= {"difference": signed(-against.difference.mean, share), "items": against.pairs}
    told |= {"p": p_text(against.corrected)}
    none = ngettext(
        "No cell is shown to be the best: %(best)s has the highest %(score)s, but its lead over %(other)s "
        "(%(difference)s, n = %(items)s) may be chance (%(p)s).",
        "No cell is shown to be the best: %(best)s has the highest %(score)s, but its lead over %(other)s "
        "(%(difference)s, n = %(items)s) may be chance (%(p)s, corrected over %(n)s comparisons).",
        found.rivals,
    )
    return Verdict("", none % told)


def named(cell: Cell) -> str:
    """A cell by its run."""
    return _("“%(run)s”") % {"run": cell.run.name}
