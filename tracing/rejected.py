"""Rejected events: what a door refused is written down with a sample, so that nothing gets lost in silence.

Bounded on every side: bodies by size, a project by number, age and pace. What is beyond the pace is still counted
(`tracing.clients`).
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from accounts.models import User
from tracing.clients import Client
from tracing.models import RejectedEvent

log = logging.getLogger("promptlab.ingestion")

REPLAYABLE_BYTES = 256 * 1024  # a longer body is kept only as a sample
SAMPLE_BYTES = 16 * 1024
REASON_LENGTH = 4000
KEPT_ROWS = 2000  # of a project, the newest
ROWS_A_MINUTE = 100
_SPAN = re.compile(r"span [0-9a-f]+: ")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was refused, or stored with parts missing."""

    reason: str
    body: bytes
    status: int = 400
    kind: Literal["refused", "misunderstood"] = "refused"
    event_type: str = ""
    event_id: str = ""
    content_type: str = "application/json"
    count: int = 1  # how many events or spans it is about


def record(project_id: str, door: str, client: Client, refusals: Sequence[Refusal]) -> None:
    """Write refusals down. A fault in doing so is logged and never becomes the client's."""
    told = [refusal for refusal in refusals if _is_news(project_id, client, refusal)]
    if not told:
        return
    rows = [_row(project_id, door, client, refusal) for refusal in told[: _room(project_id, len(told))]]
    try:
        RejectedEvent.objects.bulk_create(rows)
    except (DatabaseError, InterfaceError) as error:
        log.warning("%d rejected events could not be written down: %s", len(rows), error)


def _is_news(project_id: str, client: Client, refusal: Refusal) -> bool:
    """What a client always sends a little wrong is stored all the same: once an hour is enough to know of it."""
    if refusal.kind == "refused":
        return True
    what = hashlib.sha256(f"{client} {_SPAN.sub('', refusal.reason)}".encode("utf-8", "replace")).hexdigest()
    key = f"misunderstood:{project_id}:{what}"
    # Without a cache nothing is known to have been told.
    return cache.add(key, 1, 3600) or cache.get(key) is None


def _room(project_id: str, wanted: int) -> int:
    """How many of them may be written this minute; all of them while nobody counts."""
    minute = f"rejected:{project_id}:{int(timezone.now().timestamp()) // 60}"
    cache.add(minute, 0, 120)
    try:
        before = cache.incr(minute, wanted) - wanted
    except ValueError:  # the key has just been lost
        return wanted
    return max(ROWS_A_MINUTE - before, 0)


def _row(project_id: str, door: str, client: Client, refusal: Refusal) -> RejectedEvent:
    kept = len(refusal.body) if len(refusal.body) <= REPLAYABLE_BYTES else SAMPLE_BYTES
    return RejectedEvent(
        project_id=project_id,
        door=door,
        kind=refusal.kind,
        status=refusal.status,
        reason=_clean(refusal.reason, REASON_LENGTH),
        event_type=_clean(refusal.event_type, 100),
        event_id=_clean(refusal.event_id, 800),
        client=client.name,
        client_version=client.version,
        content_type=_clean(refusal.content_type, 100),
        body=refusal.body[:kept],
        size=len(refusal.body),
    )


def _clean(text: str, length: int) -> str:
    """What a text column takes: no NUL, no lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:length]


def mark_replayed(event: RejectedEvent, by: User) -> None:
    """It has been accepted now."""
    event.replayed_at, event.replayed_by = timezone.now(), by
    event.save(update_fields=["replayed_at", "replayed_by"])


def forget(project_id: str, ids: Sequence[int]) -> int:
    """Delete some rejected events of a project; returns how many went."""
    return RejectedEvent.objects.filter(project_id=project_id, pk__in=ids).delete()[0]


def forget_old() -> None:
    """What has expired goes, and what is beyond the number that a project may keep."""
    RejectedEvent.objects.filter(created_at__lt=timezone.now() - timedelta(days=settings.REJECTED_DAYS)).delete()
    for project_id in RejectedEvent.objects.values_list("project_id", flat=True).distinct():
        rows = RejectedEvent.objects.filter(project_id=project_id).order_by("-id")
        oldest_kept = rows.values_list("id", flat=True)[KEPT_ROWS - 1 : KEPT_ROWS].first()
        if oldest_kept is not None:
            RejectedEvent.objects.filter(project_id=project_id, id__lt=oldest_kept).delete()
