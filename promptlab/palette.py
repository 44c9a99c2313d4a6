"""The command palette: pages, prompts, datasets and traces by name or id, as one types."""

from django.http import HttpRequest, HttpResponse

from common.pages import Page
from promptlab.shell import SIDEBAR
from tracing.store import store
from tracing.store.base import Cursor, TraceQuery

LIMIT = 6


class Palette(Page):
    """A list of links for `?q=`."""

    template = "components/palette.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.get("q", "").replace("\0", "").strip()
        pages = [entry for _title, entries in SIDEBAR for entry in entries if query.lower() in str(entry.label).lower()]
        return self.render({"pages": pages, "traces": self.traces(query), "query": query})

    def traces(self, query: str) -> list[object]:
        if len(query) < 3:
            return []
        by_id = store().traces(TraceQuery(project_id=self.project_id, ids=(query,))).rows
        found = store().traces(TraceQuery(project_id=self.project_id, search=query, window=Cursor(limit=LIMIT))).rows
        return [*by_id, *(trace for trace in found if trace.id != query)]
