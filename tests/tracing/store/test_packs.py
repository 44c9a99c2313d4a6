"""Texts stand in packs: what is said again and again, deleted or very long, and what two do at once."""

import random
from typing import Any

import pytest

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import NOON, generation, score, step, trace
from tracing.models import ObservationRow, PackRow, TraceRow
from tracing.store.base import Deletion, ObservationQuery, Store, TraceQuery
from tracing.store.postgres import packs
from tracing.store.postgres.folding import DEEP

SECRET = "the cat is called Mephisto"


def kept() -> str:
    """Everything that all packs hold."""
    return repr([packs.decode(row.body, row.rest) for row in PackRow.objects.order_by("id")])


def test_the_texts_of_one_write_stand_in_one_pack(a_store: Store, write: Any) -> None:
    write(trace(input='"i"'), step(output='"o"'), generation(parent_observation_id="o1"))
    [pack] = PackRow.objects.all()
    assert {*TraceRow.objects.values_list("pack"), *ObservationRow.objects.values_list("pack")} == {(pack.id,)}


def test_what_is_said_in_many_writes_is_folded(a_store: Store, write: Any) -> None:
    for turn in range(3 * DEEP):
        write(
            trace(name="n", output=f'"o{turn}"', metadata={"scope": str(turn)}),
            step(input=f'"i{turn}"', metadata={f"k{turn}": str(turn)}),
        )
    found = a_store.get_trace(HERE, "t1")
    assert found
    last = 3 * DEEP - 1
    assert (found.trace.output, found.trace.metadata) == (f'"o{last}"', f'{{"scope":{last}}}')
    assert found.observations[0].input == f'"i{last}"'
    expected = "{" + ",".join(f'"k{turn}":{turn}' for turn in range(3 * DEEP)) + "}"
    assert found.observations[0].metadata == expected
    assert PackRow.objects.count() <= DEEP + 1


def test_the_same_word_of_a_trace_adds_nothing(a_store: Store, write: Any) -> None:
    for _ in range(9):
        write(trace(explicit=False, name="n", user_id="u"))
    assert PackRow.objects.count() == 1
    assert TraceRow.objects.get().earlier is None


def test_what_is_implied_at_last_stays_behind_what_was_folded(a_store: Store, write: Any) -> None:
    for turn in range(DEEP + 2):
        write(trace(input=f'"said {turn}"'))
    write(trace(explicit=False, input='"implied"', output='"implied"'))
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.input, found.trace.output) == (f'"said {DEEP + 1}"', '"implied"')


def test_a_deleted_trace_leaves_no_text_behind(a_store: Store, write: Any) -> None:
    for turn in range(DEEP + 3):
        write(
            trace("t1", input=f'"{SECRET} {turn}"'),
            step("o1", "t1", output=f'"{SECRET} {turn}"', metadata={"note": f'"{SECRET}"'}),
            trace("t2", input=f'"kept {turn}"'),
            step("o2", "t2", output='"kept"'),
        )
    write(trace("t1", explicit=False, name=SECRET))
    write(trace("t1", explicit=False, name=SECRET))
    assert SECRET in kept()
    a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t1",)))
    assert SECRET not in kept()
    found = a_store.get_trace(HERE, "t2")
    assert found
    assert (found.trace.input, found.observations[0].output) == (f'"kept {DEEP + 2}"', '"kept"')
    a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t2",)))
    assert not PackRow.objects.exists()


def test_packs_of_a_project_go_with_it_and_others_stay(a_store: Store, write: Any) -> None:
    write(trace(input=f'"{SECRET}"'))
    write(trace(input='"theirs"'), project_id=ELSEWHERE)
    a_store.delete(Deletion(project_id=HERE, kind="project"))
    assert list(PackRow.objects.values_list("project_id")) == [(ELSEWHERE,)]


def test_a_pack_of_another_project_is_never_read(a_store: Store, write: Any) -> None:
    write(trace(input=f'"{SECRET}"'), project_id=ELSEWHERE)
    write(trace(input='"mine"'))
    TraceRow.objects.filter(project_id=HERE).update(pack=PackRow.objects.get(project_id=ELSEWHERE).id)
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert found.trace.input is None


def test_long_texts_stand_apart_and_come_back_whole(a_store: Store, write: Any) -> None:
    long = '"' + "слово " * packs.LONG + 'end"'
    write(trace(input=long, output='"short"'), step(input='"short"', output=long))
    [pack] = PackRow.objects.all()
    assert pack.rest
    assert len(pack.body) < 2_000
    [line] = a_store.traces(TraceQuery(project_id=HERE)).rows
    assert line.input_preview.startswith("слово слово")
    assert line.input is None
    found = a_store.get_trace(HERE, "t1")
    assert found
    assert (found.trace.input, found.trace.output) == (long, '"short"')
    assert (found.observations[0].input, found.observations[0].output) == ('"short"', long)
    assert [row.id for row in a_store.traces(TraceQuery(project_id=HERE, search="END", search_bodies=True)).rows] == [
        "t1"
    ]


def test_a_write_of_much_makes_several_packs(a_store: Store, write: Any) -> None:
    letters = random.Random(1)
    texts = {f"o{n}": '"' + "".join(letters.choices("абвгд efgh", k=packs.MOST // 3 - 10)) + '"' for n in range(7)}
    write(*(step(id, input=text) for id, text in texts.items()))
    assert PackRow.objects.count() == 3
    found = a_store.observations(ObservationQuery(project_id=HERE, with_bodies=True)).rows
    assert {row.id: row.input for row in found} == texts


def test_details_come_back_whether_or_not_the_sums_say_it_all(a_store: Store, write: Any) -> None:
    write(generation("plain"), generation("odd", usage_details={"input": 1, "input_cached_tokens": 2, "total": 3}))
    plain = {"input": 10, "output": 5, "total": 15}
    odd = {"input": 1, "input_cached_tokens": 2, "total": 3}
    rows = {row.id: row for row in a_store.observations(ObservationQuery(project_id=HERE)).rows}
    assert (rows["plain"].usage_details, rows["odd"].usage_details) == (plain, odd)
    assert rows["plain"].cost_details == {"input": 0.001, "output": 0.002, "total": 0.003}
    write(generation("odd"), generation("plain", usage_details=odd, cost_details={"total": 1.0}, total_cost=1.0))
    rows = {row.id: row for row in a_store.observations(ObservationQuery(project_id=HERE)).rows}
    assert (rows["plain"].usage_details, rows["odd"].usage_details) == (odd, plain)
    assert (rows["plain"].cost_details, rows["plain"].total_cost) == ({"total": 1.0}, 1.0)
    stored = dict(ObservationRow.objects.values_list("id", "usage_details"))
    assert (stored["odd"], stored["plain"]) == (None, odd)


def test_a_row_whose_texts_move_while_it_is_read_is_read_again(
    a_store: Store, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(trace(input='"old"'), score(), step(input='"inner"'))
    read = packs.read

    def moving(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(packs, "read", read)
        for turn in range(DEEP + 1):
            write(trace(input=f'"new {turn}"', seen_at=NOON))
        return read(*args, **named)

    monkeypatch.setattr(packs, "read", moving)
    [found] = a_store.traces(TraceQuery(project_id=HERE, with_bodies=True)).rows
    assert found.input == f'"new {DEEP}"'
