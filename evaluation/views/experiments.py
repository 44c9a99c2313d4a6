"""Experiments from the browser: described, estimated, started, watched."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.authors import Author
from common.errors import DomainError, NotFound
from common.pages import Page
from datasets.models import Dataset
from evaluation import desk, steering
from evaluation.estimating import estimate
from evaluation.experiment_form import STRATEGIES, Typed, begun, complete, draft_of, evaluators_of, number, typed
from evaluation.experiment_jobs import LISTS, jobs_page
from evaluation.forsaking import without_runs
from evaluation.manifest import manifest
from evaluation.models import Experiment
from evaluation.models.experiments import Unplanned
from evaluation.planning import plan
from evaluation.progress import overview, progress
from evaluation.standard_metrics import add_standard_metrics
from llm.connections import of_project
from prompts.models import Prompt
from tracing.seen import READ

WRITE = "evaluation:write"
NEWEST = 8


class ExperimentsPage(Page):
    """A page about experiments."""

    section = "experiments"
    permission = READ
    write_permission: ClassVar[str | None] = WRITE

    @property
    def author(self) -> Author:
        return Author(user=self.request.user)  # type: ignore[arg-type]


class NewExperiment(ExperimentsPage):
    """The form. What the address names is chosen already (`evaluation.experiment_form.begun`)."""

    template = "evaluation/experiment_new.html"
    permission = WRITE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(begun(self.project_id, request.GET))

    def post(self, request: HttpRequest) -> HttpResponse:
        page = typed(request.POST)
        try:
            experiment = plan(self.project_id, draft_of(page), self.author)
            steering.start(self.project_id, experiment.pk, self.author)
        except DomainError as error:
            return self.show(page, error)
        return redirect("experiment", experiment.pk)

    def show(self, page: Typed, error: DomainError | None = None) -> HttpResponse:
        prompts = Prompt.objects.filter(project_id=self.project_id)
        told = {
            "page": complete(self.project_id, page),
            "blank": Typed(),
            "error": error,
            "datasets": Dataset.objects.filter(project_id=self.project_id).order_by("-updated_at", "name"),
            "prompts": prompts.order_by("name").values_list("name", flat=True),
            "connections": of_project(self.project_id),
            "evaluators": evaluators_of(self.project_id),
            "strategies": STRATEGIES,
            "may_connect": self.may("llm_connections:write"),
        }
        return self.render(told, status=422 if error else 200)


class EstimateFragment(ExperimentsPage):
    """What the form describes would take; also the rows of variables, when other prompts were chosen."""

    template = "evaluation/experiment_estimate.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        page = typed(request.POST)
        before = [row.variable for row in page.variables]
        complete(self.project_id, page)
        told: dict[str, Any] = {"page": page, "variables_changed": before != [row.variable for row in page.variables]}
        try:
            told["estimate"] = estimate(self.project_id, draft_of(page))
        except DomainError as error:
            told["error"] = error
        return self.render(told)


class Versions(ExperimentsPage):
    """The versions of the prompt chosen in a row, as options."""

    template = "evaluation/experiment_versions.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        page = Typed(prompts=[typed(request.GET).prompts[0]])
        return self.render({"row": complete(self.project_id, page).prompts[0]})


class StandardMetrics(ExperimentsPage):
    """Make the evaluators that nearly every experiment wants, and show the list with them chosen."""

    template = "evaluation/experiment_evaluators.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        made = [evaluator.pk for evaluator in add_standard_metrics(self.project_id, self.author)]
        page = typed(request.POST)
        page.evaluators += made
        return self.render({"page": page, "made": made, "evaluators": evaluators_of(self.project_id)})


class OneExperiment(ExperimentsPage):
    """Progress and results; `?list=` chooses what is listed below: what failed, what is flawed, all."""

    template = "evaluation/experiment.html"
    part = "state"

    def get(self, request: HttpRequest, experiment_id: str) -> HttpResponse:
        return self.show(steering.own(self.project_id, experiment_id))

    def post(self, request: HttpRequest, experiment_id: str) -> HttpResponse:
        """`do` says what: start, pause, cancel, retry, cap, rename or remove."""
        verb = self.verbs.get(request.POST.get("do", ""))
        if verb is None:
            return HttpResponse(status=400)
        try:
            return verb(self, experiment_id) or redirect("experiment", experiment_id)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("experiment", experiment_id)

    def show(self, experiment: Experiment) -> HttpResponse:
        told = progress(experiment)
        prompts = list(dict.fromkeys(cell.cell.prompt for cell in told.cells))
        models = list(dict.fromkeys(cell.cell.model for cell in told.cells))
        by_place = {(one.cell.prompt_id, one.cell.model_id): one for one in told.cells}
        gone = without_runs(experiment.pk)
        runs = [one.cell for one in told.cells if one.progress.answered and one.cell.pk not in gone]
        evaluators = list(experiment.evaluators.all())
        chosen = self.request.GET.get("list", "")
        listed = chosen if chosen in LISTS else "failed" if told.failed or told.unscored else "all"
        context = {
            "experiment": experiment,
            "progress": told,
            "evaluators": evaluators,
            "silenced": [one for one in evaluators if one.halted],
            "running": experiment.status == Experiment.Status.RUNNING,
            "at_work": experiment.status == Experiment.Status.RUNNING or desk.is_worked_on(experiment),
            "models": models,
            "matrix": [(prompt, [by_place[prompt.pk, model.pk] for model in models]) for prompt in prompts],
            "unplanned": Unplanned.objects.filter(pk=experiment.pk).defer("items").first(),
            "gone": gone,
            "runs": ",".join(cell.run_id for cell in runs),
            "cells": runs,
            "listed": listed,
            "lists": [(key, label, count(told)) for key, (label, _filter, count) in LISTS.items()],
            "page": jobs_page(experiment, listed, self.request.GET.get("cursor", "")),
            "may_write": self.may(WRITE),
        }
        return self.render(context)

    def _start(self, experiment_id: str) -> None:
        steering.start(self.project_id, experiment_id, self.author)

    def _pause(self, experiment_id: str) -> None:
        steering.pause(self.project_id, experiment_id, self.author)

    def _cancel(self, experiment_id: str) -> None:
        steering.cancel(self.project_id, experiment_id, self.author)

    def _retry(self, experiment_id: str) -> None:
        count = steering.retry_failed(self.project_id, experiment_id, self.author)
        told = ngettext("%(n)s answer is tried again.", "%(n)s answers are tried again.", count)
        messages.success(self.request, told % {"n": count})

    def _cap(self, experiment_id: str) -> None:
        cap = number(self.request.POST.get("cost_cap", ""), "cost_cap")
        steering.set_cap(self.project_id, experiment_id, cap, self.author)

    def _rename(self, experiment_id: str) -> None:
        told = self.request.POST
        steering.rename(self.project_id, experiment_id, told.get("name", ""), told.get("description", ""), self.author)

    def _remove(self, experiment_id: str) -> HttpResponse:
        steering.remove(self.project_id, experiment_id, self.author)
        messages.success(self.request, _("The experiment is deleted; its runs stay."))
        return redirect("experiments")

    verbs: ClassVar[dict[str, Any]] = {
        "start": _start,
        "pause": _pause,
        "cancel": _cancel,
        "retry": _retry,
        "cap": _cap,
        "rename": _rename,
        "remove": _remove,
    }


class Manifest(ExperimentsPage):
    """Everything pinned, as a JSON file."""

    write_permission = None

    def get(self, request: HttpRequest, experiment_id: str) -> HttpResponse:
        experiment = steering.own(self.project_id, experiment_id)
        response = JsonResponse(manifest(experiment), json_dumps_params={"ensure_ascii": False, "indent": 2})
        name = slugify(experiment.name) or "experiment"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return response


class Started(ExperimentsPage):
    """The newest experiments of this place, a fragment that the list of runs loads by address."""

    template = "evaluation/experiments_started.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        newest = steering.all_of(self.project_id).order_by("-created_at", "-id")[:NEWEST]
        return self.render({"experiments": overview(list(newest))})
