"""Evaluate → Evaluators, with their rules: what is defined, and what can be changed by a form."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Model, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts.authors import Author
from common.admin import ProjectModelAdmin
from common.errors import DomainError
from evaluation import evaluators, mapping, rule_filters, rules
from evaluation.definitions import Output
from evaluation.forms import EvaluatorForm, RuleForm
from evaluation.models import EvaluationRule, Evaluator, EvaluatorVersion
from evaluation.rule_form import in_words, named_datasets


class EvaluationAdmin(ProjectModelAdmin):
    """Lights the sidebar's entry `shell_section`."""

    write = "evaluation:write"
    shell_section = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "shell_section": self.shell_section})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        told = {**(extra_context or {}), "shell_section": self.shell_section}
        return super().changeform_view(request, object_id, form_url, told)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        told = {**(extra_context or {}), "shell_section": self.shell_section}
        return super().delete_view(request, object_id, extra_context=told)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Evaluator)
class EvaluatorAdmin(EvaluationAdmin):
    """Evaluators in their latest versions; a definition changes by a new version through the API."""

    shell_section = "evaluators"
    form = EvaluatorForm
    list_display = ("name", "type", "version", "judged_by", "rule_count", "status", "updated_at")
    list_filter = ("type",)
    search_fields = ("name", "description")
    list_before_template = "evaluation/evaluators_before.html"
    readonly_fields = ("type", "state", "definition", "history")
    fieldsets = (
        (None, {"fields": ("name", "description", "type", "state")}),
        (_("Latest version"), {"fields": ("definition",)}),
        (_("Versions"), {"fields": ("history",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluator]:
        newest = EvaluatorVersion.objects.filter(evaluator=OuterRef("pk")).order_by("-version")
        found: QuerySet[Evaluator] = super().get_queryset(request)
        return found.annotate(
            latest_version=Subquery(newest.values("version")[:1]),
            latest_model=Subquery(newest.values("model")[:1]),
            rules_count=Count("assignments"),
        )

    @admin.display(description=_("Version"), ordering="latest_version")
    def version(self, evaluator: Any) -> int:
        return int(evaluator.latest_version)

    @admin.display(description=_("Model"), ordering="latest_model")
    def judged_by(self, evaluator: Any) -> str:
        return evaluator.latest_model or "–"

    @admin.display(description=_("Rules"), ordering="rules_count")
    def rule_count(self, evaluator: Any) -> int:
        return int(evaluator.rules_count)

    @display(description=_("Status"), label={"active": "success", "paused": "warning"})
    def status(self, evaluator: Evaluator) -> tuple[str, Any]:
        if evaluator.paused_at is None:
            return "active", _("ready")
        return "paused", evaluator.paused_message or _("paused")

    @admin.display(description=_("Status"))
    def state(self, evaluator: Evaluator) -> Any:
        return self.status(evaluator)[1]

    @admin.display(description=_("Definition"))
    def definition(self, evaluator: Evaluator) -> str:
        version = evaluators.latest([evaluator.pk])[evaluator.pk]
        if version.metric is not None:
            return _blocks([(name, json.dumps(value, ensure_ascii=False)) for name, value in version.metric.items()])
        if version.output is None:
            return _blocks([(version.source_code_language or "", version.source_code or "")])
        told = [(message["role"], message["content"]) for message in version.messages]
        told.append((str(_("Answers with")), _output_told(Output(**version.output))))
        if mapped := mapping.read(version.mapping):
            lines = (f"{one.variable} ← {one.source} {one.json_path or ''}".rstrip() for one in mapped)
            told.append((str(_("Variables")), "\n".join(lines)))
        if version.provider:
            told.append((str(_("Model")), f"{version.provider} · {version.model}"))
        return _blocks(told)

    @admin.display(description=_("History"))
    def history(self, evaluator: Evaluator) -> str:
        versions = evaluator.versions.select_related("created_by")[:50]
        lines = ((version.version, version.created_at, version.created_by or "API") for version in versions)
        return format_html_join("", "<p>{} · {:%Y-%m-%d %H:%M} · {}</p>", lines)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in ("name", "description")}
        evaluators.change(_project_id(request), obj.pk, fields, _author(request))

    def delete_model(self, request: HttpRequest, obj: Evaluator) -> None:
        evaluators.remove(_project_id(request), obj.pk, _author(request))


@admin.register(EvaluationRule)
class EvaluationRuleAdmin(EvaluationAdmin):
    """Rules: what they take, whether they run; switched on and off here, defined through the API."""

    shell_section = "evaluators"
    form = RuleForm
    list_display = ("name", "target", "used", "share", "status", "updated_at")
    list_filter = ("enabled",)
    search_fields = ("name",)
    list_before_template = "evaluation/evaluators_before.html"
    actions = ("switch_on", "switch_off")
    readonly_fields = ("state", "target", "used", "conditions")
    fieldsets = ((None, {"fields": ("name", "sampling", "state", "target", "used", "conditions")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationRule]:
        found: QuerySet[EvaluationRule] = super().get_queryset(request)
        one = (
            EvaluatorVersion.objects.filter(evaluator=OuterRef("evaluator")).order_by("-version").values("version")[:1]
        )
        latest = Prefetch(
            "assignments__evaluator__versions",
            EvaluatorVersion.objects.filter(version=Subquery(one)),
            to_attr="latest",
        )
        return found.prefetch_related("assignments__evaluator", latest)

    @admin.display(description=_("Takes"))
    def target(self, rule: EvaluationRule) -> Any:
        is_experiment = rule_filters.target_of(rule.filter) == rule_filters.EXPERIMENT
        return _("answers of experiments") if is_experiment else _("observations")

    @admin.display(description=_("Evaluators"))
    def used(self, rule: EvaluationRule) -> str:
        return ", ".join(one.evaluator.name for one in rule.assignments.all()) or "–"

    @admin.display(description=_("Share"), ordering="sampling")
    def share(self, rule: EvaluationRule) -> str:
        return f"{rule.sampling * 100:g} %"

    @display(description=_("Status"), ordering="enabled", label={"on": "success", "off": "info", "paused": "warning"})
    def status(self, rule: EvaluationRule) -> tuple[str, Any]:
        if not rule.enabled:
            return "off", _("off")
        versions = {one.evaluator_id: one.evaluator.latest[0] for one in rule.assignments.all()}  # type: ignore[attr-defined]
        pause = rules.why_paused(rule, versions)
        return ("paused", pause.message) if pause else ("on", _("on"))

    @admin.display(description=_("Status"))
    def state(self, rule: EvaluationRule) -> Any:
        return self.status(rule)[1]

    @admin.display(description=_("Filter"))
    def conditions(self, rule: EvaluationRule) -> str:
        names = named_datasets(rule.project_id, [rule.filter])
        return format_html_join("", "<p>{}</p>", ((in_words(one, names),) for one in rule.filter)) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in ("name", "sampling")}
        rules.change(_project_id(request), obj.pk, fields, _author(request))

    def delete_model(self, request: HttpRequest, obj: EvaluationRule) -> None:
        rules.remove(_project_id(request), obj.pk, _author(request))

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[EvaluationRule]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[EvaluationRule]) -> None:
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[EvaluationRule], *, enabled: bool) -> None:
        switched = 0
        for rule in queryset:
            try:
                rules.change(_project_id(request), rule.pk, {"enabled": enabled}, _author(request))
                switched += 1
            except DomainError as refusal:
                messages.error(request, f"{rule.name}: {refusal.message}")
        if switched:
            messages.success(
                request, ngettext("%(n)s rule changed.", "%(n)s rules changed.", switched) % {"n": switched}
            )


def _blocks(told: list[tuple[str, str]]) -> SafeString:
    return format_html_join("", '<div class="block"><p class="small faint">{}</p><pre>{}</pre></div>', told)


def _output_told(output: Output) -> str:
    """What a judge answers with, in lines."""
    lines = [output.data_type]
    if output.min_value is not None or output.max_value is not None:
        low, high = ("∞" if limit is None else f"{limit:g}" for limit in (output.min_value, output.max_value))
        lines[0] += f" {'−' if low == '∞' else ''}{low} … {high}"
    if output.categories:
        lines[0] += f": {', '.join(output.categories)}"
    return "\n".join(filter(None, [*lines, output.instructions, output.reasoning]))


def _project_id(request: HttpRequest) -> str:
    return str(request.project.pk)  # type: ignore[attr-defined]


def _author(request: HttpRequest) -> Author:
    return Author(user=request.user)  # type: ignore[arg-type]
