"""What a call used and cost, in the shapes that clients give it (api.md, section 3; wire notes, section 2).

Numbers that make no sense (negative, fractional counts, texts that are no numbers) are left out and told of: usage is a
by-product, and no reason to refuse an observation.
"""

import math
from collections.abc import Mapping
from typing import Any

from tracing.ingestion.misunderstood import Note, shown, unheard

# Larger figures are mistakes, and sums of them would leave the range of the columns.
MAX_COUNT = 10**12
MAX_COST = 10**9

# OpenAI's names (both of its APIs, and the camelCase of older SDKs) -> ours.
PLAIN_NAMES = {
    "prompt_tokens": "input",
    "input_tokens": "input",
    "promptTokens": "input",
    "completion_tokens": "output",
    "output_tokens": "output",
    "completionTokens": "output",
    "total_tokens": "total",
    "totalTokens": "total",
}
# Parts of a count, given beside it: `{"cached_tokens": 5}` of the prompt becomes the bucket `input_cached_tokens`.
PARTS = {
    "prompt_tokens_details": "input",
    "input_tokens_details": "input",
    "input_token_details": "input",
    "completion_tokens_details": "output",
    "output_tokens_details": "output",
    "output_token_details": "output",
}
# Words beside the counts.
NO_COUNTS = frozenset({"unit", "service_tier"})
LEGACY_COSTS = {"inputCost": "input", "outputCost": "output", "totalCost": "total"}


def usage_details(given: Mapping[str, Any], note: Note = unheard) -> dict[str, int]:
    """Counts by bucket. The buckets do not overlap: parts are taken out of the `input` and `output` they belong to."""
    counts: dict[str, int] = {}
    for name, value in given.items():
        if (number := count(value)) is not None:
            counts.setdefault(PLAIN_NAMES.get(name, name).replace("\0", "\ufffd"), number)
        elif value is not None and name not in PARTS and name not in NO_COUNTS:
            note(name, f"must be a count, not {shown(value)}; it was left out.")
    for name, whole in PARTS.items():
        if name in given and isinstance(parts := given[name], dict):
            for part, value in parts.items():
                if (number := count(value)) is not None:
                    counts[f"{whole}_{part}".replace("\0", "\ufffd")] = number
                    counts[whole] = max(0, counts.get(whole, 0) - number)
                elif value is not None:
                    note(f"{name}.{part}", f"must be a count, not {shown(value)}; it was left out.")
    return counts


def cost_details(given: Mapping[str, Any], note: Note = unheard) -> dict[str, float]:
    """US dollars by bucket."""
    costs: dict[str, float] = {}
    for name, value in given.items():
        if (cost := money(value)) is not None:
            costs[name.replace("\0", "\ufffd")] = cost
        elif value is not None:
            note(name, f"must be an amount in US dollars, not {shown(value)}; it was left out.")
    return costs


def legacy_usage(given: Mapping[str, Any], note: Note = unheard) -> tuple[dict[str, int], dict[str, float]]:
    """Counts and costs of the older `usage`: `{input, output, total, unit, inputCost, outputCost, totalCost}`."""
    counts = usage_details({name: value for name, value in given.items() if name not in LEGACY_COSTS}, note)
    costs = cost_details({plain: given[name] for name, plain in LEGACY_COSTS.items() if name in given}, note)
    return counts, costs


def count(value: Any) -> int | None:
    """A whole number of units; None for anything else. Numbers as text are read."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT else None


def money(value: Any) -> float | None:
    """An amount; None for anything else. Numbers as text are read."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and 0 <= amount <= MAX_COST else None
