"""What a call costs: usage buckets times prices, chosen by tier (api.md, section 3.1). Pure values, no look-ups.

Usage buckets are disjoint: cached, reasoning or audio tokens are counted in a bucket of their own and not again in
`input` or `output`. A bucket without a price of its own is charged at the price of what it is a kind of.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal, Protocol

import msgspec

from llm.patterns import found

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}

# bucket -> its spellings among the SDKs, frameworks and price lists; the first is ours
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "input": ("input", "input_tokens", "prompt_tokens"),
    "output": ("output", "output_tokens", "completion_tokens"),
    "input_cache_read": (
        "input_cache_read",
        "input_cached_tokens",
        "cache_read_input_tokens",
        "input_cache_read_tokens",
        "input_cached",
        "cached_tokens",
    ),
    "input_cache_creation": (
        "input_cache_creation",
        "cache_creation_input_tokens",
        "input_cache_creation_tokens",
        "input_cache_write",
        "input_cache_creation_5m",
    ),
    "input_cache_creation_1h": ("input_cache_creation_1h",),
    "input_audio_cache_read": ("input_audio_cache_read",),
    "input_audio": ("input_audio", "input_audio_tokens"),
    "output_audio": ("output_audio", "output_audio_tokens"),
    "input_image": ("input_image", "input_image_tokens"),
    "output_image": ("output_image", "output_image_tokens"),
    "input_video": ("input_video", "input_video_tokens"),
    "output_video": ("output_video", "output_video_tokens"),
    "output_reasoning": ("output_reasoning", "output_reasoning_tokens"),
}
# a bucket without a price is charged as the next one
CHARGED_AS: Mapping[str, str] = {
    "input_cache_creation_1h": "input_cache_creation",
    "input_cache_creation": "input",
    "input_audio_cache_read": "input_cache_read",
    "input_cache_read": "input",
    "input_audio": "input",
    "input_image": "input",
    "input_video": "input",
    "output_audio": "output",
    "output_image": "output",
    "output_video": "output",
    "output_reasoning": "output",
}
_BUCKET = {spelling: bucket for bucket, spellings in SPELLINGS.items() for spelling in spellings}


@dataclass(frozen=True, slots=True)
class UsageCondition:
    """The sum of the usage whose keys match `pattern`, compared with `value`."""

    pattern: str
    operator: str
    value: float
    case_sensitive: bool = False

    def holds(self, call: "Call") -> bool:
        used = sum(count for key, count in call.usage.items() if found(self.pattern, key, not self.case_sensitive))
        return COMPARISONS[self.operator](used, self.value)


@dataclass(frozen=True, slots=True)
class AttributeCondition:
    """A model parameter or a metadata value is one of `values`."""

    source: Literal["model_parameters", "metadata"]
    key: str
    values: tuple[str, ...]

    def holds(self, call: "Call") -> bool:
        return call.attribute(self.source, self.key) in self.values


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices per unit in US dollars, which apply when all conditions hold; the tier of priority 0 has none."""

    id: str
    name: str
    priority: int
    conditions: tuple[UsageCondition | AttributeCondition, ...]
    prices: Mapping[str, Decimal]

    @property
    def is_default(self) -> bool:
        return self.priority == 0

    def price_of(self, usage_key: str) -> Decimal | None:
        """The price of one unit of a usage bucket, directly or by what the bucket is a kind of."""
        for name in _names(usage_key):
            price = self.prices.get(name)
            if price is not None:
                return price
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """What the conditions look at. `model_parameters` is JSON text, `metadata` JSON texts by key."""

    usage: Mapping[str, int]
    model_parameters: str | None = None
    metadata: Mapping[str, str] | None = None

    def attribute(self, source: str, key: str) -> str | None:
        """A top-level value as text; None when there is none."""
        text = self.model_parameters if source == "model_parameters" else (self.metadata or {}).get(key)
        try:
            value = msgspec.json.decode(text) if text else None
        except (msgspec.DecodeError, UnicodeError):
            return None
        if source == "model_parameters":
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, str):
            return value
        return msgspec.json.encode(value).decode()


