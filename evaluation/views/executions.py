"""The log of executions, and evaluators applied to what is there already."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.errors import DomainError, NotFound
from datasets.paging import cut
from evaluation import applying, evaluators, past_executions, rules
from evaluation.applying import Chosen
from evaluation.execution_log import log_of
from evaluation.models import Execution
from evaluation.tasks import enqueue_executions
from evaluation.views.evaluators import WRITE, EvaluatorsPage
from tracing.filters import parse_filters

ROWS = 50
MOST_RETRIED = 1_000
KINDS = ("traces", "observations")


class Log(EvaluatorsPage):
    """What evaluators did, newest first; `?state=`, `?evaluator=`, `?rule=`, `?application=` choose."""

    template = "evaluation/executions.html"
    part = "rows"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = _asked(request.GET)
        found = cut(log_of(self.project_id, **asked), request.GET.get("cursor", ""), ROWS)
        return self.render(
            {
                "page": found,
                "states": Execution.State.choices,
                "state": asked["state"],
                "evaluator": self._named(evaluators.own, asked["evaluator_id"]),
                "rule": self._named(rules.own, asked["rule_id"]),
                "application": self._named(applying.own, asked["application_id"]),
                "filtered": any(asked.values()),
                "may_write": self.may(WRITE),
            }
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Try again: the chosen (`id`), or with `all` whatever failed of what the address shows."""
        log = log_of(self.project_id, **_asked(request.GET))
        if request.POST.get("all"):
            keys = log.filter(state=Execution.State.FAILED).values_list("pk", flat=True)[:MOST_RETRIED]
            chosen = Execution.objects.filter(pk__in=list(keys))
        else:
            ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal() and len(one) < 18]
            chosen = Execution.objects.filter(pk__in=ids)
        count = past_executions.retry(self.project_id, chosen, self.author)
        if count:
            enqueue_executions(self.project_id)
            told = ngettext("%(n)s execution is tried again.", "%(n)s executions are tried again.", count)
            messages.success(request, told % {"n": count})
        else:
            messages.error(request, _("Nothing that has failed was chosen."))
        return redirect(request.get_full_path())

    def _named(self, own: Any, key: str) -> Any:
        try:
            return own(self.project_id, key) if key else None
        except NotFound:
            return None


class OneApplication(EvaluatorsPage):
    """How far an evaluator or a rule is that was put to work on what is there."""

    template = "evaluation/execution_application.html"
    part = "state"

    def get(self, request: HttpRequest, application_id: str) -> HttpResponse:
        given = applying.own(self.project_id, application_id)
        [progress] = applying.progress_of([given])
        return self.render(
            {
                "application": given,
                "progress": progress,
                "running": given.state in applying.OPEN,
                "paused": bool(given.evaluator and given.evaluator.paused_at),
                "executions": log_of(self.project_id, application_id=given.pk)[:ROWS],
                "may_write": self.may(WRITE),
            }
        )

    def post(self, request: HttpRequest, application_id: str) -> HttpResponse:
        try:
            applying.cancel(self.project_id, application_id, self.author)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("evaluation_application", application_id)


class RunOnChosen(EvaluatorsPage):
    """Chosen rows of a list, or all that it shows, for an evaluator: a fragment that those lists load.

    `kind` (traces, observations) with an `id` for each chosen row, or with `all` and the `filter`, `search` and
    `texts` of the list. Without `do` the form as it opens, `do=run` the deed.
    """

    template = "evaluation/execution_chosen.html"
    permission = WRITE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        given = request.POST
        kind = given.get("kind")
        if kind not in KINDS or not (given.get("all") or given.getlist("id")):
            raise Http404("Nothing was chosen.")
        try:
            if given.get("do") == "run":
                return self._run(given.get("evaluator", ""))
        except NotFound:
            return self._show(_("Choose an evaluator."))
        except DomainError as error:
            return self._show(error.message)
        return self._show()

    def _run(self, evaluator_id: str) -> HttpResponse:
        applied = applying.apply_evaluator(self.project_id, evaluator_id, self._chosen(), self.author)
        return self.render({"address": reverse("evaluation_application", args=[applied.pk])})

    def _chosen(self) -> Chosen:
        given = self.request.POST
        kind: Any = given["kind"]
        if not given.get("all"):
            return Chosen(kind, given.getlist("id"))
        search = given.get("search", "").replace("\0", "")
        return Chosen(kind, None, parse_filters(given.get("filter") or "[]"), search, bool(given.get("texts")))

    def _show(self, fault: str = "") -> HttpResponse:
        given = self.request.POST
        names = ("kind", "filter", "search", "texts", "all")
        context = {
            "fault": fault,
            "sent": {name: given.get(name, "") for name in names},
            "ids": [] if given.get("all") else given.getlist("id"),
            "evaluators": evaluators.all_of(self.project_id).order_by("name"),
            "chosen": given.get("evaluator", ""),
        }
        return self.render(context, status=422 if fault else 200)


def _asked(given: Any) -> dict[str, str]:
    names = {"state": "state", "evaluator": "evaluator_id", "rule": "rule_id", "application": "application_id"}
    return {field: given.get(name, "") for name, field in names.items()}
