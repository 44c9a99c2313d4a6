"""Path parts that clients name themselves."""

from collections.abc import Callable
from urllib.parse import quote

from django.urls import register_converter, reverse
from django.urls.converters import StringConverter


class AnyText(StringConverter):
    """An id of the client's own: it may hold slashes and line breaks, which `path` refuses; NUL is in no id."""

    regex = r"[^\x00]+"


register_converter(AnyText, "any")

_UNQUOTED = "!$&'()*+,;=/~:@"  # what `reverse` leaves as it is: RFC 3986, sub-delims and "/~:@"


def addresses(view: str) -> Callable[[str], str]:
    """`reverse` for many ids of one view whose route takes an id alone: the route is looked up once."""
    before, after = reverse(view, args=("*",)).rsplit("*", 1)
    return lambda id: f"{before}{quote(id, safe=_UNQUOTED)}{after}"
