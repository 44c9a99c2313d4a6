"""What a span says of a call to a model: parameters, usage, cost, and the prompt it was made with."""

import msgspec

from tracing.ingestion import jsontext, usage
from tracing.ingestion.dialects.shape import json_object
from tracing.ingestion.meaning import Meaning
from tracing.records import JsonText

# (field, bucket, the bucket that contains it): a part is taken out of its whole, so that buckets do not overlap.
COUNTS: tuple[tuple[str, str, str | None], ...] = (
    ("count_input", "input", None),
    ("count_output", "output", None),
    ("count_total", "total", None),
    ("count_cached", "input_cached_tokens", "input"),
    ("count_cache_creation", "input_cache_creation", "input"),
    ("count_input_audio", "input_audio_tokens", "input"),
    ("count_reasoning", "output_reasoning_tokens", "output"),
    ("count_output_audio", "output_audio_tokens", "output"),
)
# Without a model of their own they tell the sum of the calls below them.
SUMMING = frozenset({"AGENT", "CHAIN"})
COSTS = (("cost_input", "input"), ("cost_output", "output"), ("total_cost", "total"))
MAX_VERSION = 2**31


def model_parameters(meaning: Meaning) -> JsonText | None:
    """The parameters of the call. Values that are no scalars become JSON strings (wire notes, section 3)."""
    given = meaning.parameters
    if "model_parameters" in meaning.values:
        whole = json_object(meaning.values["model_parameters"])
        if whole is None:
            meaning.unusable("model_parameters", "a JSON object")
        else:
            given = whole
    if not given:
        return None
    flat = {
        name: value if isinstance(value, str | int | float) else jsontext.dump(value)
        for name, value in given.items()
        if value is not None
    }
    return msgspec.json.encode(flat).decode()


def usage_details(meaning: Meaning, kind: str) -> dict[str, int] | None:
    """Counts by bucket, none of them overlapping; None without any."""
    values = meaning.values
    if "usage" in values:
        if (given := json_object(values["usage"])) is not None:
            return usage.usage_details(given, meaning.fault) or None
        meaning.unusable("usage", "a JSON object of counts")
    if not meaning.foreign or (kind in SUMMING and "model" not in values):
        return None
    counts: dict[str, int] = {}
    for of, bucket, whole in COUNTS:
        if of not in values:
            continue
        number = usage.count(values[of])
        if number is None:
            meaning.unusable(of, "a count")
            continue
        if whole is not None and number == 0:
            continue
        counts[bucket] = number
        if whole is not None and whole in counts:
            counts[whole] = max(0, counts[whole] - number)
    return counts or None


def cost_details(meaning: Meaning) -> dict[str, float] | None:
    """US dollars by bucket; None without any."""
    values = meaning.values
    if "cost" in values:
        if (given := json_object(values["cost"])) is not None:
            return usage.cost_details(given, meaning.fault) or None
        meaning.unusable("cost", "a JSON object of amounts")
    if not meaning.foreign:
        return None
    costs: dict[str, float] = {}
    for of, bucket in COSTS:
        if of in values:
            amount = usage.money(values[of])
            if amount is None:
                meaning.unusable(of, "an amount")
            else:
                costs[bucket] = amount
    return costs or None


def prompt(meaning: Meaning) -> tuple[str, int] | None:
    """The prompt version a call was made with: both halves or nothing."""
    values = meaning.values
    name, version = meaning.text("prompt_name"), values.get("prompt_version")
    if name is None and "prompt" in values and (given := json_object(values["prompt"])) is not None:
        name, version = given.get("name"), given.get("version")
    if name is None and version is None:
        return None
    number = usage.count(version)
    if isinstance(name, str) and name and number and number < MAX_VERSION:
        return name, number
    meaning.fault("prompt", "a prompt is linked by its name and the number of its version; the link was left out.")
    return None
