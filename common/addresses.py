"""Path parts that clients name themselves."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AnyText(StringConverter):
    """An id of the client's own: it may hold slashes and line breaks, which `path` refuses; NUL is in no id."""

    regex = r"[^\x00]+"


register_converter(AnyText, "any")
