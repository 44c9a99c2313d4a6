"""Which clients send, in which versions, and how much of it is refused.

Counted in the process and written every few seconds: a count per request would make all of them wait for one row.
A killed process loses the counts of these seconds, never an event.
"""

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Max, Sum
from django.utils import timezone

from tracing.models import ClientUse

log = logging.getLogger("promptlab.ingestion")

FLUSH_SECONDS = 3.0
# Names come from clients; who invents a new one for every request is counted under one.
DISTINCT_CLIENTS = 500
KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Client:
    """What a program calls itself; empty when it does not say."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What a version of a client sent through a door in the last days, in events, spans or scores."""

    door: str
    client: str
    client_version: str
    accepted: int
    refused: int
    misunderstood: int
    last_seen: datetime


_Key = tuple[str, date, str, str, str]

_lock = threading.Lock()
_writing = threading.Lock()
_counts: dict[_Key, Counter[str]] = {}
_seen: dict[_Key, datetime] = {}
_timer: threading.Timer | None = None

_ADD = """
INSERT INTO tracing_clientuse
    (project_id, day, door, client, client_version, accepted, refused, misunderstood, last_seen)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE EXISTS (SELECT FROM accounts_project WHERE id = %s)
ON CONFLICT (project_id, day, door, client, client_version) DO UPDATE SET
    accepted = tracing_clientuse.accepted + excluded.accepted,
    refused = tracing_clientuse.refused + excluded.refused,
    misunderstood = tracing_clientuse.misunderstood + excluded.misunderstood,
    last_seen = greatest(tracing_clientuse.last_seen, excluded.last_seen)
"""


def count(
    project_id: str, door: str, client: Client, *, accepted: int = 0, refused: int = 0, misunderstood: int = 0
) -> None:
    """Add to what a client has sent; written within seconds."""
    global _timer
    now = timezone.now()
    with _lock:
        key = (project_id, now.date(), door, client.name, client.version)
        if key not in _counts and len(_counts) >= DISTINCT_CLIENTS:
            key = (project_id, now.date(), door, "…", "")
        counter = _counts.setdefault(key, Counter())
        counter.update(accepted=accepted, refused=refused, misunderstood=misunderstood)
        _seen[key] = now
        if _timer is None:
            _timer = threading.Timer(FLUSH_SECONDS, _flush_and_let_go)
            _timer.daemon = True
            _timer.start()


def flush() -> None:
    """Write what has been counted."""
    global _counts, _seen, _timer
    with _lock:
        counts, seen = _counts, _seen
        _counts, _seen, _timer = {}, {}, None
    if not counts:
        return
    rows = [
        (*key, counter["accepted"], counter["refused"], counter["misunderstood"], seen[key], key[0])
        for key, counter in sorted(counts.items())  # in one order, so that two processes never wait in a circle
    ]
    try:
        with _writing, connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)
    except (DatabaseError, InterfaceError) as error:
        log.warning("The counts of %d clients could not be written: %s", len(rows), error)


def _flush_and_let_go() -> None:
    try:
        flush()
    finally:
        connection.close()


atexit.register(flush)


def uses(project_id: str, days: int) -> Sequence[Use]:
    """What each version of each client sent in the last days, the latest first."""
    since = timezone.now().date() - timedelta(days=days - 1)
    rows = (
        ClientUse.objects.filter(project_id=project_id, day__gte=since)
        .values("door", "client", "client_version")
        .annotate(
            accepted=Sum("accepted"),
            refused=Sum("refused"),
            misunderstood=Sum("misunderstood"),
            last_seen=Max("last_seen"),
        )
        .order_by("-last_seen")[:DISTINCT_CLIENTS]
    )
    return [Use(**row) for row in rows]


def forget_old() -> None:
    """Counts of days long gone."""
    ClientUse.objects.filter(day__lt=timezone.now().date() - timedelta(days=KEPT_DAYS)).delete()
