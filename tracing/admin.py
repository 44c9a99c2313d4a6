"""Settings → Score configs."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.authors import Author
from common.admin import ProjectModelAdmin
from tracing import score_configs
from tracing.forms import ScoreConfigForm
from tracing.models.configured import ScoreConfig


@admin.register(ScoreConfig)
class ScoreConfigAdmin(ProjectModelAdmin):
    """How scores are given. Scores refer to configs, so these are archived instead of deleted."""

    write = "score_configs:write"
    form = ScoreConfigForm
    list_display = ("name", "data_type", "values", "description", "state")
    list_filter = ("data_type", "is_archived")
    search_fields = ("name", "description")
    list_before_template = "tracing/score_configs_before.html"
    actions = ("archive", "restore")
    fieldsets = (
        (None, {"fields": ("name", "data_type", "description")}),
        (_("Values"), {"fields": (("min_value", "max_value"), "category_lines")}),
        (None, {"fields": ("is_archived",)}),
    )
    conditional_fields = {
        "min_value": "data_type == 'NUMERIC'",
        "max_value": "data_type == 'NUMERIC'",
        "category_lines": "data_type == 'CATEGORICAL'",
    }

    @admin.display(description=_("Values"))
    def values(self, config: ScoreConfig) -> str:
        if config.data_type == "NUMERIC":
            low, high = ("" if limit is None else f"{limit:g}" for limit in (config.min_value, config.max_value))
            return f"{low or '−∞'} … {high or '∞'}"
        return ", ".join(f"{category['label']} ({category['value']:g})" for category in config.categories or ()) or "–"

    @display(description=_("State"), label={"active": "success", "archived": "warning"})
    def state(self, config: ScoreConfig) -> tuple[str, Any]:
        return ("archived", _("archived")) if config.is_archived else ("active", _("in use"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        project_id, draft = request.project.pk, form.draft  # type: ignore[attr-defined]
        if change:
            names = ("name", "min_value", "max_value", "categories", "description", "is_archived")
            score_configs.change(project_id, obj.pk, {name: getattr(draft, name) for name in names}, _author(request))
        else:
            score_configs.create(project_id, draft, _author(request), obj.pk)

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[ScoreConfig]) -> None:
        self._archive(request, queryset, archived=True)

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[ScoreConfig]) -> None:
        self._archive(request, queryset, archived=False)

    def _archive(self, request: HttpRequest, queryset: QuerySet[ScoreConfig], *, archived: bool) -> None:
        for config in queryset:
            score_configs.archive(request.project.pk, config.pk, _author(request), archived=archived)  # type: ignore[attr-defined]


def _author(request: HttpRequest) -> Author:
    return Author(user=request.user)  # type: ignore[arg-type]
