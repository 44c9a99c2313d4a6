"""This server as a client knows it: the beginning of addresses that an answer carries."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def origin(request: HttpRequest | Request) -> str:
    """`https://host`, without a slash.

    PROMPTLAB_URL where that is the host which was called (a proxy may have taken off the HTTPS), else the host as it
    was called: a client inside a network or on this machine need not reach the public one.
    """
    called = request.get_host()
    if called == urlsplit(settings.PUBLIC_URL).netloc:
        return str(settings.PUBLIC_URL)
    return f"{request.scheme}://{called}"
