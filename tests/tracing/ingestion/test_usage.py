import pytest

from tracing.ingestion import usage


def test_plain_buckets_are_taken_as_they_are() -> None:
    given = {"input": 46, "output": 3, "total": 49, "input_cache_read": 0}
    assert usage.usage_details(given) == given


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"prompt_tokens": 18, "completion_tokens": 2, "total_tokens": 20}, {"input": 18, "output": 2, "total": 20}),
        ({"promptTokens": 18, "completionTokens": 2, "totalTokens": 20}, {"input": 18, "output": 2, "total": 20}),
        ({"input_tokens": 18, "output_tokens": 2, "total_tokens": 20}, {"input": 18, "output": 2, "total": 20}),
    ],
)
def test_openai_names_become_ours(given: dict, counts: dict) -> None:
    assert usage.usage_details(given) == counts


def test_parts_are_taken_out_of_the_whole_they_belong_to() -> None:
    given = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": None},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    counts = usage.usage_details(given)
    assert counts == {
        "input": 40,
        "input_cached_tokens": 60,
        "output": 20,
        "output_reasoning_tokens": 30,
        "total": 150,
    }


def test_numbers_that_make_no_sense_are_dropped() -> None:
    given = {"a": -1, "b": 1.5, "c": "x", "d": None, "e": True, "f": [1], "g": "12", "h": 3.0, "i": 10**13}
    assert usage.usage_details(given) == {"g": 12, "h": 3}


def test_the_legacy_object_gives_counts_and_costs() -> None:
    given = {"input": 1, "output": 2, "unit": "TOKENS", "inputCost": 0.1, "outputCost": 0.2, "totalCost": 0.3}
    assert usage.legacy_usage(given) == ({"input": 1, "output": 2}, {"input": 0.1, "output": 0.2, "total": 0.3})


def test_costs_are_finite_and_not_negative() -> None:
    given = {"input": 0.5, "a": -1, "b": float("inf"), "c": "0.25", "d": None, "e": "x", "f": True}
    assert usage.cost_details(given) == {"input": 0.5, "c": 0.25}
