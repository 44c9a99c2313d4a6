"""Which price a model has, and what the built-in price list holds."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from common.pages import Page
from llm import builtin
from llm.pricing import book
from llm.tariffs import ModelPrice

SHOWN = 100
MILLION = 1_000_000
COLUMNS = ("input", "input_cache_read", "input_cache_creation", "output")


class PriceList(Page):
    """Look up a name as clients send it: the definition that prices it, and built-in ones whose name holds the text."""

    template = "llm/price_list.html"
    part = "prices"
    section = "settings"

    def get(self, request: HttpRequest) -> HttpResponse:
        name = request.GET.get("q", "").strip()[: builtin.MAX_NAME]
        prices = book(self.project_id)
        match = prices.match(name, datetime.now(UTC)) if name else None
        listed = [price for price in builtin.models() if name.lower() in f"{price.provider}/{price.name}".lower()]
        return self.render(
            {
                "q": name,
                "may_price": self.may("models:write"),
                "match": _row(match) if match else None,
                "own": match in prices.definitions if match else False,
                "rows": [_row(price) for price in listed[:SHOWN]],
                "hidden": max(len(listed) - SHOWN, 0),
            }
        )


def _row(price: ModelPrice) -> dict[str, Any]:
    tiers = price.tiers(datetime.now(UTC))
    standard = {bucket: float(value * MILLION) for bucket, value in tiers[-1].prices.items()}
    return {
        "price": price,
        "main": [standard.get(column) for column in COLUMNS],
        "more": {bucket: value for bucket, value in standard.items() if bucket not in COLUMNS},
        "tiers": len(tiers) - 1,
    }
