"""`/api/public/openapi.yml`: what the public API offers, told to programs; people read `promptlab.api_reference`."""

from functools import cache
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe


def _etag(_request: HttpRequest) -> str:
    return _made()[1]


@require_safe
@condition(etag_func=_etag)
def openapi(_request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, without a key; clients that have it already get 304."""
    return HttpResponse(_made()[0], content_type="application/yaml")


@cache
def _made() -> tuple[bytes, str]:
    # Imported when first asked for: the tables are of no use to any other request.
    from promptlab.api_operations import openapi_yaml

    text = openapi_yaml()
    return text, f'"{sha256(text).hexdigest()[:32]}"'
