"""The list of scores."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from tracing.records import Score
from tracing.seen import READ, only_by
from tracing.store import store
from tracing.store.base import Cursor, ScoreQuery
from tracing.store.base import Page as StorePage
from tracing.views.filtering import SCORE_FILTERS, Filtering
from tracing.views.lists import ListPage


class Scores(ListPage):
    """Every judgement of the project that the person may see, newest first."""

    template = "tracing/scores.html"
    table = "scores"
    section = "scores"
    filters = SCORE_FILTERS
    orders = ("timestamp", "name", "value")
    default_order = "timestamp.desc"
    columns = (
        ("timestamp", _("Time")),
        ("value", _("Value")),
        ("type", _("Type")),
        ("source", _("Source")),
        ("of", _("Of")),
        ("comment", _("Comment")),
        ("environment", _("Environment")),
    )

    def may_do(self) -> dict[str, Any]:
        return {"may_see_runs": self.may(READ)}

    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Score]:
        return store().scores(
            ScoreQuery(
                project_id=self.project_id,
                filters=filtering.filters,
                order=order,
                window=window,
                people=only_by(self.request),
            )
        )
