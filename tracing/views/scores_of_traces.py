"""The scores beside traces, as far as the person may see them."""

from collections.abc import Sequence

from django.http import HttpRequest

from tracing.records import Score
from tracing.seen import only_by
from tracing.store import store
from tracing.store.base import ScoreQuery


def scores_by_trace(project_id: str, trace_ids: Sequence[str], request: HttpRequest) -> dict[str, list[Score]]:
    """The scores of some traces, the oldest first, one query for all."""
    found: dict[str, list[Score]] = {}
    if trace_ids:
        query = ScoreQuery(
            project_id=project_id,
            trace_ids=tuple(trace_ids),
            order=("timestamp", "asc"),
            window=None,
            people=only_by(request),
        )
        for score in store().scores(query).rows:
            found.setdefault(score.trace_id or "", []).append(score)
    return found
