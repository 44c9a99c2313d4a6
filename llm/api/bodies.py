"""Model definitions on the wire."""

from datetime import datetime
from typing import Any

import msgspec

from common.api.fields import WireStruct
from llm.definitions import Draft, TierDraft


class TierBody(WireStruct, frozen=True):
    name: str
    is_default: bool
    priority: int
    conditions: list[Any]
    prices: dict[str, float]


class ModelBody(WireStruct, frozen=True):
    """Body of `POST /models` and `PUT /models/{id}`."""

    model_name: str
    match_pattern: str
    start_date: datetime | None = None
    unit: str | None = None
    input_price: float | None = None
    output_price: float | None = None
    total_price: float | None = None
    pricing_tiers: list[TierBody] | None = None
    tokenizer_id: str | None = None
    tokenizer_config: Any = None

    def draft(self) -> Draft:
        """The body as the verbs take it."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name != "pricing_tiers"}
        tiers = None
        if self.pricing_tiers is not None:
            tiers = [TierDraft(**msgspec.structs.asdict(tier)) for tier in self.pricing_tiers]
        return Draft(**values, tiers=tiers)
