"""Built-in prices: genai-prices' offline data, found by a model's name, however the name is spelled.

Calls go through proxies and resellers under names like `openai/gpt-4o`, `anthropic/claude-3.5-sonnet`,
`Qwen/Qwen2.5-72B-Instruct` or `llama3.1:70b`. A name is tried, in this order:

1. as its maker writes it (`gpt-4o-2024-08-06`, `deepseek-chat`), by the price list's own matching;
2. with a vendor's or host's prefix (`groq/llama-3.1-8b-instant`), in that price list; then without it;
3. by its letters and digits alone, in the price lists of those who host open models.

Open models have no price of their own; step 3 charges what the first listed host takes. A project whose calls cost
something else (or nothing) says so by a definition of its own, which always wins.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from llm.tariffs import ModelPrice, Period, Tier, UsageCondition, in_order

# price lists of makers, tried in turn for a name without a prefix
MAKERS = (
    *("openai", "anthropic", "google", "deepseek", "mistral", "x-ai", "cohere", "moonshotai", "zai", "zhipuai"),
    *("minimax", "perplexity", "voyageai", "meta", "azure", "aws"),
)
# price lists of hosts, in the order in which an open model's price is looked for
HOSTS = ("openrouter", "together", "fireworks", "groq", "novita", "cerebras", "baseten", "cloudflare")
# prefixes that the price lists do not know by themselves
PREFIXES: Mapping[str, str] = {
    "fireworks_ai": "fireworks",
    "fireworks-ai": "fireworks",
    "gemini": "google",
    "moonshot": "moonshotai",
    "z-ai": "zai",
    "zhipu": "zhipuai",
    "cohere_chat": "cohere",
    "azure_ai": "azure",
    "deepseek-ai": "deepseek",
    "mistralai": "mistral",
}
# our name of a price -> theirs, and how many units theirs is for
PRICES: Mapping[str, tuple[str, int]] = {
    "input": ("input_mtok", 1_000_000),
    "output": ("output_mtok", 1_000_000),
    "input_cache_read": ("cache_read_mtok", 1_000_000),
    "input_cache_creation": ("cache_write_mtok", 1_000_000),
    "input_cache_creation_1h": ("cache_write_1h_mtok", 1_000_000),
    "input_audio": ("input_audio_mtok", 1_000_000),
    "input_audio_cache_read": ("cache_audio_read_mtok", 1_000_000),
    "output_audio": ("output_audio_mtok", 1_000_000),
    "input_image": ("input_image_mtok", 1_000_000),
    "output_image": ("output_image_mtok", 1_000_000),
    "input_video": ("input_video_mtok", 1_000_000),
    "output_video": ("output_video_mtok", 1_000_000),
    "output_reasoning": ("output_reasoning_mtok", 1_000_000),
    "request": ("requests_kcount", 1_000),
}
# what a threshold "above N input tokens" sums
INPUT_KEYS = "input|prompt|cache"
MAX_NAME = 200
_DATE = re.compile(r"[-@]20\d\d-?[01]\d-?[0-3]\d$|[-:@]latest$")
_REGION = re.compile(r"^(?:us|eu|apac|global|us-gov|jp|au)\.(?=[a-z])")
_BEDROCK = re.compile(r"^(?:anthropic|amazon|meta|mistral|cohere|deepseek|qwen|openai|ai21)\.[a-z]")
# names of the same model at another price
_APART = (":free", ":batch")
_NOISE = re.compile(r"[^a-z0-9]+")
# endings that open models carry or drop at will
_TUNED = re.compile(r"(?:instruct|chat|it|hf)$")


@cache
def _providers() -> dict[str, Any]:
    # Half a second and 30 MB: paid by the first look-up, not by every process.
    from genai_prices.data_snapshot import get_snapshot

    return {provider.id: provider for provider in get_snapshot().providers}


def models() -> tuple[ModelPrice, ...]:
    """All built-in definitions that have a token price, makers first."""
    return _all()


def by_id(model_id: str) -> ModelPrice | None:
    """The built-in definition of that id (`openai:gpt-4o`)."""
    return _by_id().get(model_id)


def match(model: str) -> ModelPrice | None:
    """The built-in definition that prices a model of this name."""
    return _match(model.strip()[:MAX_NAME].lower())


@lru_cache(maxsize=8192)
def _match(name: str) -> ModelPrice | None:
    while name:
        found = _as_named(name)
        if found is not None:
            return found
        shorter = _DATE.sub("", name)
        if shorter == name:
            break
        name = shorter
    return None


def _as_named(name: str) -> ModelPrice | None:
    rest = name.removeprefix("models/")
    while rest:
        head, slash, tail = rest.partition("/")
        found = _listed(head, tail, rest) if slash else _unprefixed(rest)
        if found is not None or not slash:
            return found
        rest = tail
    return None


def _listed(head: str, tail: str, whole: str) -> ModelPrice | None:
    """A name with a prefix, in the price list the prefix names, then in the one that keeps such names."""
    provider = _by_prefix(head) if not tail.endswith(_APART) else None
    # `:free`, `:batch`… are prices of their own, which only the list that keeps whole names knows.
    places = [("openrouter", whole), (provider, tail)] if ":" in tail else [(provider, tail), ("openrouter", whole)]
    return next(filter(None, (_find(provider_id, name) for provider_id, name in places if provider_id)), None)


def _by_prefix(head: str) -> str | None:
    from genai_prices.data_snapshot import find_provider_by_id

    if head in PREFIXES:
        return PREFIXES[head]
    provider = find_provider_by_id(list(_providers().values()), head)
    return provider.id if provider else None


def _unprefixed(name: str) -> ModelPrice | None:
    name = _REGION.sub("", name)
    # Small models distilled from a large one start with the large one's name.
    if "-distill-" not in name and not name.endswith(_APART):
        makers = [p.id for p in _providers().values() if p.model_match is not None and p.model_match.is_match(name)]
        first = ["aws"] if _BEDROCK.match(name) else []
        for provider_id in dict.fromkeys([*first, *makers, *MAKERS]):
            found = _find(provider_id, name)
            if found is not None:
                return found
    return _by_letters().get(_NOISE.sub("", name)) or _by_letters().get(_TUNED.sub("", _NOISE.sub("", name)))


def _find(provider_id: str, name: str) -> ModelPrice | None:
    providers = _providers()
    provider = providers.get(provider_id)
    model = provider.find_model(name, all_providers=list(providers.values())) if provider else None
    return _by_object().get(id(model)) if model is not None else None


@cache
def _by_letters() -> dict[str, ModelPrice]:
    """Open models by the letters and digits of their names, with and without `instruct` and the like."""
    index: dict[str, ModelPrice] = {}
    for exact in (True, False):
        for provider_id in HOSTS:
            for model in _providers()[provider_id].models:
                price = _by_object().get(id(model))
                letters = _NOISE.sub("", model.id.lower().rpartition("/")[2])
                key = letters if exact else _TUNED.sub("", letters)
                if price is not None and key:
                    index.setdefault(key, price)
                    index.setdefault(key.removeprefix("meta"), price)
    return index


@cache
def _table() -> tuple[dict[int, ModelPrice], tuple[ModelPrice, ...]]:
    by_object: dict[int, ModelPrice] = {}
    for provider_id in dict.fromkeys((*MAKERS, *HOSTS, *_providers())):
        for model in _providers()[provider_id].models:
            price = _price(provider_id, model)
            if price is not None:
                by_object[id(model)] = price
    return by_object, tuple(by_object.values())


def _by_object() -> dict[int, ModelPrice]:
    return _table()[0]


def _all() -> tuple[ModelPrice, ...]:
    return _table()[1]


@cache
def _by_id() -> dict[str, ModelPrice]:
    return {price.id: price for price in _all()}


def _price(provider_id: str, model: Any) -> ModelPrice | None:
    """A model of the price list as ours; None for one that is not charged by tokens or requests."""
    dated = model.prices if isinstance(model.prices, list) else None
    periods = (
        [Period(entry.constraint, _tiers(model.id, entry.prices)) for entry in dated]
        if dated
        else [Period(None, _tiers(model.id, model.prices))]
    )
    if not all(period.tiers[-1].prices for period in periods):
        return None
    return ModelPrice(
        id=f"{provider_id}:{model.id}",
        name=model.id,
        pattern="(?i)" + "|".join(_patterns(model.match)),
        unit="TOKENS",
        periods=tuple(periods),
        provider=provider_id,
    )


def _tiers(model_id: str, listed: Any) -> tuple[Tier, ...]:
    """Their "above N input tokens, all tokens cost…" as tiers of ours."""
    values = {ours: (getattr(listed, theirs), per) for ours, (theirs, per) in PRICES.items()}
    values = {ours: (value, per) for ours, (value, per) in values.items() if value is not None}
    starts = sorted({tier.start for value, _ in values.values() for tier in getattr(value, "tiers", ())}, reverse=True)
    tiers = [_tier(model_id, values, None, 0)]
    tiers += [_tier(model_id, values, start, priority) for priority, start in enumerate(starts, 1)]
    return in_order(tiers)


def _tier(model_id: str, values: Mapping[str, tuple[Any, int]], start: int | None, priority: int) -> Tier:
    prices = {ours: _from(value, start) / per for ours, (value, per) in values.items()}
    if start is None:
        return Tier(f"{model_id}:default", "Standard", 0, (), prices)
    condition = UsageCondition(INPUT_KEYS, "gt", start)
    return Tier(f"{model_id}:{start}", f"Above {start} input tokens", priority, (condition,), prices)


def _from(value: Any, start: int | None) -> Decimal:
    if isinstance(value, Decimal):
        return value
    price: Decimal = value.base
    for tier in value.tiers:
        if start is not None and tier.start <= start:
            price = tier.price
    return price


def _patterns(clause: Any) -> Iterator[str]:
    """The price list's matching rule written as regular expressions, for people to read and to copy."""
    match type(clause).__name__:
        case "ClauseEquals":
            yield f"^{re.escape(clause.equals)}$"
        case "ClauseStartsWith":
            yield f"^{re.escape(clause.starts_with)}"
        case "ClauseEndsWith":
            yield f"{re.escape(clause.ends_with)}$"
        case "ClauseContains":
            yield re.escape(clause.contains)
        case "ClauseRegex":
            yield clause.regex
        case "ClauseOr":
            for inner in clause.or_:
                yield from _patterns(inner)
        case "ClauseAnd":
            # The first part narrows most; a conjunction has no plain regular expression.
            yield from _patterns(clause.and_[0])
