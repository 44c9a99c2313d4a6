"""On what terms a connection is used: its limits, its patience, its prices. Known to our page only, not to the API."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid

# Field -> the most it may be; the least is 1.
BOUNDS = {
    "concurrency": 1_000,
    "requests_per_minute": 1_000_000,
    "tokens_per_minute": 1_000_000_000,
    "answer_seconds": 3_600,
}
MOST_PRICES = 500
_LARGEST = 1e9
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens of a model cost."""

    model: str
    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """None is no limit. `per_dollar` is what a US dollar costs in `currency`; without prices neither counts."""

    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    answer_seconds: int | None = None
    currency: str = "USD"
    per_dollar: float | None = None
    prices: Sequence[Price] = ()


def checked(terms: Terms) -> dict[str, Any]:
    """What would be stored, by field of `LlmConnection`. Raises Invalid, which names the field of the Terms."""
    stored: dict[str, Any] = {name: _bounded(getattr(terms, name), name) for name in BOUNDS}
    return stored | {"prices": _prices(terms) if terms.prices else None}


def as_told(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log keeps."""
    return {name: value for name, value in stored.items() if value is not None}


def _bounded(value: int | None, field: str) -> int | None:
    if value is not None and not 1 <= value <= BOUNDS[field]:
        raise Invalid(_("Give a number from 1 to %(most)s, or none.") % {"most": BOUNDS[field]}, field)
    return value


def _prices(terms: Terms) -> dict[str, Any]:
    currency = terms.currency.strip().upper() or "USD"
    if not _CURRENCY.fullmatch(currency):
        raise Invalid(_("Give the currency by its three letters, such as USD or RUB."), "currency")
    per_dollar = 1.0 if currency == "USD" else terms.per_dollar
    if per_dollar is None or not 0 < per_dollar <= _LARGEST or not math.isfinite(per_dollar):
        raise Invalid(_("Say what one US dollar costs in %(currency)s.") % {"currency": currency}, "per_dollar")
    if len(terms.prices) > MOST_PRICES:
        raise Invalid(_("Give up to %(most)s prices.") % {"most": MOST_PRICES}, "prices")
    models = {}
    for price in terms.prices:
        if not all(math.isfinite(amount) and 0 <= amount <= _LARGEST for amount in (price.input, price.output)):
            raise Invalid(_("The prices of %(model)s are no amounts of money.") % {"model": price.model}, "prices")
        if price.model in models:
            raise Invalid(_("%(model)s has two prices. Keep one.") % {"model": price.model}, "prices")
        models[price.model] = {"input": price.input, "output": price.output}
    return {"currency": currency, "per_dollar": per_dollar, "models": models}
