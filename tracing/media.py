"""Media: a client promises a content, sends its bytes, says that it has (api.md, section 5; wire notes, section 7).

The same bytes are kept once in a project, and sent once: who promises what is there already need not send it. Whoever
refers to a content is noted (`MediaUse`); when nobody does any more, it goes (`tracing.media_cleaning`).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.errors import Invalid, NotFound
from tracing.media_files import Address, Content, files
from tracing.media_files.types import file_name, is_type
from tracing.models.media import Media, MediaUse

MAX_ID = 800
MAX_ERROR = 2000
TRACE_FIELDS = ("input", "output", "metadata")
ITEM_FIELDS = ("input", "expectedOutput", "metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Who refers to a content: a field of a trace (or of one of its observations), or of a dataset item."""

    field: str
    trace_id: str = ""
    observation_id: str = ""
    dataset_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What will be sent: its type, its length in bytes, its SHA-256 in base64, and where it belongs."""

    content_type: str
    content_length: int
    sha256: str
    place: Place


def promise(project_id: str, given: Promise) -> Media:
    """Note the content and its place; `uploaded_at` of the answer says whether its bytes are there. Raises Invalid."""
    media_id = _check(given)
    fresh = Media(
        project_id=project_id,
        media_id=media_id,
        sha256=given.sha256,
        content_type=given.content_type,
        content_length=given.content_length,
    )
    with transaction.atomic():
        Media.objects.bulk_create([fresh], ignore_conflicts=True)
        # Locked, so that a content whose last use just ends is either gone before or stays.
        media = Media.objects.select_for_update().get(project_id=project_id, media_id=media_id)
        if media.uploaded_at is None:
            media.content_length = given.content_length
        media.content_type = given.content_type
        media.save(update_fields=["content_type", "content_length", "updated_at"])
        note_uses([(media.pk, given.place)])
    return media


def upload_address(media: Media, origin: str) -> str | None:
    """Where to send the bytes; None when they are there."""
    return None if media.uploaded_at else files().upload_address(content_of(media), origin)


def download_address(media: Media, origin: str) -> Address:
    """Where to fetch the bytes, for an hour, without any other key."""
    return files().download_address(content_of(media), origin)


def arrived(key: str) -> bool:
    """Note that the bytes have come; False when nobody waits for them any more."""
    changes = {"uploaded_at": timezone.now(), "upload_status": 200, "upload_error": None}
    return bool(Media.objects.filter(pk=key).update(**changes))


def report(project_id: str, media_id: str, status: int, error: str | None) -> None:
    """What a client tells of its upload. Raises NotFound, and Invalid when it claims what is not there.

    A failure does not undo what another client has sent in the meantime.
    """
    media = _own(project_id, media_id)
    if media.uploaded_at is not None:
        return
    if 200 <= status < 300:
        if not files().holds(content_of(media)):
            raise Invalid("The bytes have not arrived. Send them to uploadUrl first.", "uploadHttpStatus")
        arrived(media.pk)
        return
    told = (error or "").replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:MAX_ERROR]
    Media.objects.filter(pk=media.pk, uploaded_at=None).update(upload_status=status, upload_error=told)


def uploaded(project_id: str, media_id: str) -> Media:
    """The content whose bytes are there. Raises NotFound, saying why."""
    media = _own(project_id, media_id)
    if media.uploaded_at is None:
        if media.upload_status is not None:
            raise NotFound(f"Media upload failed with status {media.upload_status}: {media.upload_error}")
        raise NotFound("Media not yet uploaded")
    return media


def known(project_id: str, media_ids: Iterable[str]) -> dict[str, Media]:
    """Those of the contents whose bytes are there, by media id: one read."""
    asked = set(media_ids)
    if not asked:
        return {}
    rows = Media.objects.filter(project_id=project_id, media_id__in=asked, uploaded_at__isnull=False)
    return {media.media_id: media for media in rows}


def note_mentions(project_id: str, mentions: Sequence[tuple[str, Place]]) -> None:
    """Note that texts mention contents by their media ids; ids that the project does not know are left out."""
    if not mentions:
        return
    asked = {media_id for media_id, _ in mentions}
    with transaction.atomic():
        locked = Media.objects.select_for_update(no_key=True).filter(project_id=project_id, media_id__in=asked)
        keys = dict(locked.order_by("pk").values_list("media_id", "pk"))
        note_uses([(keys[media_id], place) for media_id, place in mentions if media_id in keys])


def note_uses(uses: Sequence[tuple[str, Place]]) -> None:
    """Note uses of rows; saying it twice is saying it once."""
    rows = [
        MediaUse(
            pk=_digest(key, place),
            media_id=key,
            trace_id=place.trace_id,
            observation_id=place.observation_id,
            dataset_id=place.dataset_id,
            item_id=place.item_id,
            field=place.field,
        )
        for key, place in uses
    ]
    MediaUse.objects.bulk_create(rows, ignore_conflicts=True)


def content_of(media: Media) -> Content:
    """The file behind a row."""
    return Content(
        key=media.pk,
        content_type=media.content_type,
        content_length=media.content_length,
        sha256=media.sha256,
        file_name=file_name(media.media_id, media.content_type),
    )


def _own(project_id: str, media_id: str) -> Media:
    media = Media.objects.filter(project_id=project_id, media_id=media_id).first() if "\0" not in media_id else None
    if media is None:
        raise NotFound("Media asset not found")
    return media


def _check(given: Promise) -> str:
    """The media id: the first 22 characters of the URL-safe base64 of the hash, as clients compute it themselves."""
    if not is_type(given.content_type):
        raise Invalid("contentType must be a content type without parameters, such as image/png.", "contentType")
    if not 0 <= given.content_length <= settings.MEDIA_LIMIT:
        raise Invalid(f"contentLength must be between 0 and {settings.MEDIA_LIMIT} bytes.", "contentLength")
    try:
        digest = base64.b64decode(given.sha256, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.sha256().digest_size or len(given.sha256) != 44:
        raise Invalid("sha256Hash must be the SHA-256 of the content in base64 (44 characters).", "sha256Hash")
    _check_place(given.place)
    return base64.urlsafe_b64encode(digest).decode()[:22]


def _check_place(place: Place) -> None:
    if bool(place.trace_id) == bool(place.dataset_id):
        raise Invalid("Give either traceId, or datasetId with datasetItemId.", "traceId")
    if place.observation_id and not place.trace_id:
        raise Invalid("observationId needs traceId.", "observationId")
    if bool(place.dataset_id) != bool(place.item_id):
        raise Invalid("datasetId and datasetItemId must be given together.", "datasetItemId")
    allowed = TRACE_FIELDS if place.trace_id else ITEM_FIELDS
    if place.field not in allowed:
        raise Invalid(f"field must be one of {', '.join(allowed)}.", "field")
    ids = {
        "traceId": place.trace_id,
        "observationId": place.observation_id,
        "datasetId": place.dataset_id,
        "datasetItemId": place.item_id,
    }
    for name, value in ids.items():
        if len(value) > MAX_ID or "\0" in value:
            raise Invalid(f"{name} must have at most {MAX_ID} characters and no NUL.", name)


def _digest(key: str, place: Place) -> str:
    parts = (key, place.trace_id, place.observation_id, place.dataset_id, place.item_id, place.field)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
