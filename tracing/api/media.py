"""`/media`: addresses for sending and fetching bytes (api.md, section 5)."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.views import PublicView
from common.errors import Invalid
from tracing import media
from tracing.api.origins import origin
from tracing.models.media import Media


class PromiseBody(WireStruct, frozen=True):
    content_type: str
    content_length: int
    sha256_hash: str
    field: str
    trace_id: str | None = None
    observation_id: str | None = None
    dataset_id: str | None = None
    dataset_item_id: str | None = None


class ReportBody(WireStruct, frozen=True):
    uploaded_at: datetime
    upload_http_status: int
    upload_http_error: str | None = None
    upload_time_ms: float | None = None


class MediaListView(PublicView):
    """`POST /media`."""

    def post(self, request: Request) -> Response:
        body = convert(request.data, PromiseBody)
        place = media.Place(
            field=body.field,
            trace_id=body.trace_id or "",
            observation_id=body.observation_id or "",
            dataset_id=body.dataset_id or "",
            item_id=body.dataset_item_id or "",
        )
        promise = media.Promise(
            content_type=body.content_type,
            content_length=body.content_length,
            sha256=body.sha256_hash,
            place=place,
        )
        promised = media.promise(self.project_id, promise)
        address = media.upload_address(promised, origin(request))
        return Response({"mediaId": promised.media_id, "uploadUrl": address}, status=201)


class MediaView(PublicView):
    """`GET, PATCH /media/{id}`."""

    def get(self, request: Request, media_id: str) -> Response:
        found = media.uploaded(self.project_id, media_id)
        return Response(shown(found, origin(request)) | {"uploadedAt": found.uploaded_at})

    def patch(self, request: Request, media_id: str) -> Response:
        body = convert(request.data, ReportBody)
        if not 0 <= body.upload_http_status <= 999:
            raise Invalid("uploadHttpStatus must be a status code of HTTP.", "uploadHttpStatus")
        media.report(self.project_id, media_id, body.upload_http_status, body.upload_http_error)
        return Response({"message": "OK"})


def shown(found: Media, base: str) -> dict[str, Any]:
    """A content on the wire, with an address that needs no key."""
    address = media.download_address(found, base)
    return {
        "mediaId": found.media_id,
        "contentType": found.content_type,
        "contentLength": found.content_length,
        "url": address.url,
        "urlExpiry": address.expires_at,
    }
