"""What a refused or failed request looks like: a page for people, the API's shape for programs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.api.errors import error_body
from common.api.rendering import json_response


def _answer(request: HttpRequest, status: int, name: str, title: str, message: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return json_response(error_body(message, name), status=status)
    return render(request, "error.html", {"status": status, "title": title, "message": message}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django passes it by name)
    return _answer(request, 400, "InvalidRequestError", _("Bad request"), _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = str(exception) or _("Your role does not allow this.")
    return _answer(request, 403, "ForbiddenError", _("Not allowed"), message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django passes it by name)
    return _answer(
        request,
        404,
        "LangfuseNotFoundError",
        _("Not found"),
        _("There is nothing at this address, or it is not yours to see."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(
        request,
        500,
        "InternalServerError",
        _("Something broke"),
        _("This is our fault. The details are in the server's log."),
    )
