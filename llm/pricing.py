"""The price book of a project: which definition prices a model, and what a call costs.

Kept per process and checked against an epoch in the cache at most once a second, so that pricing a span costs no
round trip. A change of definitions turns the epoch; a book is read anew after a minute in any case, should the cache
have lost it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction

from common.ids import new_id
from llm import builtin, tariffs
from llm.models import ModelDefinition
from llm.patterns import found
from llm.tariffs import AttributeCondition, Call, ModelPrice, Period, Tier, UsageCondition, in_order

CHECK_SECONDS = 1.0
REREAD_SECONDS = 60.0
BOOKS_KEPT = 1000
NAMES_KEPT = 10_000


class PriceBook:
    """A project's definitions in front of the built-in ones; answers are remembered per model name."""

    def __init__(self, definitions: Iterable[ModelPrice]) -> None:
        # Newest start date first; those without one last.
        beginning = datetime.min.replace(tzinfo=UTC)
        self.definitions = tuple(sorted(definitions, key=lambda own: own.start_date or beginning, reverse=True))
        self._by_id = {own.id: own for own in self.definitions}
        self._matching: dict[str, tuple[ModelPrice, ...]] = {}

    def match(self, model: str, at: datetime | None = None) -> ModelPrice | None:
        """The definition that prices a model of this name; `at` leaves out those that start later."""
        name = model[: builtin.MAX_NAME]
        matching = self._matching.get(name)
        if matching is None:
            matching = self._find(name)
            if len(self._matching) >= NAMES_KEPT:
                self._matching.clear()
            self._matching[name] = matching
        if not matching:
            return None
        if at is None:
            return matching[0]
        return next((own for own in matching if own.start_date is None or own.start_date <= at), None)

    def by_id(self, model_id: str | None) -> ModelPrice | None:
        """The definition of that id: the project's or a built-in one."""
        return (self._by_id.get(model_id) or builtin.by_id(model_id)) if model_id else None

    def cost(
        self,
        price: ModelPrice,
        usage_details: Mapping[str, int],
        at: datetime,
        *,
        model_parameters: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> dict[str, float]:
        """US dollars per usage key, and `total`; empty when nothing of the usage has a price.

        `model_parameters` (JSON text) and `metadata` (JSON texts by key) are what conditional tiers may look at.
        """
        return tariffs.cost(price.tiers(at), Call(usage_details, model_parameters, metadata))

    def flat(self, price: ModelPrice | None, at: datetime) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """The prices of one input, output and total unit, as reads of observations show them."""
        if price is None:
            return None, None, None
        prices = price.default_tier(at).prices
        return prices.get("input"), prices.get("output"), prices.get("total")

    def _find(self, name: str) -> tuple[ModelPrice, ...]:
        own = tuple(own for own in self.definitions if found(own.pattern, name))
        built_in = builtin.match(name)
        return (*own, built_in) if built_in else own


@dataclass(slots=True)
class _Kept:
    book: PriceBook
    epoch: str | None
    checked: float
    read: float


_books: dict[str, _Kept] = {}


def book(project_id: str) -> PriceBook:
    """The project's price book."""
    now = time.monotonic()
    kept = _books.get(project_id)
    if kept is not None and now - kept.checked < CHECK_SECONDS:
        return kept.book
    epoch = cache.get(_slot(project_id))
    if kept is not None and kept.epoch == epoch and now - kept.read < REREAD_SECONDS:
        kept.checked = now
        return kept.book
    if len(_books) >= BOOKS_KEPT:
        _books.clear()
    fresh = PriceBook(map(as_price, ModelDefinition.objects.filter(project_id=project_id)))
    _books[project_id] = _Kept(fresh, epoch, now, now)
    return fresh


def forget(project_id: str) -> None:
    """Let all processes read the project's definitions anew: now, and once the running transaction is there to see."""
    _turn(project_id)
    transaction.on_commit(lambda: _turn(project_id))


def _turn(project_id: str) -> None:
    cache.set(_slot(project_id), new_id(), None)
    _books.pop(project_id, None)


def _slot(project_id: str) -> str:
    return f"prices:{project_id}"


def as_price(definition: ModelDefinition) -> ModelPrice:
    """A stored definition as a value."""
    return ModelPrice(
        id=definition.pk,
        name=definition.model_name,
        pattern=definition.match_pattern,
        unit=definition.unit,
        periods=(Period(None, in_order([_tier(tier) for tier in definition.tiers])),),
        start_date=definition.start_date,
        tokenizer=definition.tokenizer_id,
    )


def _tier(stored: Mapping[str, Any]) -> Tier:
    prices = {name: Decimal(str(price)) for name, price in stored["prices"].items()}
    return Tier(stored["id"], stored["name"], stored["priority"], tuple(map(_condition, stored["conditions"])), prices)


def _condition(stored: Mapping[str, Any]) -> UsageCondition | AttributeCondition:
    if "source" in stored:
        return AttributeCondition(stored["source"], stored["key"], tuple(stored["values"]))
    return UsageCondition(stored["usageDetailPattern"], stored["operator"], stored["value"], stored["caseSensitive"])
