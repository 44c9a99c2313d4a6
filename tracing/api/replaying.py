"""Replay: the door takes a rejected event once more, as it was or as a person has mended it."""

from collections.abc import Callable

import msgspec
from rest_framework.exceptions import APIException

from accounts.audit import record
from accounts.models import User
from common.errors import DomainError, Invalid
from tracing import rejected
from tracing.api import ingestion, otlp, scores
from tracing.models import RejectedEvent


def replay(event: RejectedEvent, by: User, body: bytes | None = None) -> None:
    """Send it through its door again and mark it as replayed; `body` replaces what the client sent.

    What was stored then is stored again, which changes nothing. Raises Invalid when any of it is refused again.
    """
    if body is None and not event.whole:
        raise Invalid("Only the beginning of this body is kept, so it cannot be replayed. Send it again.")
    sent = bytes(event.body) if body is None else body
    try:
        _DOORS[event.door](event.project_id, sent, event.content_type)
    except APIException as error:
        raise Invalid(str(error.detail)) from error
    except DomainError as error:
        raise Invalid(error.message, error.field) from error
    rejected.mark_replayed(event, by)
    record(
        action="replay",
        subject_type="rejected_event",
        subject_id=event.pk,
        project=event.project_id,
        user=by,
        after={"door": event.door, "event": event.event_id, "mended": body is not None},
    )


def _ingestion(project_id: str, body: bytes, _: str) -> None:
    """A single event, or a whole batch when its envelope was refused."""
    if not _is_envelope(body):
        body = b'{"batch":[' + body + b"]}"
    for outcome in ingestion.accept(project_id, ingestion.read_envelope(body)):
        if outcome.status != 201:
            raise Invalid(outcome.message)


def _is_envelope(body: bytes) -> bool:
    try:
        return "batch" in msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True  # broken: the door says how


def _otel(project_id: str, body: bytes, content_type: str) -> None:
    export, _ = otlp.accept(project_id, body, otlp.encoding(content_type))
    if export.refused:
        raise Invalid(export.message)


def _scores(project_id: str, body: bytes, _: str) -> None:
    for answer in scores.accept(project_id, scores.read_list(body)):
        if isinstance(answer, Invalid):
            raise answer


_DOORS: dict[str, Callable[[str, bytes, str], None]] = {"ingestion": _ingestion, "otel": _otel, "scores": _scores}
