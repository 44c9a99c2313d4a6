"""Which kind of key opens a route."""

from typing import Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

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
            raise exceptions.PermissionDenied(
                "Access denied: the public key alone may only write scores. Use Basic authentication."
            )
        raise exceptions.PermissionDenied(NEEDS[needed if needed in NEEDS else "project"])
