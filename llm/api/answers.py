"""What the routes about models answer, for the API's description (`operations.py`)."""

from datetime import datetime
from typing import Any

import msgspec

from common.api.fields import WireStruct


class Price(WireStruct, frozen=True):
    price: float


class PricingTier(WireStruct, frozen=True):
    """Prices in dollars by bucket of usage; each condition is about usage, a parameter or metadata."""

    id: str
    name: str
    is_default: bool
    priority: int
    conditions: list[dict[str, Any]]
    prices: dict[str, float]


class Model(WireStruct, frozen=True):
    """A definition; those that came with PromptLab are marked by `isLangfuseManaged`."""

    id: str
    model_name: str
    match_pattern: str
    start_date: datetime | None
    unit: str | None
    input_price: float | None
    output_price: float | None
    total_price: float | None
    created_at: datetime
    prices: dict[str, Price]
    pricing_tiers: list[PricingTier]
    tokenizer_id: str | None
    tokenizer_config: Any
    is_langfuse_managed: bool


class Connection(WireStruct, frozen=True):
    """A connection to a provider; secrets are never shown."""

    id: str
    provider: str
    adapter: str
    display_secret_key: str
    base_url: str | None = msgspec.field(name="baseURL")
    custom_models: list[str]
    with_default_models: bool
    extra_header_keys: list[str]
    config: Any
    created_at: datetime
    updated_at: datetime
