"""The list of traces."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.pages import Page
from tracing.deleting import delete
from tracing.records import Trace
from tracing.seen import READ
from tracing.store import store
from tracing.store.base import Cursor, Deletion, TraceQuery
from tracing.store.base import Page as StorePage
from tracing.views.filtering import TRACE_FILTERS, Filtering, Reader
from tracing.views.lists import ListPage
from tracing.views.scores_of_traces import scores_by_trace
from tracing.views.trace_rows import trace_rows


class Traces(ListPage):
    """Traces, newest first, with everything a person recognises them by."""

    template = "tracing/traces.html"
    row = "tracing/_trace_rows.html"
    table = "traces"
    section = "traces"
    columns = (
        ("timestamp", _("Time")),
        ("input", _("Input")),
        ("output", _("Output")),
        ("level", _("Level")),
        ("latency", _("Latency")),
        ("totalTokens", _("Tokens")),
        ("totalCost", _("Cost")),
        ("scores", _("Scores")),
        ("user", _("User")),
        ("session", _("Session")),
        ("tags", _("Tags")),
        ("environment", _("Environment")),
        ("version", _("Version")),
        ("release", _("Release")),
    )
    filters = TRACE_FILTERS
    orders = ("timestamp", "name", "latency", "totalCost", "totalTokens", "level")
    default_order = "timestamp.desc"

    def seen_filters(self) -> Mapping[str, tuple[Any, Reader]]:
        if self.may(READ):
            return self.filters
        # What is found by scores tells what others said.
        return {param: reader for param, reader in self.filters.items() if param != "score"}

    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Trace]:
        return store().traces(
            TraceQuery(
                project_id=self.project_id,
                filters=filtering.filters,
                search=filtering.search,
                search_bodies=filtering.search_bodies,
                order=order,
                window=window,
            )
        )

    def rows(self, rows: Sequence[Trace]) -> list[SafeString]:
        scores = scores_by_trace(self.project_id, [trace.id for trace in rows], self.request)
        return trace_rows(rows, scores, self.request.GET, may_choose=self.may_do()["may_choose"])

    def may_do(self) -> dict[str, Any]:
        may_write, may_add = self.may("traces:write"), self.may("datasets:write")
        return {"may_write": may_write, "may_add": may_add, "may_choose": may_write or may_add}


class TracesDelete(Page):
    """Delete the chosen traces with everything in them."""

    write_permission = "traces:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = tuple(id for id in request.POST.getlist("id") if "\0" not in id)
        gone = delete(Deletion(project_id=self.project_id, kind="traces", ids=ids)) if ids else 0
        messages.success(request, ngettext("%(n)s trace deleted.", "%(n)s traces deleted.", gone) % {"n": gone})
        return redirect(f"{reverse('traces')}?{_same_list(request)}")


def _same_list(request: HttpRequest) -> str:
    """The filters and the order that the list had, from its beginning."""
    params = request.GET.copy()
    for name in ("cursor", "back"):
        params.pop(name, None)
    return params.urlencode()
