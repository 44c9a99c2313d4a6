"""Which project, who, in which language: what every page needs to know before it starts."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from accounts.memberships import Member, role_in
from accounts.models import Project

GetResponse = Callable[[HttpRequest], HttpResponseBase]
PREFIX = "/project/"


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
        if request.path_info.startswith(PREFIX):
            project_id, _, rest = request.path_info[len(PREFIX) :].partition("/")
            if project_id and "\0" not in project_id:
                script = f"{request.META.get('SCRIPT_NAME', '')}{PREFIX}{project_id}"
                request.META["SCRIPT_NAME"] = script
                request.path_info = request.META["PATH_INFO"] = f"/{rest}"
                set_script_prefix(script)
                request.project_id = project_id  # type: ignore[attr-defined]
                request.project = (  # type: ignore[attr-defined]
                    Project.objects.select_related("organization").filter(pk=project_id).first()
                )
        return self.get_response(request)


class MemberMiddleware:
    """Leave `request.member`: the signed-in person's role in `request.project`, read when first asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        project = request.project  # type: ignore[attr-defined]
        request.member = (  # type: ignore[attr-defined]
            SimpleLazyObject(lambda: Member(request.user, project, role_in(request.user, project))) if project else None
        )
        return self.get_response(request)


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
