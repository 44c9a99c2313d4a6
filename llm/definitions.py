"""Defining what a model costs: the rules, and the verbs that API and admin share (api.md, section 3.1.6)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.authors import Author
from accounts.storable import storable
from common.errors import Invalid, NotFound
from common.finding import find
from common.ids import new_id
from llm import builtin
from llm.models import TOKENIZERS, UNITS, ModelDefinition
from llm.patterns import check_pattern
from llm.pricing import forget
from llm.tariffs import COMPARISONS

STANDARD = "Standard"
MAX_NAME = 200
MAX_ID = 100
MAX_TIERS = 50
# Of one unit. Dearer is a mistake, and a bill of many such units would be no number any more.
MAX_PRICE = 1_000_000
SOURCES = ("model_parameters", "metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class TierDraft:
    """Prices under conditions, as given; `conditions` as on the wire."""

    name: str
    is_default: bool
    priority: int
    conditions: Sequence[Any]
    prices: Mapping[str, float]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A definition as given: flat prices or tiers, in US dollars per unit."""

    model_name: str
    match_pattern: str
    start_date: datetime | None = None
    unit: str | None = None
    input_price: float | None = None
    output_price: float | None = None
    total_price: float | None = None
    tiers: Sequence[TierDraft] | None = None
    tokenizer_id: str | None = None
    tokenizer_config: Any = field(default=None)


def create(project_id: str, draft: Draft, author: Author, model_id: str = "") -> ModelDefinition:
    """Add a definition to the project; raises Invalid for one that breaks a rule or has a name that is taken."""
    definition = ModelDefinition(pk=model_id or new_id(), project_id=project_id)
    return _save(definition, draft, author, "create")


def replace(project_id: str, model_id: str, draft: Draft, author: Author) -> ModelDefinition:
    """Create or replace the project's definition of that id; raises NotFound for ids that belong elsewhere."""
    _refuse_built_in(model_id)
    if not 1 <= len(model_id) <= MAX_ID or not model_id.isprintable():
        raise Invalid(f"id must have 1 to {MAX_ID} printable characters.", "id")
    definition = ModelDefinition.objects.filter(pk=model_id).first()
    if definition is None:
        return create(project_id, draft, author, model_id)
    if definition.project_id != project_id:
        raise NotFound("Model not found")
    return _save(definition, draft, author, "update")


def remove(project_id: str, model_id: str, author: Author) -> None:
    """Delete the project's definition; what it priced keeps its costs. Built-in ones cannot be deleted."""
    _refuse_built_in(model_id)
    with transaction.atomic():
        definition = own(project_id, model_id)
        author.record("delete", "model", model_id, project=project_id, before=as_told(definition))
        definition.delete()
        forget(project_id)


def own(project_id: str, model_id: str) -> ModelDefinition:
    """The project's definition of that id; raises NotFound."""
    return find(ModelDefinition.objects.filter(project_id=project_id), model_id, "Model not found")


def as_told(definition: ModelDefinition) -> dict[str, Any]:
    """What the audit log keeps of a definition."""
    return {
        "modelName": definition.model_name,
        "matchPattern": definition.match_pattern,
        "startDate": definition.start_date.isoformat() if definition.start_date else None,
        "unit": definition.unit,
        "tokenizerId": definition.tokenizer_id,
        "pricingTiers": definition.tiers,
    }


def _refuse_built_in(model_id: str) -> None:
    if builtin.by_id(model_id) is not None:
        raise NotFound("Model not found: a built-in one cannot be changed. Define one of the same pattern; it wins.")


def check(draft: Draft) -> dict[str, Any]:
    """What would be stored, by field of `ModelDefinition`; raises Invalid naming the wire's field."""
    return {
        "model_name": _model_name(draft.model_name),
        "match_pattern": check_pattern(draft.match_pattern, "matchPattern"),
        "start_date": draft.start_date,
        "unit": _one_of(draft.unit or "TOKENS", UNITS, "unit"),
        "tokenizer_id": _one_of(draft.tokenizer_id, TOKENIZERS, "tokenizerId") if draft.tokenizer_id else None,
        "tokenizer_config": storable(draft.tokenizer_config),
        "tiers": check_tiers(draft),
    }


def taken(project_id: str, model_name: str, but_for: str = "") -> bool:
    """Whether another definition of the project has that name."""
    others = ModelDefinition.objects.filter(project_id=project_id, model_name=model_name.strip()).exclude(pk=but_for)
    return others.exists()


def _save(definition: ModelDefinition, draft: Draft, author: Author, action: str) -> ModelDefinition:
    before = as_told(definition) if action == "update" else None
    for name, value in check(draft).items():
        setattr(definition, name, value)
    try:
        with transaction.atomic():
            definition.save()
            told = as_told(definition)
            author.record(action, "model", definition.pk, project=definition.project_id, before=before, after=told)
            forget(definition.project_id)
    except IntegrityError:
        raise Invalid(
            f"modelName: the project has a model named '{definition.model_name}' already. Change that one.", "modelName"
        ) from None
    return definition


def _model_name(sent: str) -> str:
    name = sent.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"modelName must have 1 to {MAX_NAME} printable characters.", "modelName")
    return name


