"""Bodies of batches: bounded, gzipped or not, with a length or in chunks."""

import zlib

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from common.api.parsing import TooLarge, read_body

CHUNK = 256 * 1024
MEGABYTE = 1024 * 1024


def read_batch(request: Request) -> bytes:
    """The body of a request, unpacked. Raises TooLarge (413) or ParseError (400)."""
    body = _read(request)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ParseError(f"Content-Encoding '{encoding[:50]}' is not supported. Send gzip or no encoding.")
    return unpack(body, settings.API_INFLATED_LIMIT)


def unpack(body: bytes, limit: int) -> bytes:
    """Inflate gzip or zlib data piece by piece, so that a bomb is noticed while it is small."""
    parts: list[bytes] = []
    size = 0
    while body:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # either header
        try:
            while not inflater.eof:
                part = inflater.decompress(body, CHUNK)
                body = inflater.unconsumed_tail
                size += len(part)
                if size > limit:
                    raise TooLarge(f"The unpacked body is larger than {limit // MEGABYTE} MB. Send smaller batches.")
                parts.append(part)
                if not part and not body and not inflater.eof:
                    raise ParseError("The compressed body ends too early.")
        except zlib.error as error:
            raise ParseError(f"The body is not valid gzip: {error}.") from error
        body = inflater.unused_data  # gzip data may consist of several members
    return b"".join(parts)


def _read(request: Request) -> bytes:
    if "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return read_body(request)
    # Django reads as much as Content-Length says, which a body in chunks has not (exporters of Node that compress).
    limit: int = settings.API_BODY_LIMIT
    body: bytes = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The request body is larger than {limit // MEGABYTE} MB. Send smaller batches.")
    return body
