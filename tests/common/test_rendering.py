"""Answers of the API as JSON."""

import json
from datetime import UTC, datetime

import pytest

from common.api.parsing import decode_json
from common.api.rendering import dumps


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**4000], ids=["above", "below", "huge"])
def test_numbers_of_any_size_go_out_as_they_came(number: int) -> None:
    value = {"metadata": decode_json(f'{{"a": [{{"b": {number}}}]}}'.encode()), "rows": ({"n": number},)}
    assert json.loads(dumps(value)) == {"metadata": {"a": [{"b": number}]}, "rows": [{"n": number}]}


def test_other_values_beside_such_a_number_stay_what_they_are() -> None:
    value = {"big": 2**70, "flag": True, "time": datetime(2026, 1, 31, 12, tzinfo=UTC), "none": None, "words": {"ab"}}
    assert json.loads(dumps(value)) == {
        "big": 2**70,
        "flag": True,
        "time": "2026-01-31T12:00:00.000Z",
        "none": None,
        "words": ["ab"],
    }
