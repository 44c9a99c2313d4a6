"""The key of the whole instance (PROMPTLAB_ADMIN_API_KEY): off unless it is set (api.md, section 1).

It manages organizations (`/api/admin/organizations`) as `Authorization: Bearer <key>`. On routes of a project that
allow it, the same header comes with `x-langfuse-admin-api-key`, the key again, and `x-langfuse-project-id`.
"""

import hmac

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import CONFIRM_HOST, ApiKeyAuthentication
from accounts.keys import Scope
from accounts.models import Project
from common.errors import Invalid, NotFound

# How audit log and scopes call whoever holds the key.
NAME = "ADMIN_API_KEY"
REFUSED = f"Invalid admin API key. {CONFIRM_HOST}"


class AdminKeyAuthentication(BaseAuthentication):
    """For routes of the instance: nothing else opens them."""

    def authenticate(self, request: Request) -> tuple[None, Scope]:
        if not settings.ADMIN_API_KEY:
            raise AuthenticationFailed(f"The admin API is off: PROMPTLAB_ADMIN_API_KEY is not set. {CONFIRM_HOST}")
        if not _is_key(_bearer(request)):
            raise AuthenticationFailed(REFUSED)
        return None, Scope("instance", "", "", NAME, NAME)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="PromptLab"'


class AdminOrApiKeyAuthentication(ApiKeyAuthentication):
    """For routes of a project that the instance's key opens too."""

    def authenticate(self, request: Request) -> tuple[None, Scope]:
        again = request.META.get("HTTP_X_LANGFUSE_ADMIN_API_KEY", "")
        if not (again and settings.ADMIN_API_KEY):
            return super().authenticate(request)
        if not (_is_key(_bearer(request)) and _is_key(again)):
            raise AuthenticationFailed(REFUSED)
        project = _project(request.META.get("HTTP_X_LANGFUSE_PROJECT_ID", ""))
        return None, Scope("project", project.organization_id, project.pk, NAME, NAME)


def _is_key(text: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), settings.ADMIN_API_KEY.encode())


def _bearer(request: Request) -> str:
    scheme, _, credentials = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def _project(project_id: str) -> Project:
    if not project_id:
        raise Invalid("Name the project in the header x-langfuse-project-id.", "x-langfuse-project-id")
    found = Project.objects.filter(pk=project_id).first() if "\0" not in project_id else None
    if found is None:
        raise NotFound(f"There is no project {project_id}.")
    return found