class Constraint(Protocol):
    """When a price holds."""

    def active(self, request_timestamp: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Period:
    """Tiers that hold while `constraint` is active (None: always)."""

    constraint: Constraint | None
    tiers: tuple[Tier, ...]  # the conditional ones by priority, the default one last


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """A model with its prices: a project's definition or a built-in one."""

    id: str
    name: str
    pattern: str
    unit: str
    periods: tuple[Period, ...]  # of several active ones the last holds; the first holds when none is active
    start_date: datetime | None = None
    tokenizer: str | None = None
    provider: str = ""  # of a built-in price: whose price list it is from

    def tiers(self, at: datetime) -> tuple[Tier, ...]:
        """The tiers of that moment."""
        for period in reversed(self.periods):
            if period.constraint is None or period.constraint.active(at):
                return period.tiers
        return self.periods[0].tiers

    def default_tier(self, at: datetime) -> Tier:
        return self.tiers(at)[-1]


def in_order(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Tiers as they are tried: conditional ones by ascending priority, then the default one."""
    return tuple(sorted(tiers, key=lambda tier: (tier.is_default, tier.priority)))


def cost(tiers: Sequence[Tier], call: Call) -> dict[str, float]:
    """Dollars per usage key, and `total`; empty when nothing of the usage has a price."""
    if not call.usage:
        return {}
    tier = next(tier for tier in tiers if all(condition.holds(call) for condition in tier.conditions))
    costs: dict[str, Decimal] = {}
    for key, count in call.usage.items():
        price = tier.price_of(key)
        if price is not None:
            costs[key] = price * count
    own_total = costs.pop("total", None)
    if not costs and own_total is None and call.usage.keys() == {"total"} and tier.price_of("output") is None:
        # Embeddings report a total only, and all of it is input.
        price = tier.price_of("input")
        own_total = None if price is None else price * call.usage["total"]
    if not costs and own_total is None:
        return {}
    if "request" in tier.prices and "request" not in costs and own_total is None:
        costs["request"] = tier.prices["request"]
    total = sum(costs.values(), Decimal(0)) if own_total is None else own_total
    return {**{key: float(value) for key, value in costs.items()}, "total": float(total)}


@lru_cache(maxsize=4096)
def side(usage_key: str) -> str | None:
    """Whether a usage bucket is of the "input" or the "output"; "total" for totals, None for anything else."""
    if usage_key in ("total", "total_tokens"):
        return "total"
    bucket = _bucket_of(usage_key)
    return bucket and bucket.partition("_")[0]


@lru_cache(maxsize=4096)
def _names(usage_key: str) -> tuple[str, ...]:
    """Under which names a price for this usage key may stand, best first."""
    names = [usage_key]
    bucket = _bucket_of(usage_key)
    while bucket:
        names.extend(SPELLINGS[bucket])
        bucket = CHARGED_AS.get(bucket)
    return tuple(dict.fromkeys(names))


def _bucket_of(usage_key: str) -> str | None:
    """The bucket of a usage key, by its spelling or by the words in it."""
    key = usage_key.lower()
    if key in _BUCKET:
        return _BUCKET[key]
    if "cach" in key:
        if "creat" in key or "writ" in key:
            return "input_cache_creation_1h" if "1h" in key else "input_cache_creation"
        return "input_audio_cache_read" if "audio" in key else "input_cache_read"
    if any(word in key for word in ("reasoning", "thinking", "thoughts")):
        return "output_reasoning"
    for direction, prefixes in (("input", ("input", "prompt")), ("output", ("output", "completion"))):
        if key.startswith(prefixes):
            kind = next((kind for kind in ("audio", "image", "video") if kind in key), "")
            return f"{direction}_{kind}" if kind else direction
    return None
