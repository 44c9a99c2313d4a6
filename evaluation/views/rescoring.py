"""Evaluators put to work on the answers of runs that exist already."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.errors import DomainError, NotFound
from datasets.models import DatasetRun
from evaluation import evaluators, rescoring
from evaluation.experiment_draft import EvaluatorChoice
from evaluation.views.experiments import WRITE, ExperimentsPage

RUNS_NAMED = 20


class ScoreRuns(ExperimentsPage):
    """Choose the evaluators for the runs of `?runs=` (ids, also several by commas), and let them begin."""

    template = "evaluation/score_runs.html"
    permission = WRITE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(_ids(request.GET.getlist("runs")))

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = _ids(request.POST.getlist("runs"))
        chosen = [EvaluatorChoice(evaluator_id=key) for key in request.POST.getlist("evaluators")]
        missing = bool(request.POST.get("only_missing"))
        try:
            row = rescoring.rescore(self.project_id, ids, chosen, self.author, only_missing=missing)
        except DomainError as error:
            return self.show(ids, error)
        return redirect("rescoring", row.pk)

    def show(self, ids: list[str], error: DomainError | None = None) -> HttpResponse:
        known = [key for key in ids if "\0" not in key]
        runs = DatasetRun.objects.filter(project_id=self.project_id, run_id__in=known).select_related("dataset")
        if not runs and error is None:
            raise NotFound("There are no such runs.")
        context: dict[str, Any] = {
            "runs": runs.order_by("-created_at")[:RUNS_NAMED],
            "more": max(0, len(runs) - RUNS_NAMED),
            "ids": ids,
            "evaluators": evaluators.all_of(self.project_id).order_by("name"),
            "chosen": self.request.POST.getlist("evaluators"),
            "fault": error.message if error else "",
        }
        return self.render(context)


class OneRescoring(ExperimentsPage):
    """How far it is, and what could not be scored."""

    template = "evaluation/rescoring.html"
    part = "state"

    def get(self, request: HttpRequest, rescoring_id: str) -> HttpResponse:
        row = rescoring.own(self.project_id, rescoring_id)
        runs = list(DatasetRun.objects.filter(project_id=self.project_id, pk__in=row.runs[:RUNS_NAMED]))
        return self.render(
            {
                "rescoring": row,
                "over": row.done + row.failed,
                "silenced": [one for one in row.evaluators if one.get("halted")],
                "running": row.status == rescoring.Status.RUNNING,
                "runs": runs,
                "run_ids": ",".join(run.run_id for run in runs),
                "may_write": self.may(WRITE),
            }
        )

    def post(self, request: HttpRequest, rescoring_id: str) -> HttpResponse:
        """Cancel it."""
        try:
            rescoring.cancel(self.project_id, rescoring_id)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("rescoring", rescoring_id)


def _ids(given: list[str]) -> list[str]:
    return list(dict.fromkeys(one for text in given for one in text.split(",") if one))
