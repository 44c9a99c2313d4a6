"""Users of the traced application: activity, cost, errors."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.views.tables import TablePage
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery
from tracing.views.filtering import RANGES, read_range

LIMIT = 200
# "All time" for an aggregation that needs a beginning.
LONG = timedelta(days=3650)


class Users(TablePage):
    """The users with most traces in the chosen range."""

    template = "tracing/users.html"
    table = "users"
    section = "users"

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen, since, until = read_range(request.GET, "30d")
        search = request.GET.get("q", "").replace("\0", "").strip()
        now = timezone.now()
        rows = store().metrics(
            MetricsQuery(
                project_id=self.project_id,
                view="traces",
                dimensions=("userId",),
                measures=(
                    Measure(measure="count", aggregation="count"),
                    Measure(measure="totalCost", aggregation="sum"),
                    Measure(measure="totalTokens", aggregation="sum"),
                ),
                filters=(
                    Filter("null", "userId", "is not null", ""),
                    *((Filter("string", "userId", "contains", search),) if search else ()),
                ),
                since=since or now - LONG,
                until=until or now,
                order=(("count_count", "desc"),),
                limit=LIMIT,
            )
        )
        ranges = [(name, label) for name, (label, _length) in RANGES.items()]
        return self.render({"rows": rows, "range": chosen, "ranges": ranges, "search": search, "limit": LIMIT})