def _one_of(value: str, choices: Sequence[tuple[str, Any]], place: str) -> str:
    known = [known for known, _ in choices]
    if value not in known:
        raise Invalid(f"{place} must be one of {', '.join(known)}.", place)
    return value


# --- Prices -------------------------------------------------------------------------------------------


def check_tiers(draft: Draft) -> list[dict[str, Any]]:
    """The tiers as they are stored; raises Invalid with the place of the first fault."""
    flat = {"input": draft.input_price, "output": draft.output_price, "total": draft.total_price}
    given = {name: price for name, price in flat.items() if price is not None}
    if draft.tiers is not None:
        if given:
            raise Invalid(
                "pricingTiers cannot be given together with inputPrice, outputPrice or totalPrice.", "pricingTiers"
            )
        return _tiers(draft.tiers)
    if "total" in given and len(given) > 1:
        raise Invalid("totalPrice cannot be given together with inputPrice or outputPrice.", "totalPrice")
    prices = {name: _price(price, f"{name}Price") for name, price in given.items()}
    return [_stored(TierDraft(name=STANDARD, is_default=True, priority=0, conditions=(), prices=prices), [], prices)]


def _tiers(tiers: Sequence[TierDraft]) -> list[dict[str, Any]]:
    if len([tier for tier in tiers if tier.is_default]) != 1:
        raise Invalid("pricingTiers must hold exactly one tier with isDefault true.", "pricingTiers")
    if len(tiers) > MAX_TIERS:
        raise Invalid(f"pricingTiers must hold at most {MAX_TIERS} tiers.", "pricingTiers")
    for what, values in (("name", [tier.name for tier in tiers]), ("priority", [tier.priority for tier in tiers])):
        if len(set(values)) < len(values):
            raise Invalid(f"pricingTiers: every tier needs a {what} of its own.", "pricingTiers")
    return [_tier(tier, f"pricingTiers[{position}]") for position, tier in enumerate(tiers)]


def _tier(tier: TierDraft, place: str) -> dict[str, Any]:
    if not tier.name.strip() or len(tier.name) > MAX_NAME:
        raise Invalid(f"{place}.name must have 1 to {MAX_NAME} characters.", f"{place}.name")
    if tier.is_default and (tier.priority != 0 or tier.conditions):
        raise Invalid(f"{place}: the default tier has priority 0 and no conditions.", f"{place}.priority")
    if not tier.is_default and (tier.priority < 1 or not tier.conditions):
        raise Invalid(f"{place}: only the default tier has priority 0 and no conditions.", f"{place}.conditions")
    if not tier.prices:
        raise Invalid(f"{place}.prices must hold at least one price.", f"{place}.prices")
    prices = {name: _price(price, f"{place}.prices.{name}") for name, price in tier.prices.items()}
    conditions = [
        _condition(condition, f"{place}.conditions[{position}]") for position, condition in enumerate(tier.conditions)
    ]
    return _stored(tier, conditions, prices)


def _stored(tier: TierDraft, conditions: list[dict[str, Any]], prices: Mapping[str, float]) -> dict[str, Any]:
    return {
        "id": tier.id or new_id(),
        "name": tier.name,
        "isDefault": tier.is_default,
        "priority": tier.priority,
        "conditions": conditions,
        "prices": dict(prices),
    }


def _price(price: float, place: str) -> float:
    if not 0 <= price <= MAX_PRICE:
        raise Invalid(f"{place} must be a number of US dollars, from 0 to {MAX_PRICE}.", place)
    return price


def _condition(raw: Any, place: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise Invalid(f"{place} must be an object.", place)
    return _attribute_condition(raw, place) if "source" in raw else _usage_condition(raw, place)


def _usage_condition(raw: Mapping[str, Any], place: str) -> dict[str, Any]:
    pattern, operator, value = (raw.get(name) for name in ("usageDetailPattern", "operator", "value"))
    if not isinstance(pattern, str):
        raise Invalid(f"{place}.usageDetailPattern must be a string.", f"{place}.usageDetailPattern")
    if operator not in COMPARISONS:
        raise Invalid(f"{place}.operator must be one of {', '.join(COMPARISONS)}.", f"{place}.operator")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Invalid(f"{place}.value must be a number.", f"{place}.value")
    return {
        "usageDetailPattern": check_pattern(pattern, f"{place}.usageDetailPattern"),
        "operator": operator,
        "value": value,
        "caseSensitive": raw.get("caseSensitive") is True,
    }


def _attribute_condition(raw: Mapping[str, Any], place: str) -> dict[str, Any]:
    source, key, operator, values = (raw.get(name) for name in ("source", "key", "operator", "values"))
    if source not in SOURCES:
        raise Invalid(f"{place}.source must be one of {', '.join(SOURCES)}.", f"{place}.source")
    if not isinstance(key, str) or not key or "\0" in key:
        raise Invalid(f"{place}.key must name a key.", f"{place}.key")
    if operator not in (None, "in"):
        raise Invalid(f"{place}.operator must be 'in'.", f"{place}.operator")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise Invalid(f"{place}.values must be a non-empty list of strings.", f"{place}.values")
    return {"source": source, "key": key, "operator": "in", "values": values}
