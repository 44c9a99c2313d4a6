"""`/sessions` (api.md, section 5)."""

from collections.abc import Iterator

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from common.errors import NotFound
from tracing.api.params import Params, Table, any_of, before, path_id, since
from tracing.api.serializing import session_detail, session_row
from tracing.filters import Filter
from tracing.records import Trace
from tracing.store import store
from tracing.store.base import Cursor, Numbered, SessionQuery, TraceQuery

FILTERS: Table = {
    "environment": (any_of, "environment"),
    "fromTimestamp": (since, "createdAt"),
    "toTimestamp": (before, "createdAt"),
}
TRACES_AT_ONCE = 1000


class SessionsView(PublicView):
    """`GET /sessions`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        filters = Params(request.query_params).filters(FILTERS)
        query = SessionQuery(project_id=self.project_id, filters=filters, window=Numbered(page, limit))
        found = store().sessions(query)
        return Response(envelope([session_row(session) for session in found.rows], page, limit, found.total or 0))


class SessionView(PublicView):
    """`GET /sessions/{id}`: all of its traces, however many."""

    def get(self, request: Request, session_id: str) -> Response:
        ids = (path_id(session_id, "Session"),)
        found = store().sessions(SessionQuery(project_id=self.project_id, ids=ids, window=Cursor(limit=1))).rows
        if not found:
            raise NotFound("Session not found within authorized project")
        return Response(session_detail(found[0], _traces(self.project_id, session_id)))


def _traces(project_id: str, session_id: str) -> Iterator[Trace]:
    after: str | None = ""
    while after is not None:
        page = store().traces(
            TraceQuery(
                project_id=project_id,
                filters=(Filter("string", "sessionId", "=", session_id),),
                order=("timestamp", "asc"),
                window=Cursor(after, TRACES_AT_ONCE),
                with_bodies=True,
            )
        )
        yield from page.rows
        after = page.next_cursor
