"""`/metrics/daily`: usage and cost by day and model, as SDK 2 reads them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from tracing.api.params import Params, Table, all_of, any_of, equal
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

FILTERS: Table = {
    "traceName": (equal, "traceName"),
    "userId": (equal, "userId"),
    "tags": (all_of, "tags"),
    "environment": (any_of, "environment"),
}
COUNT = Measure(measure="count", aggregation="count")
TRACES = Measure(measure="uniqueTraceIds", aggregation="uniq")
COST = Measure(measure="totalCost", aggregation="sum")
TOKENS = {
    "inputUsage": Measure(measure="inputTokens", aggregation="sum"),
    "outputUsage": Measure(measure="outputTokens", aggregation="sum"),
    "totalUsage": Measure(measure="totalTokens", aggregation="sum"),
}
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC))


class DailyMetricsView(PublicView):
    """`GET /metrics/daily`: only days on which something happened, newest first."""

    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        page, limit = page_and_limit(request.query_params)
        filters = params.filters(FILTERS)
        named = tuple(Filter("string", "name", "=", one.value) if one.column == "traceName" else one for one in filters)
        span = (params.moment("fromTimestamp") or EVER[0], params.moment("toTimestamp") or EVER[1])
        days: dict[date, dict[str, Any]] = {}
        for day, row in self._rows("traces", (COUNT,), named, span):
            _day(days, day)["countTraces"] = row["count_count"]
        for day, row in self._rows("observations", (COUNT, COST), filters, span):
            _day(days, day).update(countObservations=row["count_count"], totalCost=row["sum_totalCost"] or 0)
        called = (*filters, Filter("null", "model", "is not null", ""))
        for day, row in self._rows("observations", (COUNT, TRACES, COST, *TOKENS.values()), called, span, ("model",)):
            _day(days, day)["usage"].append(_usage(row))
        rows = [days[day] for day in sorted(days, reverse=True)]
        return Response(envelope(rows[(page - 1) * limit : page * limit], page, limit, len(rows)))

    def _rows(
        self,
        view: str,
        measures: tuple[Measure, ...],
        filters: tuple[Filter, ...],
        span: tuple[datetime, datetime],
        dimensions: tuple[str, ...] = (),
    ) -> Iterable[tuple[date, dict[str, Any]]]:
        query = MetricsQuery(
            project_id=self.project_id,
            view=view,
            measures=measures,
            filters=filters,
            dimensions=dimensions,
            granularity="day",
            since=span[0],
            until=span[1],
        )
        for row in store().metrics(query):
            yield row["time_dimension"].date(), row


def _day(days: dict[date, dict[str, Any]], day: date) -> dict[str, Any]:
    empty = {"date": day.isoformat(), "countTraces": 0, "countObservations": 0, "totalCost": 0, "usage": []}
    return days.setdefault(day, empty)


def _usage(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": row["model"],
        **{name: int(row[f"sum_{measure.measure}"] or 0) for name, measure in TOKENS.items()},
        "countTraces": row["uniq_uniqueTraceIds"],
        "countObservations": row["count_count"],
        "totalCost": row["sum_totalCost"] or 0,
    }
