"""The admin inside a project: entered by membership, not by `is_staff`."""

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.sites import UnfoldAdminSite

from common.admin import ProjectModelAdmin


class PromptLabAdminSite(UnfoldAdminSite):
    """Stands under `/project/<id>/admin/`; what a member may do in it is each ModelAdmin's business.

    Only models of projects are shown: those that other packages bring (groups, e-mail addresses, second factors) know
    nothing of tenants, so they are not registered.
    """

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        if admin_class is not None and issubclass(admin_class, ProjectModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        member: Any = getattr(request, "member", None)
        return bool(request.user.is_active and member is not None and member.role is not None)

    # There is one way in, with its throttle and its second factor, and one place for passwords: allauth's pages.

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise Http404("There is no such project.")
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, "/"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("/accounts/logout/")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("/accounts/password/change/")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("/accounts/password/change/")
