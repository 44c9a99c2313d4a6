"""The admin inside a project: entered by membership, not by `is_staff`."""

from typing import Any

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class PromptLabAdminSite(UnfoldAdminSite):
    """Stands under `/project/<id>/admin/`; what a member may do in it is each ModelAdmin's business."""

    def has_permission(self, request: HttpRequest) -> bool:
        member: Any = getattr(request, "member", None)
        return bool(request.user.is_active and member is not None and member.role is not None)
