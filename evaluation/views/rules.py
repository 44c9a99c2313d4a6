"""Rules: the list, the form, switching on and off, what one would take, and applying one to what is there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import DomainError, NotFound
from evaluation import applying, evaluators, rule_filters, rules
from evaluation.execution_log import log_of, waiting_of
from evaluation.mapping import SOURCES
from evaluation.models import EvaluationRule, Execution
from evaluation.rule_form import LABELS, OPERATORS, Typed, complete, draft_of, in_words, named_datasets, of_rule, typed
from evaluation.rule_matching import newest
from evaluation.views.evaluators import WRITE, EvaluatorsPage

SHOWN = 10
LOOKED_AT = 100
SINCE: dict[str, tuple[Any, timedelta | None]] = {
    "1h": (gettext_lazy("Last hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("Last 24 hours"), timedelta(days=1)),
    "7d": (gettext_lazy("Last 7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("Last 30 days"), timedelta(days=30)),
    "all": (gettext_lazy("All time"), None),
}


class Rules(EvaluatorsPage):
    """All rules: what they take, whether they run, and why not."""

    template = "evaluation/rules.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        last = Execution.objects.filter(rule=OuterRef("pk")).order_by("-id").values("created_at")[:1]
        found = list(rules.all_of(self.project_id).annotate(last_at=Subquery(last)))
        versions = rules.latest_of(found)
        datasets = named_datasets(self.project_id, [one.filter for one in found])
        rows = [
            {
                "rule": one,
                "pause": rules.why_paused(one, versions),
                "conditions": _words(one, datasets),
                "is_experiment": rule_filters.target_of(one.filter) == rule_filters.EXPERIMENT,
            }
            for one in found
        ]
        return self.render({"rows": rows, "may_write": self.may(WRITE)})


class RuleForm(EvaluatorsPage):
    """What the two forms share."""

    template = "evaluation/rule_form.html"
    permission = WRITE

    def show(self, page: Typed, rule: EvaluationRule | None = None, error: DomainError | None = None) -> HttpResponse:
        found = list(evaluators.all_of(self.project_id).order_by("name"))
        versions = evaluators.latest([one.pk for one in found])
        complete(page, versions)
        rows = [(one, one.pk in page.evaluators, page.variables.get(one.pk, ())) for one in found]
        told = {
            "page": page,
            "rule": rule,
            "error": error,
            "evaluators": rows,
            "columns": [(name, LABELS[name]) for name in rule_filters.COLUMNS if name in LABELS],
            "operators": OPERATORS.items(),
            "types": rule_filters.TYPES,
            "sources": list(SOURCES),
        }
        return self.render(told, status=422 if error else 200)

    def draft(self, page: Typed) -> rules.Draft:
        """What the form describes; raises Invalid."""
        wanted = [one for one in page.evaluators if one]
        own = evaluators.all_of(self.project_id).filter(pk__in=wanted).values_list("pk", flat=True)
        versions = evaluators.latest(list(own))
        complete(page, versions)
        return draft_of(self.project_id, page, versions)


class NewRule(RuleForm):
    """`?evaluator=` is chosen already."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(Typed(evaluators=request.GET.getlist("evaluator")))

    def post(self, request: HttpRequest) -> HttpResponse:
        page = typed(request.POST)
        try:
            rule = rules.create(self.project_id, self.draft(page), self.author)
        except DomainError as error:
            return self.show(page, error=error)
        return redirect("rule", rule.pk)


class EditRule(RuleForm):
    """A rule as it is, to be changed."""

    def get(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        rule = rules.own(self.project_id, rule_id)
        return self.show(of_rule(rule), rule)

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        rule, page = rules.own(self.project_id, rule_id), typed(request.POST)
        try:
            draft = self.draft(page)
            changes = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
            rules.change(self.project_id, rule.pk, changes, self.author)
        except DomainError as error:
            return self.show(page, rule, error)
        return redirect("rule", rule.pk)


class RuleTakes(RuleForm):
    """What the rule as typed would take of the newest observations: a fragment of its form."""

    template = "evaluation/rule_takes.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        page = typed(request.POST)
        try:
            page.enabled, page.evaluators, page.name = False, [], "…"
            draft = self.draft(page)
            rule = EvaluationRule(project_id=self.project_id, filter=list(draft.filter))
            rows, looked = newest(rule, LOOKED_AT)
        except DomainError as error:
            return self.render({"error": error}, status=422)
        return self.render({"rows": rows[:SHOWN], "n": len(rows), "looked": looked, "most": LOOKED_AT})


class OneRule(EvaluatorsPage):
    """A rule: what it takes, how it stands, its last executions; switching, applying, deleting."""

    template = "evaluation/rule.html"

    def get(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        rule = rules.own(self.project_id, rule_id)
        versions = rules.latest_of([rule])
        pause = rules.why_paused(rule, versions)
        applications = applying.all_of(self.project_id).filter(rule=rule)[:SHOWN]
        return self.render(
            {
                "rule": rule,
                "pause": pause,
                "waiting": waiting_of(rule.pk) if pause else 0,
                "paused": [one.evaluator for one in rule.assignments.all() if one.evaluator.paused_at],
                "conditions": _words(rule, named_datasets(self.project_id, [rule.filter])),
                "is_experiment": rule_filters.target_of(rule.filter) == rule_filters.EXPERIMENT,
                "assigned": [
                    (
                        one.evaluator,
                        versions[one.evaluator_id],
                        rules.effective_mapping(one, versions[one.evaluator_id]),
                    )
                    for one in rule.assignments.all()
                ],
                "executions": log_of(self.project_id, rule_id=rule.pk)[:SHOWN],
                "applications": applying.progress_of(list(applications)),
                "since": [(name, label) for name, (label, _length) in SINCE.items()],
                "may_write": self.may(WRITE),
            }
        )

    def post(self, request: HttpRequest, rule_id: str) -> HttpResponse:
        """`do` says what: on, off, apply or remove."""
        verb = self.verbs.get(request.POST.get("do", ""))
        if verb is None:
            return HttpResponse(status=400)
        try:
            return verb(self, rule_id) or self._back(rule_id)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("rule", rule_id)

    def _back(self, rule_id: str) -> HttpResponse:
        return redirect("rules") if self.request.POST.get("back") else redirect("rule", rule_id)

    def _on(self, rule_id: str) -> None:
        rules.change(self.project_id, rule_id, {"enabled": True}, self.author)

    def _off(self, rule_id: str) -> None:
        rules.change(self.project_id, rule_id, {"enabled": False}, self.author)

    def _apply(self, rule_id: str) -> HttpResponse:
        since = SINCE.get(self.request.POST.get("since", ""), SINCE["24h"])[1]
        given = applying.apply_rule(self.project_id, rule_id, self.author, since)
        return redirect("evaluation_application", given.pk)

    def _remove(self, rule_id: str) -> HttpResponse:
        rules.remove(self.project_id, rule_id, self.author)
        messages.success(self.request, _("The rule is deleted; its evaluators and their scores stay."))
        return redirect("rules")

    verbs: ClassVar[dict[str, Any]] = {"on": _on, "off": _off, "apply": _apply, "remove": _remove}


def _words(rule: EvaluationRule, datasets: Mapping[str, str]) -> list[SafeString]:
    return [in_words(one, datasets) for one in rule_filters.for_target(rule_filters.OBSERVATION, rule.filter)]
