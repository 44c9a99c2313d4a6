"""The door of the public API: what every view of it has in common."""

from typing import Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

NEEDS = {
    "project": "This route needs a project's API key, not an organization's.",
    "organization": "This route needs an organization's API key, not a project's.",
}


class ScopePermission(BasePermission):
    """The key must be of the kind the view names in `scope`: "project", "organization", "scores" or "any".

    "scores" accepts a project's key pair and its public key alone.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = getattr(view, "scope", "project")
        kind = request.auth.kind  # type: ignore[union-attr]
        if needed in (kind, "any") or (needed == "scores" and kind == "project"):
            return True
        if kind == "scores":
            raise exceptions.PermissionDenied("Access denied: the public key alone may only write scores. Use Basic authentication.")
        raise exceptions.PermissionDenied(NEEDS[needed if needed in NEEDS else "project"])


class PublicView(APIView):
    """Base of all public API views; a subclass says which kind of key it needs.

    Inside a view `self.project_id` names the tenant; verbs take it, never the request.
    """

    scope = "project"

    @property
    def project_id(self) -> str:
        return self.request.auth.project_id  # type: ignore[union-attr]

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        raise exceptions.MethodNotAllowed(request.method or "")
