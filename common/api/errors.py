"""Refusals in the public API's own shape (api.md, section 1).

`{"message": …, "error": <class name>}`; a body that breaks its schema answers 400 with `message` "Invalid request data"
and `error` a list of issues `{code, path, message}`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from common.errors import Conflict, Denied, DomainError, Invalid, NotFound, Overloaded

log = logging.getLogger("promptlab.api")

INVALID_DATA = "Invalid request data"

# refusal -> (status, class name on the wire)
WIRE: Mapping[type[Exception], tuple[int, str]] = {
    Invalid: (400, "InvalidRequestError"),
    Denied: (403, "ForbiddenError"),
    NotFound: (404, "LangfuseNotFoundError"),
    Conflict: (409, "LangfuseConflictError"),
    Overloaded: (503, "ServiceUnavailableError"),
    Http404: (404, "LangfuseNotFoundError"),
    PermissionDenied: (403, "ForbiddenError"),
    exceptions.AuthenticationFailed: (401, "UnauthorizedError"),
    exceptions.NotAuthenticated: (401, "UnauthorizedError"),
    exceptions.PermissionDenied: (403, "ForbiddenError"),
    exceptions.NotFound: (404, "LangfuseNotFoundError"),
    exceptions.MethodNotAllowed: (405, "MethodNotAllowedError"),
    exceptions.ParseError: (400, "InvalidRequestError"),
    exceptions.UnsupportedMediaType: (400, "InvalidRequestError"),
}


def error_body(message: str, name: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"message": message, "error": name}


def issues_body(issues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a 400 that lists what is wrong with the data."""
    return {"message": INVALID_DATA, "error": list(issues)}


def issue(field: str, message: str, code: str = "invalid") -> dict[str, Any]:
    """One thing wrong with the data; `field` is a dotted path."""
    return {
        "code": code,
        "path": field.replace("[", ".").replace("]", "").split(".") if field else [],
        "message": message,
    }


def exception_handler(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """DRF's hook: every refusal in the API's shape; None (a 500, logged with its traceback) for what is our fault."""
    headers = {}
    if isinstance(error, exceptions.ValidationError):
        return Response(issues_body(list(_issues(error.detail))), status=400)
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("The database cannot be reached: %s", error)
        error = Overloaded("The database cannot be reached at the moment. Try again.")
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Invalid) and error.field:
        return Response(issues_body([issue(error.field, error.message)]), status=400)
    for kind, (status, name) in WIRE.items():
        if isinstance(error, kind):
            if status == 401:
                headers["WWW-Authenticate"] = 'Basic realm="PromptLab"'
            return Response(error_body(_message(error), name), status=status, headers=headers)
    if isinstance(error, exceptions.APIException):
        return Response(error_body(_message(error), error.default_code), status=error.status_code, headers=headers)
    return None


def _message(error: Exception) -> str:
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, exceptions.APIException):
        return str(error.detail)
    return str(error) or type(error).__name__


def _issues(detail: Any, path: str = "") -> Iterator[dict[str, Any]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _issues(inner, here)
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list))
            yield from _issues(inner, f"{path}.{position}" if nested and path else path)
    else:
        yield issue(path, str(detail), getattr(detail, "code", "invalid"))
