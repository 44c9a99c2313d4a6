"""A picture, sound or file that a text on a page refers to."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from common.pages import Page
from tracing import media
from tracing.api.origins import origin
from tracing.media_files import files
from tracing.media_files.local import LocalFiles
from tracing.media_files.serving import serve


class MediaFile(Page):
    """`/media/<id>`: pages may name it without asking whether it is there, so that references cost them no query."""

    def get(self, request: HttpRequest, media_id: str) -> HttpResponseBase:
        content = media.content_of(found := media.uploaded(self.project_id, media_id))
        place = files()
        if isinstance(place, LocalFiles):
            return serve(content, place.path(content.key), request)
        response = redirect(media.download_address(found, origin(request)).url)
        response.headers["Cache-Control"] = "private, max-age=300"
        return response
