"""`/v3/scores`: typed values, a cursor, and lists of whatever scores are found by (api.md, section 7)."""

import math
from collections.abc import Collection, Iterable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import whole
from common.api.views import PublicView
from common.errors import Invalid
from tracing.api.params import Params, Table, before, listed, since
from tracing.api.serializing import SCORE_GROUPS, score_v3
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Cursor, ScoreQuery


def _upper(params: Params, name: str, column: str) -> Filter | None:
    words = tuple(word.upper() for word in params.words(name))
    return Filter("stringOptions", column, "any of", words) if words else None


def _at_least(params: Params, name: str, column: str) -> Filter | None:
    value = params.number(name)
    return Filter("number", column, ">=", value) if value is not None else None


def _at_most(params: Params, name: str, column: str) -> Filter | None:
    value = params.number(name)
    return Filter("number", column, "<=", value) if value is not None else None


_LISTED = (
    *("id", "name", "environment", "configId", "queueId", "authorUserId"),
    *("traceId", "observationId", "sessionId"),
)
FILTERS: Table = {
    **{name: (listed, name) for name in _LISTED},
    "experimentId": (listed, "datasetRunId"),
    "source": (_upper, "source"),
    "dataType": (_upper, "dataType"),
    "valueMin": (_at_least, "value"),
    "valueMax": (_at_most, "value"),
    "fromTimestamp": (since, "timestamp"),
    "toTimestamp": (before, "timestamp"),
}
MAX_LIMIT = 100
BOOLEANS = {"true": "True", "false": "False"}


class ScoresV3View(PublicView):
    """`GET /v3/scores`."""

    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        limit = whole(request.query_params, "limit", 50, 1, MAX_LIMIT)
        groups = frozenset(params.words("fields"))
        unknown = sorted(groups.difference(SCORE_GROUPS))
        if unknown:
            raise Invalid(f"fields knows {', '.join(SCORE_GROUPS)}, not {', '.join(unknown)}.", "fields")
        _check_subject(params)
        filters = (*params.filters(FILTERS), *_values(params))
        window = Cursor(params.text("cursor") or "", limit)
        query = ScoreQuery(project_id=self.project_id, filters=filters, window=window)
        found = store().scores(query)
        meta: dict[str, Any] = {"limit": limit}
        if found.next_cursor:
            meta["cursor"] = found.next_cursor
        return Response({"data": [score_v3(score, groups) for score in found.rows], "meta": meta})


def _check_subject(params: Params) -> None:
    given = [name for name in ("traceId", "sessionId", "experimentId") if params.words(name)]
    if len(given) > 1:
        raise Invalid(f"{' and '.join(given)} exclude each other; give one of them.", given[1])
    if params.words("observationId") and given != ["traceId"]:
        raise Invalid("observationId needs traceId, because ids of observations belong to a trace.", "observationId")


def _values(params: Params) -> Iterable[Filter]:
    """Conditions on the value, whose type the one data type says."""
    asked = [name for name in ("value", "valueMin", "valueMax") if params.text(name) is not None]
    if not asked:
        return ()
    types = [word.upper() for word in params.words("dataType")]
    if len(types) != 1:
        raise Invalid(f"dataType must be a single one for {asked[0]} to mean something.", "dataType")
    if types[0] != "NUMERIC" and asked != ["value"]:
        raise Invalid("dataType must be NUMERIC for valueMin and valueMax.", "dataType")
    return _equal_values(types[0], params.words("value")) if "value" in asked else ()


def _equal_values(data_type: str, values: Collection[str]) -> Iterable[Filter]:
    match data_type:
        case "CATEGORICAL":
            return (Filter("stringOptions", "stringValue", "any of", tuple(values)),)
        case "BOOLEAN":
            if not BOOLEANS.keys() >= {value.lower() for value in values}:
                raise Invalid("value must be true or false for scores of type BOOLEAN.", "value")
            labels = tuple(BOOLEANS[value.lower()] for value in values)
            return (Filter("stringOptions", "stringValue", "any of", labels),)
        case "NUMERIC":
            return (Filter("numberOptions", "value", "any of", tuple(map(_number, values))),)
    raise Invalid("dataType must be NUMERIC, BOOLEAN or CATEGORICAL for value.", "dataType")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid("value must hold finite numbers for scores of type NUMERIC.", "value")
    return number
