"""Calls that no definition prices: counted and offered for pricing, not hidden."""

from dataclasses import dataclass
from datetime import datetime

from tracing.store import store
from tracing.store.base import Measure, MetricsQuery


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A model as clients name it, with how often it was called without a cost, and the tokens of those calls."""

    model: str
    calls: int
    tokens: int


def unpriced_models(project_id: str, since: datetime, until: datetime, limit: int = 50) -> tuple[Unpriced, ...]:
    """The models of the project whose calls in that time have usage but no cost, most called first."""
    rows = store().metrics(
        MetricsQuery(
            project_id=project_id,
            view="observations",
            measures=(Measure(measure="count", aggregation="count"), Measure(measure="totalTokens", aggregation="sum")),
            dimensions=("model",),
            since=since,
            until=until,
            order=(("count_count", "desc"),),
            limit=limit,
            unpriced=True,
        )
    )
    return tuple(Unpriced(row["model"], row["count_count"], int(row["sum_totalTokens"] or 0)) for row in rows)
