"""Whether this server lives (`health`) and whether it can do its work (`ready`).

Both are asked by load balancers, containers and continuous integration, without a key, by GET or HEAD. Facts and
parameters: Langfuse's `/api/public/health` and `/api/public/ready`.
"""

from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from psycopg_pool import ConnectionPool

from accounts.models import Project
from common.api.errors import error_body
from common.api.rendering import json_response
from promptlab import VERSION, shutdown
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, TraceQuery

RECENT = timedelta(minutes=3)
# A key's last use is noted up to two minutes late (accounts.keys: once a minute, and remembered for another).
KEY_LATENESS = timedelta(minutes=3)
PATIENCE = 2.0  # seconds for a server to answer; those who ask give up after about five

_valkey = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


@csrf_exempt
def health(request: HttpRequest) -> HttpResponse:
    """200 as long as the web server lives, whatever it needs; the status says what it misses.

    `failIfDatabaseUnavailable=true` makes a missing database or Valkey a 503, `failIfNoRecentEvents=true` makes it one
    that no event of the last three minutes is there.
    """
    missing = what_is_missing()
    if missing:
        return _answer(request, missing, failed=_asks(request, "failIfDatabaseUnavailable", "failIfNoRecentEvents"))
    if _asks(request, "failIfNoRecentEvents") and not has_events_since(timezone.now() - RECENT):
        return _answer(request, "No traces or observations within the last 3 minutes", failed=True)
    return _answer(request, "OK", failed=False)


@csrf_exempt
def ready(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served; 503 while the database or Valkey is missing and once the server is going."""
    trouble = "Shutting down" if shutdown.has_begun() else what_is_missing()
    return _answer(request, trouble or "OK", failed=trouble is not None)


def what_is_missing() -> str | None:
    """What does not answer within `PATIENCE`; None when all do."""
    try:
        _reach_database()
    except DatabaseError:
        return "Database not available"
    try:
        _valkey.ping()
    except redis.RedisError:
        return "Valkey not available"
    return None


def has_events_since(moment: datetime) -> bool:
    """Whether any project has a trace or an observation that young.

    The store answers per project; only projects whose key was used lately can have new events.
    """
    projects = Project.objects.filter(api_keys__last_used_at__gte=moment - KEY_LATENESS).distinct()
    return any(_has_events(project_id, moment) for project_id in projects.values_list("pk", flat=True))


def _has_events(project_id: str, moment: datetime) -> bool:
    window = Cursor(limit=1)
    traces = TraceQuery(project_id=project_id, filters=(Filter("datetime", "timestamp", ">=", moment),), window=window)
    observations = ObservationQuery(
        project_id=project_id, filters=(Filter("datetime", "startTime", ">=", moment),), window=window
    )
    return bool(store().traces(traces).rows or store().observations(observations).rows)


def _reach_database() -> None:
    """By a connection of the pool that requests use, but with less patience. Raises DatabaseError."""
    pool: ConnectionPool = connection.pool  # type: ignore[attr-defined]
    pool.open()
    with connection.wrap_database_errors, pool.connection(timeout=PATIENCE) as opened:
        opened.execute("SELECT 1")


def _asks(request: HttpRequest, *names: str) -> bool:
    return any(request.GET.get(name) == "true" for name in names)


def _answer(request: HttpRequest, status: str, *, failed: bool) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        refusal = error_body("Use GET or HEAD.", "MethodNotAllowedError")
        return json_response(refusal, status=405, headers={"Allow": "GET, HEAD"})
    answer = json_response({"status": status, "version": VERSION}, status=503 if failed else 200)
    # Django would log every 503 as an error of ours, every few seconds for as long as a probe asks.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
