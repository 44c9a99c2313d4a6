"""The admin inside a project: entered by membership, not by `is_staff`."""

from functools import wraps
from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext_noop
from unfold.sites import UnfoldAdminSite

from common.admin import ProjectModelAdmin
from common.pages import SAFE

# Texts of the admin that django-unfold's own Russian catalogue lacks; ours translates them.
TEXTS_OF_UNFOLD = (gettext_noop("Type to search"), gettext_noop("Select all rows"), gettext_noop("Select record"))
# Names of the admin's addresses that only show something.
ONLY_SHOW = frozenset({"index", "app_list", "search", "jsi18n", "autocomplete", "view_on_site"})


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

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A signed-in stranger finds nothing here; a signed-out person is asked to sign in.

        Django's admin views take any method; what only shows something answers others with 405.
        """
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise Http404("There is no such project.")
            name = request.resolver_match.url_name if request.resolver_match else None
            only_shows = name is None or name in ONLY_SHOW or name.endswith("_history")
            if request.method not in SAFE and (request.method != "POST" or only_shows):
                return HttpResponseNotAllowed(["GET"] if only_shows else ["GET", "POST"])
            return inner(request, *args, **kwargs)

        return guarded

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
