"""Which project, who, in which language: what every page needs to know before it starts."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.encoding import escape_uri_path
from django.utils.functional import SimpleLazyObject

from accounts.memberships import Member, role_in
from accounts.models import Project, User
from accounts.projects import remember_project
from common.pages import SAFE

GetResponse = Callable[[HttpRequest], HttpResponseBase]
PREFIX = "/project/"
# Pages of a person, not of a project: they stand at one address only, which mails and identity providers know.
PERSONAL = frozenset({"accounts", "account", "projects", "organizations", "invitations", "i18n"})


class ProjectPrefixMiddleware:
    """Move `/project/<id>` from the path into SCRIPT_NAME and leave `request.project`.

    Django's own `reverse` then writes the prefix into every link, admin pages included. This only *finds* the project
    (None when there is none of that id); `common.pages.Page` and the admin site check membership and role.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.project = None  # type: ignore[attr-defined]
        request.project_id = None  # type: ignore[attr-defined]
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        project_id, _, rest = request.path_info[len(PREFIX) :].partition("/")
        if not project_id or "\0" in project_id:
            return self.get_response(request)
        first = rest.partition("/")[0]
        if first in PERSONAL and request.method in SAFE:
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(escape_uri_path(f"/{rest}") + (f"?{query}" if query else ""))
        if first in PERSONAL or first == "api":
            raise Http404("This address does not belong to a project.")
        script = f"{request.META.get('SCRIPT_NAME', '')}{PREFIX}{project_id}"
        request.META["SCRIPT_NAME"] = script
        request.path_info = request.META["PATH_INFO"] = f"/{rest}"
        before = get_script_prefix()
        set_script_prefix(script)
        request.project_id = project_id  # type: ignore[attr-defined]
        request.project = (  # type: ignore[attr-defined]
            Project.objects.select_related("organization").filter(pk=project_id).first()
        )
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(before)


class MemberMiddleware:
    """Leave `request.member`: the signed-in person's role in `request.project`, read when first asked for.

    The project of the last whole page a member saw is remembered, for addresses without a project.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        project = request.project  # type: ignore[attr-defined]
        member: Any = (
            SimpleLazyObject(lambda: Member(request.user, project, role_in(request.user, project))) if project else None
        )
        request.member = member  # type: ignore[attr-defined]
        response = self.get_response(request)
        seen = (
            project and request.method == "GET" and response.status_code == 200 and "HX-Request" not in request.headers
        )
        if seen and isinstance(request.user, User) and member.role is not None:
            remember_project(request.user, project)
        return response


class UserLocaleMiddleware:
    """The language the person chose (cookie), else what the browser asks for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        known = dict(settings.LANGUAGES)
        language = chosen if chosen in known else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Let the browser keep the chosen language for a year."""
    response.set_cookie(  # type: ignore[attr-defined]
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax"
    )


def remember_theme(response: HttpResponseBase, theme: str) -> None:
    """Light, dark or auto; the shell's own toggle writes the same cookie."""
    response.set_cookie("promptlab_theme", theme or "auto", max_age=365 * 24 * 3600, samesite="Lax")  # type: ignore[attr-defined]
