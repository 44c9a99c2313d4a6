"""One page, one view: who may see it, which template, and which part of it htmx gets."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from common.errors import Denied, NotFound

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class PageView(View):
    """What all pages have in common."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A form's address, opened by hand or after signing in anew: a sentence, not the browser's own fault."""
        refused = super().http_method_not_allowed(request, *args, **kwargs)
        if request.method != "GET":
            return refused
        told = {"title": _("Nothing to see here"), "message": _("Only a form leads here. Go back and send it again.")}
        response = render(request, "error.html", {"status": 405, **told}, status=405)
        response.headers["Allow"] = refused.headers["Allow"]
        return response


class Page(PageView):
    """A page of a project inside the shell.

    `permission` guards reading and `write_permission` every other method (None: the page has no writes; a POST is then
    405 as Django does it). A stranger gets 404, a member whose role does not suffice 403, nobody signed in the sign-in
    page; a verb's NotFound and Denied answer the same. `part` names the template partial that htmx requests get.
    """

    template: ClassVar[str] = ""
    part: ClassVar[str | None] = None
    permission: ClassVar[str] = "project:read"
    write_permission: ClassVar[str | None] = None
    # The sidebar's entry that is lit on this page, e.g. "traces".
    section: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.project_id is None:  # type: ignore[attr-defined]
            return self._enter_a_project(request)
        if request.project is None or request.member.role is None:  # type: ignore[attr-defined]
            raise Http404("There is no such project.")
        needed = self.permission if request.method in SAFE else self.write_permission
        if needed is not None and not request.member.may(needed):  # type: ignore[attr-defined]
            raise PermissionDenied(f"Your role does not allow this ({needed}).")
        try:
            return self.instead(request) or super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except Denied as error:
            raise PermissionDenied(error.message) from error

    def instead(self, request: HttpRequest) -> HttpResponse | None:
        """What is answered instead of the page to somebody who may see it, if anything (mostly a redirect)."""
        return None

    @property
    def project_id(self) -> str:
        return self.request.project.pk  # type: ignore[attr-defined,no-any-return]

    def may(self, action: str) -> bool:
        """Whether the person may do `action` here."""
        return self.request.member.may(action)  # type: ignore[attr-defined,no-any-return]

    @property
    def in_part(self) -> bool:
        """Whether htmx asks for a part of the page."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and not htmx.boosted and not htmx.history_restore_request

    def render(self, context: Mapping[str, Any], *, part: str | None = None, status: int = 200) -> HttpResponse:
        """The whole page, or its part for htmx (not for boosted links or history restores, which want the whole)."""
        part = part or self.part
        name = self.template
        if part and self.in_part:
            name = f"{name}#{part}"
        response = render(self.request, name, {"section": self.section, **context}, status=status)
        # Whole page and part share an address; caches must not mix them up.
        response.headers["Vary"] = "HX-Request"
        return response

    def _enter_a_project(self, request: HttpRequest) -> HttpResponseBase:
        """An address without a project (`/traces`): the same page of the project the person was in last."""
        last = request.user.last_project_id  # type: ignore[union-attr]
        if last is None:
            return redirect("/projects")
        return redirect(f"/project/{last}{request.get_full_path()}")
