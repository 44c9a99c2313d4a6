"""The list of observations: where charts by model, type or missing price lead."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

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
    row = "tracing/_observation_rows.html"
    table = "observations"
    section = "traces"
    filters = OBSERVATION_FILTERS
    time_column = "startTime"
    orders = ("startTime", "name", "latency", "totalCost", "totalTokens")
    default_order = "startTime.desc"
    columns = (
        ("startTime", _("Time")),
        ("type", _("Type")),
        ("trace", _("Trace")),
        ("input", _("Input")),
        ("output", _("Output")),
        ("model", _("Model")),
        ("prompt", _("Prompt")),
        ("latency", _("Latency")),
        ("totalTokens", _("Tokens")),
        ("totalCost", _("Cost")),
        ("level", _("Level")),
        ("user", _("User")),
        ("session", _("Session")),
        ("environment", _("Environment")),
    )

    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Observation]:
        return store().observations(
            ObservationQuery(
                project_id=self.project_id,
                filters=self.conditions(filtering),
                search=filtering.search,
                search_bodies=filtering.search_bodies,
                order=order,
                window=window,
                with_trace=True,
            )
        )

    def conditions(self, filtering: Filtering) -> tuple[Filter, ...]:
        return filtering.filters + (UNPRICED if self.request.GET.get("unpriced") else ())

    def time_of(self, row: Observation) -> datetime:
        return row.start_time

    def may_do(self) -> dict[str, Any]:
        return {"may_add": self.may("datasets:write")}

    def more(self, filtering: Filtering) -> dict[str, Any]:
        return {"unpriced": bool(self.request.GET.get("unpriced"))}
