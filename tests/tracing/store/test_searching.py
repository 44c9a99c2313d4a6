"""Searches and filters by texts find the same with signatures as without, and expand few packs."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import at, generation, step, trace
from tracing.filters import Filter
from tracing.store.base import Cursor, Measure, MetricsQuery, Numbered, ObservationQuery, Store, TraceQuery
from tracing.store.postgres import narrowing, packs, signatures

RANDOM = uuid.UUID(int=0xFEDCBA9876543210_0123456789ABCDEF).hex
LONG = '"' + "words and more words " * 1_000 + 'Haystack"'


@pytest.fixture
def texts(write: Callable[..., None]) -> None:
    for n in range(30):
        write(trace(f"t{n}", timestamp=at(n), name=f"name {n}"), step(f"o{n}", f"t{n}", input=f'"common words {n}"'))
    write(trace("own", input='"Ёжик в тумане"'), step("inner", "own", output=LONG, metadata={"note": '"Quux flies"'}))
    write(trace(RANDOM, name="by id"), generation("model", RANDOM, model="claude-opus-9"))
    write(step("alone", None, input='"say \\"Zanzibar\\"\\nplease"'))
    write(step("alone", "named"))
    write(trace("theirs", name="Zanzibar", input='"Quux Ёжик"'), project_id=ELSEWHERE)


@pytest.fixture(params=["signed", "half signed", "unsigned"])
def prepared(request: pytest.FixtureRequest, texts: None, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "half signed":
        monkeypatch.setattr(signatures, "MOST", 10)
        monkeypatch.setattr(signatures, "BATCH", 10)
    if request.param != "unsigned":
        assert signatures.sign() > 0


@pytest.mark.parametrize(
    ("search", "traces", "steps"),
    [
        ("ЁЖИК В ТУМ", {"own"}, set()),
        ("haystack", {"own"}, {"inner"}),
        ("zanzibar", {"named"}, {"alone"}),
        ('say "Zanzibar"\nplease', {"named"}, {"alone"}),
        ("opus-9", set(), {"model"}),
        (RANDOM, {RANDOM}, {"model"}),
        (RANDOM[:10], {RANDOM}, {"model"}),
        ("name 17", {"t17"}, set()),
        ("common words 23", {"t23"}, {"o23"}),
        ("nowhere at all", set(), set()),
        ("_%", set(), set()),
    ],
)
def test_a_search_finds_what_is_there_and_nothing_else(
    a_store: Store, prepared: None, search: str, traces: set[str], steps: set[str]
) -> None:
    for window in (Cursor(limit=5), Numbered(limit=5)):
        found = a_store.traces(TraceQuery(project_id=HERE, search=search, search_bodies=True, window=window))
        assert {row.id for row in found.rows} == traces
        inner = a_store.observations(
            ObservationQuery(project_id=HERE, search=search, search_bodies=True, window=window)
        )
        assert {row.id for row in inner.rows} == steps
    assert found.total == len(traces)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Filter("string", "input", "contains", "WORDS 7"), {"o7"}),
        (Filter("string", "input", "=", "common words 7"), {"o7"}),
        (Filter("string", "input", "starts with", "say"), {"alone"}),
        (Filter("string", "output", "ends with", "haystack"), {"inner"}),
        (Filter("stringObject", "metadata", "contains", "quux", "note"), {"inner"}),
        (Filter("categoryOptions", "metadata", "any of", ("Quux flies",), "note"), {"inner"}),
        (Filter("null", "metadata", "is not null", ""), {"inner"}),
        (Filter("null", "output", "is not null", ""), {"inner"}),
    ],
)
def test_a_filter_finds_the_same_in_lists_and_in_metrics(
    a_store: Store, prepared: None, condition: Filter, expected: set[str]
) -> None:
    query = ObservationQuery(project_id=HERE, filters=(condition,), window=Numbered())
    assert {row.id for row in a_store.observations(query).rows} == expected
    counted = Measure(measure="count", aggregation="count")
    asked = MetricsQuery(
        project_id=HERE, view="observations", measures=(counted,), since=at(0), until=at(99), filters=(condition,)
    )
    assert a_store.metrics(asked) == [{"count_count": len(expected)}]


def test_what_does_not_contain_is_everything_else(a_store: Store, prepared: None) -> None:
    query = ObservationQuery(
        project_id=HERE, filters=(Filter("string", "input", "does not contain", "common"),), window=Numbered()
    )
    assert {row.id for row in a_store.observations(query).rows} == {"inner", "model", "alone"}


def test_a_rare_word_expands_few_packs(a_store: Store, texts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    signatures.sign()
    expanded: list[int] = []
    read = packs.read

    def counting(project_id: str, ids: Any, **named: Any) -> Any:
        expanded.extend(ids)
        return read(project_id, ids, **named)

    monkeypatch.setattr(packs, "read", counting)
    a_store.traces(TraceQuery(project_id=HERE, search="тумане", search_bodies=True))
    assert len(set(expanded)) <= 3


def test_a_common_word_ends_with_the_newest_page(a_store: Store, texts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    signatures.sign()
    monkeypatch.setattr(narrowing, "MANY", 5)
    seen, after = [], ""
    while True:
        window = Cursor(limit=7, after=after)
        page = a_store.traces(TraceQuery(project_id=HERE, search="common", search_bodies=True, window=window))
        seen += [row.id for row in page.rows]
        if not page.next_cursor:
            break
        after = page.next_cursor
    assert seen == [f"t{n}" for n in reversed(range(30))]
