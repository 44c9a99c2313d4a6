"""Addresses of the API that do not exist answer in its own shape, not with an HTML page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from common.api.errors import error_body
from common.api.rendering import json_response


@csrf_exempt
def unknown_route(request: HttpRequest) -> HttpResponse:
    message = f"There is no {request.method} {request.path}."
    return json_response(error_body(message, "LangfuseNotFoundError"), status=404)
