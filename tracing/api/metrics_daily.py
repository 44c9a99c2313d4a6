"""`/metrics/daily`: usage and cost by day and model, as SDK 2 reads them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
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
        shown = sorted(days, reverse=True)[(page - 1) * limit : page * limit]
        if shown:
            first, last = (datetime.combine(day, time(), UTC) for day in (shown[-1], shown[0]))
            span = max(span[0], first), min(span[1], last + timedelta(days=1))
            for (day, _), usage in self._usage(filters, span).items():
                _day(days, day)["usage"].append(usage)
        return Response(envelope([days[day] for day in shown], page, limit, len(days)))

    def _usage(
        self, filters: tuple[Filter, ...], span: tuple[datetime, datetime]
    ) -> dict[tuple[date, str], dict[str, Any]]:
        """By day and model. Traces are counted apart: the other figures are at hand as sums (see `store().metrics`)."""
        called = (*filters, Filter("null", "model", "is not null", ""))
        rows = self._rows("observations", (COUNT, COST, *TOKENS.values()), called, span, ("model",))
        found = {(day, row["model"]): row for day, row in rows}
        for day, row in self._rows("observations", (TRACES,), called, span, ("model",)):
            if (day, row["model"]) in found:  # else it came between the two questions
                found[day, row["model"]] |= row
        return {key: _usage({"uniq_uniqueTraceIds": 0} | row) for key, row in found.items()}

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
