"""Bodies of batches: bounded, gzipped or not, with a length or in chunks, and few large ones at a time."""

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from common.api.parsing import TooLarge, read_body
from common.errors import Overloaded

CHUNK = 256 * 1024
MEGABYTE = 1024 * 1024


# A batch takes many times its size while it is translated and written; SDKs send some hundred kilobytes.
LARGE = 4 * MEGABYTE
LARGE_PACKED = LARGE // 8
PATIENCE_SECONDS = 5
_turns = threading.BoundedSemaphore(2)


@contextmanager
def batch_of(request: Request) -> Iterator[bytes]:
    """Lend the body of a request, unpacked, while its batch is stored.

    Raises TooLarge (413), ParseError (400), or Overloaded when other large batches keep the server busy.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise ParseError(f"Content-Encoding '{encoding[:50]}' is not supported. Send gzip or no encoding.")
    packed = encoding not in ("", "identity")
    body = _read(request)
    if len(body) <= (LARGE_PACKED if packed else LARGE):
        yield unpack(body, settings.API_INFLATED_LIMIT) if packed else body
        return
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise Overloaded("Other large batches are being stored. Send this one again.")
    try:
        yield unpack(body, settings.API_INFLATED_LIMIT) if packed else body
    finally:
        _turns.release()


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
