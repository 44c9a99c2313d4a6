"""A range of time with its buckets, as the start page and dashboards draw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from tracing.store import store
from tracing.store.base import Measure, MetricsQuery
from tracing.views.filtering import RANGES, read_range

# The longest range that is drawn in buckets of this size: (range, granularity, bucket).
STEPS = (
    (timedelta(hours=3), "minute", timedelta(minutes=1)),
    (timedelta(days=3), "hour", timedelta(hours=1)),
    (timedelta(days=100000), "day", timedelta(days=1)),
)
# The longest range, and the first day that a range may end on.
OLDEST = timedelta(days=365)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
DEFAULT = "7d"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """A range with its buckets."""

    project_id: str
    name: str
    since: datetime
    until: datetime
    granularity: str
    bucket: timedelta

    def ask(self, view: str, *measures: tuple[str, str], bucketed: bool = False, **more: Any) -> Sequence[Row]:
        """One aggregation over the window; `measures` are (measure, aggregation)."""
        query = MetricsQuery(
            project_id=self.project_id,
            view=view,
            measures=tuple(Measure(measure=name, aggregation=how) for name, how in measures),
            since=self.since,
            until=self.until,
            granularity=self.granularity if bucketed else None,
            **more,
        )
        return store().metrics(query)

    def starts(self) -> list[datetime]:
        """The beginnings of all buckets, those without rows too."""
        first = self.since.astimezone(UTC).replace(second=0, microsecond=0)
        if self.granularity != "minute":
            first = first.replace(minute=0)
        if self.granularity == "day":
            first = first.replace(hour=0)
        count = int((self.until - first) / self.bucket) + 1
        return [first + self.bucket * position for position in range(count)]

    def label(self, start: datetime) -> str:
        local = timezone.localtime(start)
        return date_format(local, "j M") if self.granularity == "day" else f"{date_format(local, 'j M')} {local:%H:%M}"

    def link(self, page: str, **params: str) -> str:
        """The list `page` over this window."""
        return f"{reverse(page)}?{urlencode(params | self._range())}"

    def _range(self) -> dict[str, str]:
        if self.name == "custom":
            return {"from": self.since.isoformat(), "to": self.until.isoformat()}
        return {"range": self.name}

    def spans(self) -> list[str]:
        """What to add to a list's address for each bucket; the first and the last end where the window does."""
        ends = [(max(start, self.since), min(start + self.bucket, self.until)) for start in self.starts()]
        # The present is no end: what comes in while somebody looks belongs to the last bucket too.
        open_end = self.name != "custom"
        last = len(ends) - 1
        return [
            urlencode({"from": since.isoformat()} | ({} if open_end and n == last else {"to": until.isoformat()}))
            for n, (since, until) in enumerate(ends)
        ]


def read_window(project_id: str, request: HttpRequest) -> Window:
    """The window that the address asks for; the last week for one that makes no sense."""
    now = timezone.now()
    name, since, until = read_range(request.GET, DEFAULT)
    until = until or now
    if not FIRST < until < now + OLDEST or (since and since >= until):
        name, since, until = DEFAULT, now - (RANGES[DEFAULT][1] or OLDEST), now
    if since is None or since < until - OLDEST:
        name, since = "custom", until - OLDEST
    granularity, bucket = next((g, b) for longest, g, b in STEPS if until - since <= longest)
    return Window(project_id, name, since, until, granularity, bucket)
