"""`/traces` (api.md, section 5)."""

from dataclasses import replace

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from common.errors import Invalid, NotFound
from llm.pricing import book
from tracing.api.legacy import TraceWriter
from tracing.api.old_clients import knows_texts
from tracing.api.params import Params, Table, all_of, any_of, before, equal, path_id, since
from tracing.api.serializing import TRACE_GROUPS, trace_detail, trace_row
from tracing.deleting import delete
from tracing.store import store
from tracing.store.base import Deletion, Numbered, TraceQuery

FILTERS: Table = {
    "userId": (equal, "userId"),
    "name": (equal, "name"),
    "sessionId": (equal, "sessionId"),
    "version": (equal, "version"),
    "release": (equal, "release"),
    "tags": (all_of, "tags"),
    "environment": (any_of, "environment"),
    "fromTimestamp": (since, "timestamp"),
    "toTimestamp": (before, "timestamp"),
}
MAX_DELETED = 1000


class DeleteBody(WireStruct, frozen=True):
    trace_ids: list[str]


class TracesView(TraceWriter):
    """`GET, POST, DELETE /traces`."""

    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        page, limit = page_and_limit(request.query_params)
        groups = params.groups(TRACE_GROUPS)
        query = TraceQuery(
            project_id=self.project_id,
            filters=params.filters(FILTERS),
            order=params.order(("timestamp", "desc")),
            window=Numbered(page, limit),
            with_bodies="io" in groups,
            with_ids="observations" in groups or "scores" in groups,
        )
        found = store().traces(query)
        rows = [trace_row(trace, groups) for trace in found.rows]
        return Response(envelope(rows, page, limit, found.total or 0))

    def delete(self, request: Request) -> Response:
        ids = convert(request.data, DeleteBody).trace_ids
        if len(ids) > MAX_DELETED:
            raise Invalid(f"traceIds must name at most {MAX_DELETED} traces; there are {len(ids)}.", "traceIds")
        storable = tuple(trace_id for trace_id in ids if "\0" not in trace_id)
        delete(Deletion(project_id=self.project_id, kind="traces", ids=storable))
        return Response({"message": "Traces deleted successfully"})


class TraceView(PublicView):
    """`GET, DELETE /traces/{id}`."""

    def get(self, request: Request, trace_id: str) -> Response:
        detail = store().get_trace(self.project_id, path_id(trace_id, f"Trace {trace_id}"))
        if detail is None:
            # Clients compare this sentence (wire notes, section 6).
            raise NotFound(f"Trace {trace_id} not found within authorized project")
        groups = Params(request.query_params).groups(TRACE_GROUPS)
        if not knows_texts(request):
            detail = replace(detail, scores=tuple(score for score in detail.scores if score.data_type != "TEXT"))
        return Response(trace_detail(detail, book(self.project_id), groups))

    def delete(self, request: Request, trace_id: str) -> Response:
        ids = (path_id(trace_id, f"Trace {trace_id}"),)
        delete(Deletion(project_id=self.project_id, kind="traces", ids=ids))
        return Response({"message": "Trace deleted successfully"})
