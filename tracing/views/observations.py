"""The list of observations: where charts by model, type or missing price lead."""

from typing import Any

from tracing.filters import Filter
from tracing.records import Observation
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery
from tracing.store.base import Page as StorePage
from tracing.views.filtering import OBSERVATION_FILTERS, Filtering
from tracing.views.lists import ListPage

UNPRICED = (
    Filter("null", "model", "is not null", ""),
    Filter("null", "totalCost", "is null", ""),
    Filter("number", "totalTokens", ">", 0),
)


class Observations(ListPage):
    """Single steps of all traces, newest first; `?unpriced=1` keeps those with usage but no price."""

    template = "tracing/observations.html"
    section = "traces"
    filters = OBSERVATION_FILTERS
    time_column = "startTime"
    orders = ("startTime", "name", "latency", "totalCost", "totalTokens")
    default_order = "startTime.desc"

    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Observation]:
        extra = UNPRICED if self.request.GET.get("unpriced") else ()
        return store().observations(
            ObservationQuery(
                project_id=self.project_id,
                filters=filtering.filters + extra,
                search=filtering.search,
                search_bodies=filtering.search_bodies,
                order=order,
                window=window,
                with_trace=True,
            )
        )

    def more(self, filtering: Filtering) -> dict[str, Any]:
        return {"unpriced": bool(self.request.GET.get("unpriced"))}
