"""`/metrics`, `/v2/metrics`: aggregations by a query object (api.md, section 5)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.views import PublicView
from common.errors import Invalid
from tracing.api.params import Params, storable
from tracing.filters import check_filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

MAX_ROWS = 1000
# What is refused at the doors for its year cannot be asked for.
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2501, 1, 1, tzinfo=UTC))
V2_ROWS = 100
MAX_BINS = 100
# The widest range that is still cut into pieces of that size, when the size is "auto".
AUTO: tuple[tuple[timedelta, str], ...] = (
    (timedelta(hours=2), "minute"),
    (timedelta(days=3), "hour"),
    (timedelta(days=60), "day"),
    (timedelta(days=366), "week"),
)
# What the second generation refuses to group by: nearly every row would be a group of its own.
_OF_SCORES = frozenset({"id", "traceId", "userId", "sessionId", "observationId"})
TOO_MANY: Mapping[str, frozenset[str]] = {
    "observations": frozenset({"id", "traceId", "userId", "sessionId", "parentObservationId"}),
    "scores-numeric": _OF_SCORES,
    "scores-boolean": _OF_SCORES,
    "scores-categorical": _OF_SCORES,
}


class DimensionBody(WireStruct, frozen=True):
    field: str


class MeasureBody(WireStruct, frozen=True):
    measure: str
    aggregation: str


class OrderBody(WireStruct, frozen=True):
    field: str
    direction: Literal["asc", "desc"]


class TimeBody(WireStruct, frozen=True):
    granularity: str


class ConfigBody(WireStruct, frozen=True):
    bins: int | None = None
    row_limit: int | None = msgspec.field(default=None, name="row_limit")


class QueryBody(WireStruct, frozen=True):
    view: str
    metrics: list[MeasureBody]
    from_timestamp: datetime
    to_timestamp: datetime
    dimensions: list[DimensionBody] | None = None
    filters: list[Any] | None = None
    time_dimension: TimeBody | None = None
    order_by: list[OrderBody] | None = None
    config: ConfigBody | None = None


class MetricsView(PublicView):
    """`GET /metrics`."""

    def get(self, request: Request) -> Response:
        return _answer(read_query(self.project_id, request))


class MetricsV2View(PublicView):
    """`GET /v2/metrics`: no view of traces, no groups by id."""

    def get(self, request: Request) -> Response:
        query = read_query(self.project_id, request, default_limit=V2_ROWS)
        if query.view not in TOO_MANY:
            raise Invalid(f"view must be one of {', '.join(TOO_MANY)}.", "view")
        refused = TOO_MANY[query.view].intersection(query.dimensions)
        if refused:
            raise Invalid(
                f"dimensions: {', '.join(sorted(refused))} would make too many groups; use a filter instead.",
                "dimensions",
            )
        return _answer(query)


def read_query(project_id: str, request: Request, default_limit: int | None = None) -> MetricsQuery:
    """The query object of the parameter `query`; raises Invalid with the place of the first fault."""
    body = _body(Params(request.query_params).text("query"))
    since, until = _moment(body.from_timestamp, "fromTimestamp"), _moment(body.to_timestamp, "toTimestamp")
    if since >= until:
        raise Invalid("toTimestamp must be after fromTimestamp.", "toTimestamp")
    granularity = body.time_dimension.granularity if body.time_dimension else None
    config = body.config or ConfigBody()
    return MetricsQuery(
        project_id=project_id,
        view=body.view,
        measures=tuple(Measure(measure=one.measure, aggregation=one.aggregation) for one in body.metrics),
        dimensions=tuple(one.field for one in body.dimensions or ()),
        filters=storable(
            tuple(check_filter(raw, f"filters[{position}]") for position, raw in enumerate(body.filters or ()))
        ),
        since=since,
        until=until,
        granularity=auto_granularity(until - since) if granularity == "auto" else granularity,
        order=tuple((one.field, one.direction) for one in body.order_by or ()),
        limit=_between(config.row_limit, 1, MAX_ROWS, "config.row_limit") or default_limit,
        bins=_between(config.bins, 1, MAX_BINS, "config.bins") or 10,
    )


def _moment(moment: datetime, place: str) -> datetime:
    """In UTC, which a time without a zone is in already; within the years that anything can be stored in."""
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise Invalid(f"{place} must lie between the years 1 and 9999.", place) from None
    return min(max(utc, EVER[0]), EVER[1])


def auto_granularity(span: timedelta) -> str:
    """Pieces of time that cut the span into some fifty."""
    return next((name for widest, name in AUTO if span <= widest), "month")


def _body(text: str | None) -> QueryBody:
    if text is None:
        raise Invalid("query must be given: a JSON object.", "query")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(f"query is not valid JSON: {error}.", "query") from error
    return convert(value, QueryBody)


def _between(value: int | None, low: int, high: int, place: str) -> int | None:
    if value is not None and not low <= value <= high:
        raise Invalid(f"{place} must be between {low} and {high}.", place)
    return value


def _answer(query: MetricsQuery) -> Response:
    return Response({"data": store().metrics(query)})
