"""Settings → Models and prices."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.authors import Author
from common.admin import ProjectModelAdmin
from llm import definitions
from llm.forms import MILLION, PRICES, DefinitionForm
from llm.models import ModelDefinition


@admin.register(ModelDefinition)
class ModelDefinitionAdmin(ProjectModelAdmin):
    """The project's own definitions; built-in prices are shown on a page of their own."""

    write = "models:write"
    form = DefinitionForm
    list_display = ("model_name", "pattern", "prices", "unit", "start_date")
    search_fields = ("model_name", "match_pattern")
    list_before_template = "llm/definitions_before.html"
    change_form_before_template = "llm/definition_before.html"
    fieldsets = (
        (None, {"fields": ("model_name", "match_pattern")}),
        (_("Prices"), {"fields": (("input_price", "output_price"), ("cached_price", "total_price"))}),
        (_("More"), {"fields": ("unit", "tokenizer_id", "start_date", "tiers_json"), "classes": ("collapse",)}),
    )

    @admin.display(description=_("Match pattern"))
    def pattern(self, definition: ModelDefinition) -> str:
        return format_html("<code>{}</code>", definition.match_pattern)

    @admin.display(description=_("Prices, $ per million"))
    def prices(self, definition: ModelDefinition) -> str:
        standard = next(tier["prices"] for tier in definition.tiers if tier["isDefault"])
        shown = ", ".join(f"{name} {price * MILLION:g}" for name, price in standard.items())
        further = len(definition.tiers) - 1
        return f"{shown or '–'}{f' (+{further})' if further else ''}"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **{**kwargs, "fields": DefinitionForm.Meta.fields})
        form.project_id = request.project.pk  # type: ignore[attr-defined]
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What a link from an unpriced call brings."""
        known = (*DefinitionForm.Meta.fields, *PRICES)
        return {name: request.GET[name] for name in known if name in request.GET}

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        save = definitions.replace if change else _create
        save(request.project.pk, obj.pk, form.draft, _author(request))  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: ModelDefinition) -> None:
        definitions.remove(request.project.pk, obj.pk, _author(request))  # type: ignore[attr-defined]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ModelDefinition]) -> None:
        for definition in queryset:
            self.delete_model(request, definition)


def _create(project_id: str, model_id: str, draft: definitions.Draft, author: Author) -> ModelDefinition:
    return definitions.create(project_id, draft, author, model_id)


def _author(request: HttpRequest) -> Author:
    return Author(user=request.user)  # type: ignore[arg-type]
