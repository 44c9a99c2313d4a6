"""One Django, two middleware chains.

Requests of the public API carry their own key: they need no session, no language, no form token. Choosing the
chain by address keeps that knowledge in one place instead of an `if` in every middleware.
"""

import contextlib
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse

API_PREFIX = "/api/"
REFUSED_BODY_LIMIT = 128 * 1024 * 1024


class _ApiHandler(BaseHandler):
    """Only builds the short chain; the outer handler calls it."""

    def load_middleware(self, is_async: bool = False) -> None:
        full = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.API_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = full


class PromptLabHandler(WSGIHandler):
    """Django's WSGI handler, which sends `/api/…` through the short chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        self._api = _ApiHandler()
        self._api.load_middleware(is_async)

    def get_response(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(API_PREFIX):
            return super().get_response(request)
        # Older clients end some addresses with a slash (wire notes, section 0.9); redirecting would lose a POST's body.
        request.path_info = request.path_info.rstrip("/")
        response = self._api.get_response(request)
        if response.status_code >= 400:
            _read_the_rest(request)
        if isinstance(response, HttpResponse):
            # Else the server would send it in chunks.
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


def _read_the_rest(request: HttpRequest) -> None:
    """Read what a refused request still sends, up to a bound: else the connection breaks under a client that is not
    through with its body, and it sees a fault of the network, which it repeats, instead of our answer."""
    left = REFUSED_BODY_LIMIT
    with contextlib.suppress(OSError):  # the client has gone
        while left > 0 and (chunk := request.read(65536)):
            left -= len(chunk)
