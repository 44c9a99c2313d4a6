"""The manners of every ModelAdmin: scoped to the project, obeying the table of roles."""

from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ProjectModelAdmin(ModelAdmin):
    """Shows one project's rows only; `read` and `write` are actions of `accounts.roles.PERMISSIONS`.

    A model without a `project` field of its own names the path to it in `project_path` (e.g. `dataset__project`).
    """

    read: ClassVar[str] = "project:read"
    write: ClassVar[str] = "project:manage"
    project_path: ClassVar[str] = "project"
    exclude = ("project",)
    compressed_fields = True
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(**{self.project_path: request.project})  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if self.project_path == "project" and not change:
            obj.project = request.project  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What can be chosen is this project's, and people are this organization's."""
        related = db_field.remote_field.model
        project = request.project  # type: ignore[attr-defined]
        if related is get_user_model():
            kwargs["queryset"] = related._default_manager.filter(memberships__organization=project.organization)
        elif any(field.name == "project" for field in related._meta.get_fields()):
            kwargs["queryset"] = related._default_manager.filter(project=project)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "POST" and not self._may(request, self.write):
            raise PermissionDenied(f"Your role does not allow this ({self.write}).")
        return super().changelist_view(request, extra_context)

    def _may(self, request: HttpRequest, action: str) -> bool:
        member: Any = getattr(request, "member", None)
        return member is not None and member.may(action)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.read)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.read)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.write)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.write)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.write)
