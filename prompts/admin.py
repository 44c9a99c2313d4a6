"""Prompts and protected labels in the admin, to look at and to clean up; their own pages change them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.admin import ProjectModelAdmin
from prompts.authors import Author
from prompts.models import Prompt, ProtectedLabel
from prompts.protecting import unprotect


@admin.register(Prompt)
class PromptAdmin(ProjectModelAdmin):
    """Read only: versions are immutable, and labels move on the prompt's page, which asks before it does."""

    list_display = ("name", "type", "shown_tags", "updated_at", "page")
    list_filter = ("type",)
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display(description=_("Tags"))
    def shown_tags(self, prompt: Prompt) -> str:
        return ", ".join(prompt.tags)

    @admin.display(description=_("Page"))
    def page(self, prompt: Prompt) -> str:
        return format_html('<a href="{}">{}</a>', reverse("prompt", args=[prompt.name]), _("Open"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProtectedLabel)
class ProtectedLabelAdmin(ProjectModelAdmin):
    """Protections can be lifted here; they are given under Settings → Protected labels."""

    read = "prompts:protect"
    write = "prompts:protect"
    list_display = ("label", "created_by", "created_at")
    search_fields = ("label",)
    ordering = ("label",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: ProtectedLabel) -> None:
        unprotect(request.project.pk, obj.label, Author(user=request.user))  # type: ignore[attr-defined,arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProtectedLabel]) -> None:
        for protected in queryset:
            self.delete_model(request, protected)
