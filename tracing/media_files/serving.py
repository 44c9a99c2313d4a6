"""A file of the local disk as an answer that cannot harm whoever looks at it."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from tracing.media_files.base import Content
from tracing.media_files.types import disposition

CHUNK = 64 * 1024
# Opened on its own a file is nobody: no scripts, no forms, nothing loaded.
ALONE = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"
# Longer numbers name no byte of any file, and Python refuses to read some of them.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def serve(content: Content, path: Path, request: HttpRequest) -> HttpResponseBase:
    """The whole file, or the one range asked for: players skip by it. Raises Http404 when the file is not there."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Http404("The file is not there.") from error
    asked = _range(request.headers.get("Range", ""), size)
    wanted = range(size) if asked is None else asked
    response: HttpResponseBase
    if asked is not None and not asked:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = StreamingHttpResponse(_read(path, wanted), content_type=content.content_type)
        response.headers["Content-Length"] = str(len(wanted))
    if asked:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{size}"
    safety = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": disposition(content.file_name, content.content_type),
        "Content-Security-Policy": ALONE,
        "Cross-Origin-Resource-Policy": "cross-origin" if "/api/" in request.path else "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in safety.items():
        response.headers[name] = value
    return response


def _range(header: str, size: int) -> range | None:
    """The asked bytes; None for all of them, an empty range for what the file does not have."""
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None  # several ranges, other units: a server may answer with the whole
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(size, int(last or size) + 1))


def _read(path: Path, wanted: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(wanted.start)
        left = len(wanted)
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
