"""Refusals of the routes that answer `{code, message, details}` (spec unstablePublicApiError; api.md, section 1).

Verbs raise the refusals of `common.errors`; one that knows more than its sentence carries a `code` and `details`.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response

from common.api.errors import exception_handler
from common.api.views import PublicView
from common.errors import Invalid

# status -> code, where the refusal itself does not say one
CODES: Mapping[int, str] = {
    400: "invalid_request",
    401: "authentication_failed",
    403: "access_denied",
    404: "resource_not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "invalid_request",
    413: "invalid_request",
    422: "unprocessable_content",
    429: "rate_limited",
}


class StructuredView(PublicView):
    """A public API view whose refusals are structured."""

    def handle_exception(self, error: Exception) -> Response:
        """The refusal in the structured shape; what is our fault is raised on, for the server's log."""
        plain = exception_handler(error, {})
        if plain is None:
            return super().handle_exception(error)
        headers = {name: value for name, value in plain.headers.items() if name in ("Retry-After", "WWW-Authenticate")}
        status = self.status(error, plain.status_code)
        return Response(self.told(error, status, plain.data), status=status, headers=headers)

    def status(self, error: Exception, plain: int) -> int:
        """The status: the refusal's own when it has one, else what every route answers."""
        return int(getattr(error, "status", plain))

    def told(self, error: Exception, status: int, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The body: `code`, `message`, and `details` when there are any."""
        body = {"code": self.code(error, status), "message": getattr(error, "message", None) or str(plain["message"])}
        details = dict(getattr(error, "details", None) or {})
        issues = plain.get("error")
        if isinstance(issues, list):
            details["issues"] = [{**one, "path": [_step(step) for step in one["path"]]} for one in issues]
        return {**body, "details": details} if details else body

    def code(self, error: Exception, status: int) -> str:
        """The machine's word for the refusal."""
        said = getattr(error, "code", None)
        if isinstance(said, str):
            return said
        unreadable = isinstance(error, (exceptions.ParseError, exceptions.ValidationError))
        if unreadable or (isinstance(error, Invalid) and error.field):
            return "invalid_query" if self.request.method in ("GET", "HEAD") else "invalid_body"
        return CODES.get(status, "internal_error" if status >= 500 else "invalid_request")


def _step(step: str) -> str | int:
    return int(step) if step.isascii() and step.isdigit() and len(step) < 10 else step
