"""`/observations` of both generations (api.md, section 5)."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import envelope, page_and_limit, whole
from common.api.views import PublicView
from common.errors import Invalid, NotFound
from llm.pricing import book
from tracing.api.params import Params, Table, any_of, before, equal, path_id, said, since
from tracing.api.serializing import observation, observation_v2
from tracing.filters import Filter
from tracing.records import LEVELS
from tracing.store import store
from tracing.store.base import Cursor, Numbered, ObservationQuery


def _level(params: Params, name: str, column: str) -> Filter | None:
    level = params.one_of(name, LEVELS)
    return Filter("string", column, "=", level) if level else None


def _type(params: Params, name: str, column: str) -> Filter | None:
    kind = params.text(name)
    return Filter("string", column, "=", kind.upper()) if kind else None


def _parent(params: Params, name: str, column: str) -> Filter | None:
    """An empty value asks for those without a parent."""
    if params.given_empty(name):
        return Filter("null", column, "is null", "")
    return equal(params, name, column)


V1_FILTERS: Table = {
    "name": (equal, "name"),
    "userId": (equal, "userId"),
    "type": (_type, "type"),
    "traceId": (equal, "traceId"),
    "level": (_level, "level"),
    "parentObservationId": (equal, "parentObservationId"),
    "environment": (any_of, "environment"),
    "version": (equal, "version"),
    "fromStartTime": (since, "startTime"),
    "toStartTime": (before, "startTime"),
}
V2_FILTERS: Table = {
    **V1_FILTERS,
    "sessionId": (equal, "sessionId"),
    "parentObservationId": (_parent, "parentObservationId"),
    "isRootObservation": (said, "isRootObservation"),
}
V2_DEFAULT = frozenset({"core", "basic"})
V2_MAX_LIMIT = 1000


class ObservationsView(PublicView):
    """`GET /observations`: numbered pages, whole rows."""

    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        page, limit = page_and_limit(request.query_params)
        query = ObservationQuery(
            project_id=self.project_id,
            filters=params.filters(V1_FILTERS),
            order=params.order(("startTime", "desc")),
            window=Numbered(page, limit),
            with_bodies=True,
        )
        found, prices = store().observations(query), book(self.project_id)
        rows = [observation(record, prices) for record in found.rows]
        return Response(envelope(rows, page, limit, found.total or 0))


class ObservationView(PublicView):
    """`GET /observations/{id}`."""

    def get(self, request: Request, observation_id: str) -> Response:
        ids = (path_id(observation_id, "Observation"),)
        query = ObservationQuery(project_id=self.project_id, ids=ids, window=Cursor(limit=1), with_bodies=True)
        found = store().observations(query).rows
        if not found:
            raise NotFound("Observation not found within authorized project")
        return Response(observation(found[0], book(self.project_id)))


class ObservationsV2View(PublicView):
    """`GET /v2/observations`: a cursor, and only the groups of fields that were asked for."""

    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        if params.flag("parseIoAsJson"):
            raise Invalid("parseIoAsJson is no longer supported: input and output are always strings.", "parseIoAsJson")
        limit = whole(request.query_params, "limit", 50, 1, V2_MAX_LIMIT)
        groups = frozenset(params.words("fields")) or V2_DEFAULT
        query = ObservationQuery(
            project_id=self.project_id,
            filters=params.filters(V2_FILTERS),
            window=Cursor(params.text("cursor") or "", limit),
            with_bodies=not groups.isdisjoint({"io", "metadata"}),
            with_trace=not groups.isdisjoint({"basic", "trace_context"}),
        )
        found, prices = store().observations(query), book(self.project_id)
        whole_metadata = params.words("expandMetadata")
        rows = [observation_v2(record, prices, groups, whole_metadata) for record in found.rows]
        return Response({"data": rows, "meta": {"cursor": found.next_cursor} if found.next_cursor else {}})
