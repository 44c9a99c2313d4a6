"""What the list pages share: read the address, ask the store, show rows with a bad cursor mended."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, HttpResponse

from common.errors import Invalid
from common.pages import Page
from tracing.store.base import Cursor
from tracing.store.base import Page as StorePage
from tracing.views.filtering import RANGES, Filtering, Reader, chip_links, read_filters, read_order

Row = TypeVar("Row")
LIMITS = ("25", "50", "100")


class ListPage(Page, ABC):
    """A filtered, sorted list that continues by cursor. A subclass names its table of filters and its columns."""

    filters: ClassVar[Mapping[str, tuple[Any, Reader]]]
    time_column: ClassVar[str] = "timestamp"
    orders: ClassVar[tuple[str, ...]]
    default_order: ClassVar[str]
    default_range: ClassVar[str] = "all"
    part = "rows"

    def get(self, request: HttpRequest) -> HttpResponse:
        filtering = read_filters(request.GET, self.filters, self.time_column, self.default_range)
        order = read_order(request.GET, self.orders, self.default_order)
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
                "filter_fields": [(param, label) for param, (label, _reader) in self.filters.items()],
                "ranges": [(name, label) for name, (label, _length) in RANGES.items()],
                "order": ".".join(order),
                "filtered": bool(filtering.chips or filtering.search or filtering.since or filtering.until),
                **self.more(filtering),
            }
        )

    @abstractmethod
    def read(self, filtering: Filtering, order: tuple[Any, Any], window: Cursor) -> StorePage[Any]:
        """Ask the store."""

    def rows(self, rows: Sequence[Any]) -> Sequence[Any]:
        """What the template gets for each record."""
        return rows

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
