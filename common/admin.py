"""The manners of every ModelAdmin: scoped to the project, obeying the table of roles."""

from typing import Any, ClassVar

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
        return super().get_queryset(request).filter(**{self.project_path: request.project})  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if self.project_path == "project" and not change:
            obj.project = request.project  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

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
