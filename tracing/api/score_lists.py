"""Lists of scores in the shapes of the first and the second generation: numbered pages, each score with its trace."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from common.errors import Invalid, NotFound
from tracing.api.old_clients import knows_texts
from tracing.api.params import Params, Table, all_of, any_of, before, equal, listed, path_id, since
from tracing.api.serializing import score_trace, score_v1, score_v2
from tracing.filters import Filter
from tracing.records import Score
from tracing.scores import DATA_TYPES
from tracing.store import store
from tracing.store.base import Cursor, Numbered, Page, ScoreQuery, TraceQuery

SOURCES = ("API", "ANNOTATION", "EVAL")


class ScoresV2View(PublicView):
    """`GET /v2/scores`."""

    def get(self, request: Request) -> Response:
        return list_scores(self.project_id, request, v1=False)


class ScoreV2View(PublicView):
    """`GET /v2/scores/{id}`."""

    def get(self, request: Request, score_id: str) -> Response:
        return Response(score_v2(one_score(self.project_id, score_id)))


def _source(params: Params, name: str, column: str) -> Filter | None:
    source = params.one_of(name, SOURCES)
    return Filter("string", column, "=", source) if source else None


def _data_type(params: Params, name: str, column: str) -> Filter | None:
    data_type = params.one_of(name, DATA_TYPES)
    return Filter("string", column, "=", data_type) if data_type else None


def _compared(params: Params, name: str, column: str) -> Filter | None:
    """`value` with `operator`, both or neither."""
    value, operator = params.number(name), params.text("operator")
    if value is None and operator is None:
        return None
    if operator is None or operator not in OPERATORS:
        raise Invalid(f"operator must be given with value: one of {' '.join(OPERATORS)}.", "operator")
    if value is None:
        raise Invalid("value must be given with operator.", "value")
    return Filter("number", column, OPERATORS[operator], value)


# operator on the wire -> the grammar's
OPERATORS = {"=": "=", "!=": "<>", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
FILTERS: Table = {
    "userId": (equal, "userId"),
    "name": (equal, "name"),
    "traceId": (equal, "traceId"),
    "sessionId": (equal, "sessionId"),
    "datasetRunId": (equal, "datasetRunId"),
    "observationId": (listed, "observationId"),
    "scoreIds": (listed, "id"),
    "configId": (equal, "configId"),
    "queueId": (equal, "queueId"),
    "source": (_source, "source"),
    "dataType": (_data_type, "dataType"),
    "value": (_compared, "value"),
    "environment": (any_of, "environment"),
    "traceTags": (all_of, "traceTags"),
    "fromTimestamp": (since, "timestamp"),
    "toTimestamp": (before, "timestamp"),
}
V1_ONLY = (
    Filter("null", "traceId", "is not null", ""),
    Filter("stringOptions", "dataType", "none of", ("CORRECTION",)),
)

WITHOUT_TEXTS = (Filter("stringOptions", "dataType", "none of", ("TEXT",)),)


def list_scores(project_id: str, request: Request, *, v1: bool) -> Response:
    """A numbered page; the first generation knows scores of traces only, and no corrections."""
    params = Params(request.query_params)
    page, limit = page_and_limit(request.query_params)
    groups = params.groups(("score", "trace"))
    if "trace" not in groups and (params.text("userId") or params.texts("traceTags")):
        raise Invalid("fields must include trace when scores are filtered by userId or traceTags.", "fields")
    filters = (
        params.filters(FILTERS)
        + (V1_ONLY if v1 else ())
        + (() if knows_texts(request, unnamed=not v1) else WITHOUT_TEXTS)
    )
    found = store().scores(ScoreQuery(project_id=project_id, filters=filters, window=Numbered(page, limit)))
    shape = score_v1 if v1 else score_v2
    rows = [shape(score) for score in found.rows]
    if "trace" in groups:
        about = _traces(project_id, found)
        for row in rows:
            row["trace"] = about.get(row["traceId"])
    return Response(envelope(rows, page, limit, found.total or 0))


def _traces(project_id: str, page: Page[Score]) -> dict[str | None, Any]:
    """What the scores tell of their traces, by trace id: one query for the page."""
    ids = tuple({score.trace_id for score in page.rows if score.trace_id is not None})
    if not ids:
        return {}
    traces = store().traces(TraceQuery(project_id=project_id, ids=ids, window=Cursor(limit=len(ids))))
    return {trace.id: score_trace(trace) for trace in traces.rows}


def one_score(project_id: str, score_id: str) -> Score:
    """The score of that id; raises NotFound."""
    query = ScoreQuery(project_id=project_id, ids=(path_id(score_id, "Score"),), window=Cursor(limit=1))
    found = store().scores(query).rows
    if not found:
        raise NotFound("Score not found within authorized project")
    return found[0]
