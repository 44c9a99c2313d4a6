"""Bodies of requests, read once and bounded."""

from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

# Deeper values would exhaust the stack of some reader later on; real ones stay below 50.
MAX_DEPTH = 100


class TooLarge(APIException):
    status_code = 413
    default_code = "PayloadTooLargeError"


class JsonParser(BaseParser):
    """JSON whatever the content type says (old SDKs are careless with it)."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return decode_json(read_body(stream))


def read_body(request: Any) -> bytes:
    """The whole body of a request, refused (413) above the limit."""
    try:
        body: bytes = request.body
    except RequestDataTooBig:
        limit = settings.API_BODY_LIMIT // (1024 * 1024)
        raise TooLarge(f"The request body is larger than {limit} MB. Send smaller batches.") from None
    return body


def decode_json(body: bytes) -> Any:
    """One JSON value; raises ParseError (400) with the position of the fault."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"The request body is not valid JSON: {error}.") from error
    if _deeper_than(value, MAX_DEPTH):
        raise ParseError(f"The request body is nested deeper than {MAX_DEPTH} levels.")
    return value


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
