"""Sessions: the list, and one read as a conversation."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from common.pages import Page
from tracing.filters import Filter
from tracing.records import Session
from tracing.store import store
from tracing.store.base import Cursor, SessionQuery, TraceQuery
from tracing.store.base import Page as StorePage
from tracing.views.filtering import SESSION_FILTERS, Filtering
from tracing.views.lists import ListPage, read_window
from tracing.views.scores_of_traces import scores_by_trace

TURNS = 50


class Sessions(ListPage):
    """Conversations, newest first."""

    template = "tracing/sessions.html"
    table = "sessions"
    section = "sessions"
    filters = SESSION_FILTERS
    time_column = "createdAt"
    orders = ("createdAt", "totalCost", "traceCount")
    default_order = "createdAt.desc"
    columns = (
        ("createdAt", _("Begun")),
        ("input", _("First said")),
        ("output", _("Last answer")),
        ("traceCount", _("Turns")),
        ("last", _("Last turn")),
        ("users", _("Users")),
        ("tokens", _("Tokens")),
        ("totalCost", _("Cost")),
        ("errors", _("Errors")),
    )

    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Session]:
        return store().sessions(
            SessionQuery(
                project_id=self.project_id,
                filters=filtering.filters,
                search=filtering.search,
                order=order,
                window=window,
            )
        )

    def may_do(self) -> dict[str, Any]:
        return {"may_queue": self.may("evaluation:write")}


class SessionPage(Page):
    """A conversation read as a conversation: a turn per trace, oldest first."""

    template = "tracing/session.html"
    section = "sessions"

    def get(self, request: HttpRequest, session_id: str) -> HttpResponse:
        found = store().sessions(SessionQuery(project_id=self.project_id, ids=(session_id,))).rows
        if not found:
            raise Http404
        query = TraceQuery(
            project_id=self.project_id,
            filters=(Filter("stringOptions", "sessionId", "any of", (session_id,)),),
            order=("timestamp", "asc"),
            with_bodies=True,
        )
        page, fault = read_window(request, TURNS, lambda window: store().traces(replace(query, window=window)))
        scores = scores_by_trace(self.project_id, [trace.id for trace in page.rows], self.request)
        turns = [{"trace": trace, "scores": scores.get(trace.id, [])} for trace in page.rows]
        told = {"session": found[0], "turns": turns, "page": page, "fault": fault}
        return self.render({**told, "may_queue": self.may("evaluation:write")})
