"""`/api/media/<ticket>`: where bytes on the local disk come and go. The signed ticket is the only key (wire notes,
section 7: uploads carry no Authorization, and fetching needs none)."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from common.api.errors import error_body
from common.api.rendering import json_response
from common.errors import Invalid
from tracing import media
from tracing.media_files import files
from tracing.media_files.base import Content
from tracing.media_files.local import DOWNLOAD, UPLOAD, LocalFiles, read_ticket
from tracing.media_files.serving import CHUNK, serve

EXPIRED = "This address is wrong or no longer valid. Ask for a new one."


@csrf_exempt
def door(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """`PUT` sends the promised bytes, `GET` fetches them."""
    place = files()
    if not isinstance(place, LocalFiles) or request.method not in ("GET", "HEAD", "PUT"):
        return _refused(f"Method {request.method} is not allowed.", 405)
    content = read_ticket(ticket, UPLOAD if request.method == "PUT" else DOWNLOAD)
    if content is None:
        return _refused(EXPIRED, 403)
    if request.method == "PUT":
        return _receive(place, content, request)
    try:
        return serve(content, place.path(content.key), request)
    except Http404 as error:
        return _refused(str(error), 404)


def _receive(place: LocalFiles, content: Content, request: HttpRequest) -> HttpResponse:
    sent_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    checksum = request.headers.get("x-amz-checksum-sha256", content.sha256)
    length = request.headers.get("Content-Length", "")
    if sent_type != content.content_type:
        return _refused(f"Content-Type must be {content.content_type}, as promised.", 400)
    if checksum != content.sha256:
        return _refused("x-amz-checksum-sha256 is not the promised SHA-256.", 400)
    if length and length != str(content.content_length):
        return _refused(f"Content-Length must be {content.content_length}, as promised.", 400)
    try:
        place.receive(content, _chunks(request))
    except Invalid as error:
        return _refused(error.message, 400)
    if not media.arrived(content.key):
        place.delete([content.key])
        return _refused(EXPIRED, 404)
    return HttpResponse(status=200)


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes: it may be larger than memory."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    # Django reads as much as Content-Length says, which a body in chunks has not.
    stream = request.META["wsgi.input"] if chunked else request
    while chunk := stream.read(CHUNK):
        yield chunk


def _refused(message: str, status: int) -> HttpResponse:
    return json_response(error_body(message, "InvalidRequestError"), status=status)


urlpatterns = [path("<str:ticket>", door)]
