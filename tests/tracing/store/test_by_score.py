"""Traces by score, whichever side they are looked for from, are those that a plain aggregation gives."""

import operator
import random
from collections import defaultdict
from collections.abc import Callable
from statistics import fmean
from typing import Any

import pytest

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import at, score, trace
from tracing.filters import Filter
from tracing.records import ScoreChange
from tracing.store.base import Cursor, Numbered, Store, TraceQuery
from tracing.store.postgres import by_score

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq,
}  # fmt: skip
LONG = "quality " * 90
HALVES = (-1.0, -0.5, 0.0, 0.5, 1.0)  # their means are exact or far apart
TRACES = 40


@pytest.fixture(params=[0, 6, 5_000], ids=["none are few", "some are few", "all are few"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_score, "FEW", request.param)


@pytest.fixture
def scores(write: Callable[..., None]) -> list[ScoreChange]:
    """Of several names and types, several on a trace, on its steps, on traces that are not there."""
    chance = random.Random(4)
    made: list[ScoreChange] = []
    for number in range(160):
        said: dict[str, Any] = {"trace_id": f"t{chance.randrange(TRACES + 5):02}", "name": chance.choice(("f1", LONG))}
        if chance.random() < 0.3:
            said["observation_id"] = f"o{chance.randrange(5)}"
        match chance.randrange(4):
            case 0:
                yes = chance.random() < 0.5
                said |= {"data_type": "BOOLEAN", "value": float(yes), "string_value": str(yes)}
            case 1:
                word = chance.choice(("warm", "cold", "rude"))
                said |= {"data_type": "CATEGORICAL", "value": 0.0, "string_value": word}
            case _:
                said["value"] = chance.choice(HALVES)
        made.append(score(f"s{number}", **said))
    made.append(score("of-a-session", name="f1", value=1.0, session_id="a"))
    write(*(trace(f"t{number:02}", timestamp=at(number)) for number in range(TRACES)), *made)
    write(trace("t00"), score("theirs", name="f1", value=50.0, trace_id="t00"), project_id=ELSEWHERE)
    return made


def check(a_store: Store, expected: set[str], *filters: Filter) -> None:
    """All of them, newest first, on pages of both kinds, and counted."""
    newest = sorted((id for id in expected if id < f"t{TRACES:02}"), reverse=True)
    first = a_store.traces(TraceQuery(project_id=HERE, filters=filters, window=Numbered(page=1, limit=2)))
    assert ([row.id for row in first.rows], first.total) == (newest[:2], len(newest))
    found: list[str] = []
    window: Cursor | None = Cursor(limit=7)
    while window:
        page = a_store.traces(TraceQuery(project_id=HERE, filters=filters, window=window))
        found += [row.id for row in page.rows]
        window = Cursor(limit=7, after=page.next_cursor) if page.next_cursor else None
    assert found == newest


def of(scores: list[ScoreChange], name: str, *types: str) -> dict[str, list[ScoreChange]]:
    by_trace: dict[str, list[ScoreChange]] = defaultdict(list)
    for one in scores:
        if one.trace_id and one.name == name and one.data_type in types:
            by_trace[one.trace_id].append(one)
    return by_trace


@pytest.mark.parametrize("value", [-1, -0.5, 0, 0.25, 0.5, 1, 2])
def test_means(a_store: Store, scores: list[ScoreChange], few: None, value: float) -> None:
    for name in ("f1", LONG):
        means = {
            id: fmean(one.value or 0 for one in some) for id, some in of(scores, name, "NUMERIC", "BOOLEAN").items()
        }
        for sign, compare in COMPARE.items():
            expected = {id for id, mean in means.items() if compare(mean, value)}
            check(a_store, expected, Filter("numberObject", "scores_avg", sign, value, name))


@pytest.mark.parametrize("words", [("warm",), ("rude", "cold"), ("True",), ("absent",)])
def test_categories(a_store: Store, scores: list[ScoreChange], few: None, words: tuple[str, ...]) -> None:
    chosen = {
        id
        for id, some in of(scores, "f1", "CATEGORICAL", "BOOLEAN").items()
        if any(one.string_value in words for one in some)
    }
    check(a_store, chosen, Filter("categoryOptions", "score_categories", "any of", words, "f1"))
    others = {f"t{number:02}" for number in range(TRACES)} - chosen
    check(a_store, others, Filter("categoryOptions", "score_categories", "none of", words, "f1"))


@pytest.mark.parametrize("wanted", [True, False])
def test_booleans(a_store: Store, scores: list[ScoreChange], few: None, wanted: bool) -> None:
    chosen = {id for id, some in of(scores, LONG, "BOOLEAN").items() if any(one.value == wanted for one in some)}
    check(a_store, chosen, Filter("booleanObject", "score_booleans", "=", wanted, LONG))
    others = {f"t{number:02}" for number in range(TRACES)} - chosen
    check(a_store, others, Filter("booleanObject", "score_booleans", "<>", wanted, LONG))


def test_two_filters_and_another(a_store: Store, scores: list[ScoreChange], few: None) -> None:
    means = {id: fmean(one.value or 0 for one in some) for id, some in of(scores, "f1", "NUMERIC", "BOOLEAN").items()}
    warm = {
        id for id, some in of(scores, "f1", "CATEGORICAL").items() if any(one.string_value == "warm" for one in some)
    }
    filters = (
        Filter("numberObject", "scores_avg", ">=", 0, "f1"),
        Filter("categoryOptions", "score_categories", "any of", ("warm",), "f1"),
        Filter("datetime", "timestamp", ">=", at(10)),
    )
    expected = {id for id, mean in means.items() if mean >= 0 and id in warm and id >= "t10"}
    assert expected
    check(a_store, expected, *filters)


def test_a_mean_that_rounding_lifts_above_all_its_values_is_found(
    a_store: Store, write: Callable[..., None], few: None
) -> None:
    write(trace("t01"), *(score(f"s{n}", name="f1", value=0.1, trace_id="t01") for n in range(3)))
    assert (0.1 + 0.1 + 0.1) / 3 > 0.1
    check(a_store, {"t01"}, Filter("numberObject", "scores_avg", ">", 0.1, "f1"))
