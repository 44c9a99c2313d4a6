"""The command palette: pages, prompts, datasets and traces by name or id, as one types."""

from django.http import HttpRequest, HttpResponse

from common.pages import Page
from datasets.models import Dataset
from promptlab.shell import SIDEBAR
from prompts.models import Prompt
from tracing.records import Trace
from tracing.store import store
from tracing.store.base import Cursor, TraceQuery

# Of each kind.
LIMIT = 6
# Fewer letters would find nearly every trace.
LETTERS = 3


class Palette(Page):
    """A list of links for `?q=`: everything whose name holds it, traces by their id too."""

    template = "components/palette.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.get("q", "").replace("\0", "").strip()
        entries = [entry for _title, entries in SIDEBAR for entry in entries if self.may(entry.action)]
        return self.render(
            {
                "query": query,
                "pages": [entry for entry in entries if query.lower() in str(entry.label).lower()],
                "prompts": self.prompts(query),
                "datasets": self.datasets(query),
                "traces": self.traces(query),
            }
        )

    def prompts(self, query: str) -> list[str]:
        found = Prompt.objects.filter(project_id=self.project_id, name__icontains=query).order_by("name")
        return list(found.values_list("name", flat=True)[:LIMIT]) if query else []

    def datasets(self, query: str) -> list[Dataset]:
        found = Dataset.objects.filter(project_id=self.project_id, name__icontains=query).order_by("name")
        return list(found[:LIMIT]) if query else []

    def traces(self, query: str) -> list[Trace]:
        if len(query) < LETTERS:
            return []
        by_id = store().traces(TraceQuery(project_id=self.project_id, ids=(query,))).rows
        found = store().traces(TraceQuery(project_id=self.project_id, search=query, window=Cursor(limit=LIMIT))).rows
        return [*by_id, *(trace for trace in found if trace.id != query)]
