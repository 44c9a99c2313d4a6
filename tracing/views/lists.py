"""What the list pages share: read the address, ask the store, show rows with a bad cursor mended; follow live."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from accounts.views.tables import TablePage
from common.errors import Invalid
from common.moments import parse_moment
from tracing.filters import Filter, filters_as_json
from tracing.store.base import Cursor
from tracing.store.base import Page as StorePage
from tracing.views.filtering import RANGES, Filtering, Reader, chip_links, read_filters, read_order

Row = TypeVar("Row")
LIMITS = ("25", "50", "100")


# Rows that one poll of the live tail reads at most; that many new ones at once replace what is shown.
FOLLOWED = 100
# A transaction may commit this long after the moment that it writes as its own.
SLACK = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tail:
    """Whether the list is followed live, how to say otherwise, and from where its polls go on.

    `since` is the moment up to which everything is shown, `oldest` the time of the last row: what lies before it would
    not stand on this page.
    """

    on: bool
    since: datetime
    oldest: datetime | None


class ListPage(TablePage, ABC):
    """A filtered, sorted list that continues by cursor. A subclass names its table of filters and its columns.

    With a `row` (the template of one row, in the words of `rows`) it can be followed live: `?live=1` shows the newest
    first, and `?since=&oldest=` beside it answers only the rows that were written since, however old their own time.
    """

    filters: ClassVar[Mapping[str, tuple[Any, Reader]]]
    time_column: ClassVar[str] = "timestamp"
    orders: ClassVar[tuple[str, ...]]
    default_order: ClassVar[str]
    default_range: ClassVar[str] = "all"
    # What may be hidden, in the order of the table.
    columns: ClassVar[tuple[tuple[str, Any], ...]] = ()
    row: ClassVar[str] = ""
    part = "rows"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        filtering = read_filters(request.GET, self.seen_filters(), self.time_column, self.default_range)
        live = bool(self.row and request.GET.get("live") and not request.GET.get("cursor"))
        if live and "since" in request.GET:
            return self.written_since(filtering, now)
        order = read_order(request.GET, self.orders, self.default_order)
        if live:
            order = read_order(QueryDict(), self.orders, self.default_order)
        asked = request.GET.get("limit", "")
        limit = int(asked) if asked in LIMITS else 50
        page, fault = read_window(request, limit, lambda window: self.read(filtering, order, window))
        return self.render(
            {
                "page": page,
                "rows": self.rows(page.rows),
                "fault": fault,
                "filtering": filtering,
                "chips": chip_links(request.GET, filtering.chips),
                "filter_fields": [(param, label) for param, (label, _reader) in self.seen_filters().items()],
                "ranges": [(name, label) for name, (label, _length) in RANGES.items()],
                "order": ".".join(order),
                "filtered": bool(filtering.chips or filtering.search or filtering.since or filtering.until),
                "columns": self.columns,
                "tail": Tail(live, now, self.time_of(page.rows[-1]) if page.rows else None) if self.row else None,
                "matching": filters_as_json(self.conditions(filtering)),
                **self.may_do(),
                **self.more(filtering),
            }
        )

    def written_since(self, filtering: Filtering, now: datetime) -> HttpResponse:
        """The rows to put in place: one question to the store, and nothing (204) as long as nothing was written."""
        since, oldest = (parse_moment(self.request.GET.get(name, "")) for name in ("since", "oldest"))
        if oldest is not None:
            filtering = replace(
                filtering, filters=(*filtering.filters, Filter("datetime", self.time_column, ">=", oldest))
            )
        column, direction = read_order(QueryDict(), self.orders, self.default_order)
        page = self.read(filtering, (column, direction), Cursor(limit=FOLLOWED))
        written = [row for row in page.rows if since is None or row.updated_at + SLACK > since]
        if not written:
            response = HttpResponse(status=204)
        else:
            response = render(self.request, self.row, {"rows": self.rows(written), **self.may_do()})
        response.headers["X-Since"] = now.isoformat()
        if len(written) == FOLLOWED:
            # Between these and the rows on the page others may be missing.
            response.headers["X-All-New"] = "1"
        return response

    def seen_filters(self) -> Mapping[str, tuple[Any, Reader]]:
        """The filters that the person may use."""
        return self.filters

    @abstractmethod
    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Any]:
        """Ask the store."""

    def conditions(self, filtering: Filtering) -> tuple[Filter, ...]:
        """All that is asked of a row, the search excepted."""
        return filtering.filters

    def rows(self, rows: Sequence[Any]) -> Sequence[Any]:
        """What the template gets for each record."""
        return rows

    def time_of(self, row: Any) -> datetime:
        """The time that a row of the store is listed under."""
        found: datetime = row.timestamp
        return found

    def may_do(self) -> dict[str, Any]:
        """What the person may do to chosen rows."""
        return {}

    def more(self, filtering: Filtering) -> dict[str, Any]:
        return {}


def read_window(
    request: HttpRequest, limit: int, ask: Callable[[Cursor], StorePage[Row]]
) -> tuple[StorePage[Row], str]:
    """The page behind `?cursor=` (before it with `back`); for a cursor that is none the first page and a sentence."""
    after = request.GET.get("cursor", "")
    try:
        return ask(Cursor(after, limit, backwards=bool(after and request.GET.get("back")))), ""
    except Invalid as fault:
        try:
            return ask(Cursor("", limit)), fault.message
        except Invalid:
            return StorePage(()), fault.message
