"""Whatever comes, nothing is a 500: recorded bodies, spoilt at random (seeded, so that a failure can be repeated)."""

import copy
import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.tracing.ingestion.conftest import Doors
from tests.tracing.ingestion.making import JSON, PROTOBUF, event, json_span

pytestmark = pytest.mark.django_db

RECORDED = Path(__file__).parents[2] / "recorded"
ROUNDS = int(os.environ.get("PROMPTLAB_TEST_ROUNDS", "15"))

JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, -(10**18), "", " ", "x" * 900, "\0", "a\rb", "\ud800", "😀" * 800,
    "null", "NaN", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00+14:00", "[[[",
    '{"a":', [], {}, [[]], [None], [1, "a", {}], {"": ""}, {"\0": "\0"}, {"a": {"b": {"c": None}}},
    {"input": -5, "output": "x", "total": 1e20}, {"prompt_tokens": 1, "prompt_tokens_details": 7},
    json.loads("[" * 150 + "]" * 150),
)  # fmt: skip


def spoilt(value: Any, dice: random.Random) -> Any:
    """A copy with one to three leaves or branches replaced, lost or renamed."""
    value = copy.deepcopy(value)
    for _ in range(dice.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return dice.choice(JUNK)
        owner, key = dice.choice(places)
        action = dice.random()
        if action < 0.75:
            owner[key] = copy.deepcopy(dice.choice(JUNK))
        elif action < 0.9 or isinstance(owner, list):
            del owner[key]
        else:
            owner[dice.choice(["id", "type", "timestamp", "metadata", "\0", "x"])] = owner.pop(key)
    return value


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def bodies(pattern: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted(RECORDED.glob(pattern))]
    return [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in found]


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_events_never_harm_their_neighbours(doors: Doors, seed: int) -> None:
    dice = random.Random(seed)
    events = [given for body in bodies("*/*post-ingestion.body") for given in json.loads(body)["batch"]]
    for number in range(ROUNDS):
        good = event("trace-create", {"id": f"good-{number}"})
        batch = [spoilt(given, dice) for given in dice.sample(events, 12)]
        batch.insert(dice.randint(0, 12), good)
        answer = doors.api.post("ingestion", json.dumps({"batch": batch}).encode())
        assert answer.status_code == 207, (seed, number, answer.content)
        outcome = answer.json()
        assert len(outcome["successes"]) + len(outcome["errors"]) == 13
        assert good["id"] in [made["id"] for made in outcome["successes"]]
        for error in outcome["errors"]:
            assert error["status"] == 400 and ": " in error["message"]
    _read_all(doors)
    assert doors.trace(f"good-{ROUNDS - 1}")


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_json_spans_never_harm_their_neighbours(doors: Doors, seed: int) -> None:
    dice = random.Random(seed)
    (body,) = bodies("js5/*otel*.body")
    spans = [
        span
        for resource_spans in json.loads(body)["resourceSpans"]
        for scope_spans in resource_spans["scopeSpans"]
        for span in scope_spans["spans"]
    ]
    for number in range(ROUNDS):
        good = json_span(traceId=f"{number + 1:032x}")
        sent = [*(spoilt(span, dice) for span in dice.sample(spans, 6)), good]
        export = {
            "resourceSpans": [
                {"scopeSpans": [{"scope": {"name": dice.choice(["langfuse-sdk", "ai", "x"])}, "spans": sent}]}
            ]
        }
        answer = doors.export(json.dumps(export).encode(), JSON)
        assert answer.status_code == 200, (seed, number, answer.content)
    _read_all(doors)
    assert doors.trace(f"{ROUNDS:032x}")


@pytest.mark.parametrize(("pattern", "content_type"), [("*/*otel*.body", PROTOBUF), ("js5/*otel*.body", JSON)])
def test_spoilt_bytes_of_spans_are_answered(doors: Doors, pattern: str, content_type: str) -> None:
    dice = random.Random(7)
    found = [body for body in bodies(pattern) if (body[:1] == b"{") == (content_type == JSON)]
    for number in range(ROUNDS * 4):
        body = bytearray(dice.choice(found))
        _flip(body, dice)
        answer = doors.export(bytes(body), content_type)
        assert answer.status_code in (200, 400), (number, answer.content)
        assert answer.status_code == 200 or set(answer.json()) == {"message", "error"}


def test_spoilt_bytes_of_batches_are_answered(doors: Doors) -> None:
    dice = random.Random(8)
    found = bodies("*/*post-ingestion.body")
    for number in range(ROUNDS * 4):
        body = bytearray(dice.choice(found))
        _flip(body, dice)
        answer = doors.api.post("ingestion", bytes(body))
        assert answer.status_code in (207, 400), (number, answer.content)
        assert answer.json()


def _read_all(doors: Doors) -> None:
    """What was stored can be read."""
    for what in ("traces", "observations", "scores", "sessions"):
        page, pages = 1, 1
        while page <= pages:
            answer = doors.api.get(what, page=page, limit=100)
            assert answer.status_code == 200, answer.content
            page, pages = page + 1, answer.json()["meta"]["totalPages"]


def _flip(body: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body))] = dice.randrange(256)
    if dice.random() < 0.3:
        del body[dice.randrange(len(body)) :]
