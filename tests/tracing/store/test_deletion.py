"""What goes when something is deleted, and what stays."""

from typing import Any

import pytest

from common.errors import Invalid
from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import at, generation, score, step, trace
from tracing.store.base import Deletion, ObservationQuery, ScoreQuery, SessionQuery, Store, TraceQuery
from tracing.store.postgres import deletion as batches


def left(a_store: Store) -> tuple[set[str], ...]:
    return tuple(
        {row.id for row in page.rows}
        for page in (
            a_store.traces(TraceQuery(project_id=HERE)),
            a_store.observations(ObservationQuery(project_id=HERE)),
            a_store.scores(ScoreQuery(project_id=HERE)),
            a_store.sessions(SessionQuery(project_id=HERE)),
        )
    )


@pytest.fixture
def three(write: Any) -> None:
    for n in range(3):
        write(
            trace(f"t{n}", timestamp=at(n), session_id=f"s{n // 2}"),
            generation(f"g{n}", f"t{n}"),
            score(f"s{n}", trace_id=f"t{n}", observation_id=f"g{n}"),
        )
    write(score("of-session", session_id="s1"), score("of-run", dataset_run_id="r"))


def test_traces_go_with_everything_in_them(a_store: Store, three: None) -> None:
    assert a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t1", "t2", "unknown"))) == 2
    assert left(a_store) == ({"t0"}, {"g0"}, {"s0", "of-run"}, {"s0"})
    assert a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t1", "t2"))) == 0


def test_a_session_stays_while_it_has_traces(a_store: Store, three: None) -> None:
    a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t0",)))
    assert left(a_store)[3] == {"s0", "s1"}


def test_old_traces_go_in_batches(a_store: Store, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 1)
    assert a_store.delete(Deletion(project_id=HERE, kind="traces", before=at(2))) == 2
    assert left(a_store) == ({"t2"}, {"g2"}, {"s2", "of-session", "of-run"}, {"s1"})


def test_a_deleted_trace_may_come_again(a_store: Store, three: None, write: Any) -> None:
    a_store.delete(Deletion(project_id=HERE, kind="traces", ids=("t0",)))
    write(step("again", "t0"))
    found = a_store.get_trace(HERE, "t0")
    assert found
    assert (found.trace.observation_count, found.scores) == (1, ())


def test_scores_go_alone(a_store: Store, three: None) -> None:
    assert a_store.delete(Deletion(project_id=HERE, kind="scores", ids=("s0", "of-run", "s0", "unknown"))) == 2
    assert left(a_store)[2] == {"s1", "s2", "of-session"}
    assert left(a_store)[0] == {"t0", "t1", "t2"}


def test_a_project_goes_whole(a_store: Store, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    assert a_store.delete(Deletion(project_id=HERE, kind="project")) == 3
    assert left(a_store) == (set(), set(), set(), set())


def test_deleting_traces_needs_ids_or_a_time(a_store: Store, three: None) -> None:
    with pytest.raises(Invalid):
        a_store.delete(Deletion(project_id=HERE, kind="traces"))
    assert len(left(a_store)[0]) == 3
