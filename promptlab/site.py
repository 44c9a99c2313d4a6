"""The admin inside a project: entered by membership, not by `is_staff`."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from common.admin import ProjectModelAdmin


class PromptLabAdminSite(UnfoldAdminSite):
    """Stands under `/project/<id>/admin/`; what a member may do in it is each ModelAdmin's business.

    Only admins that scope themselves to the project are taken in: what libraries register (groups, e-mail addresses,
    social tokens) belongs to no project and would show one tenant's people to another's administrator.
    """

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        if isinstance(admin_class, type) and issubclass(admin_class, ProjectModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: type[Model] | Iterable[type[Model]]) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        super().unregister([model for model in models if self.is_registered(model)])

    def has_permission(self, request: HttpRequest) -> bool:
        member: Any = getattr(request, "member", None)
        return bool(request.user.is_active and member is not None and member.role is not None)
