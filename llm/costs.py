"""What calls through a connection cost, in US dollars: by its own prices where it has some, else by the price book.

Providers that resell models, bill in another currency or run on one's own machines have prices that no price book
knows. A connection's `prices` hold them as they are on the bill:

    {"currency": "RUB", "per_dollar": 81.5, "models": {"gpt-x": {"input": 150, "output": 600}}}

per million tokens in that currency; `per_dollar` is what one US dollar costs, entered by whoever enters the prices.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from llm import pricing
from llm.models import LlmConnection

MILLION = 1_000_000


def of_call(connection: LlmConnection, model: str, usage: Mapping[str, Any]) -> float | None:
    """By the connection's own price of the model and the usage in OpenAI's names; None without either."""
    tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return None if tokens == (None, None) else _by_own_price(connection, model, tokens[0] or 0, tokens[1] or 0)


def estimated(connection: LlmConnection, model: str, tokens_in: int, tokens_out: int, at: datetime) -> float | None:
    """What a call with that many tokens would cost; None when nobody knows the model's price."""
    own = _by_own_price(connection, model, tokens_in, tokens_out)
    if own is not None:
        return own
    book = pricing.book(connection.project_id)
    price = book.match(model, at)
    cost = book.cost(price, {"input": tokens_in, "output": tokens_out}, at) if price else {}
    return cost.get("total")


def _by_own_price(connection: LlmConnection, model: str, tokens_in: int, tokens_out: int) -> float | None:
    prices = connection.prices or {}
    price = prices.get("models", {}).get(model)
    if price is None:
        return None
    amount: float = (price["input"] * tokens_in + price["output"] * tokens_out) / MILLION / prices["per_dollar"]
    return amount


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
