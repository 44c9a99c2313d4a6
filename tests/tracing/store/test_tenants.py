"""No method shows or touches what belongs to another project, even under the same ids."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.tracing.store.conftest import ELSEWHERE, HERE
from tests.tracing.store.making import NOON, at, generation, score, trace
from tracing.records import Changes, SessionChange
from tracing.store.base import (
    Deletion,
    Measure,
    MetricsQuery,
    Numbered,
    ObservationQuery,
    ScoreQuery,
    SessionQuery,
    Store,
    TraceQuery,
)

READS: dict[str, Callable[[Store, str], Any]] = {
    "get_trace": lambda store, project: store.get_trace(project, "t1"),
    "traces": lambda store, project: store.traces(
        TraceQuery(project_id=project, search="name", search_bodies=True, with_bodies=True, with_ids=True)
    ),
    "traces by id": lambda store, project: store.traces(TraceQuery(project_id=project, ids=("t1",), window=Numbered())),
    "observations": lambda store, project: store.observations(
        ObservationQuery(project_id=project, trace_ids=("t1",), with_bodies=True, with_trace=True)
    ),
    "sessions": lambda store, project: store.sessions(SessionQuery(project_id=project, ids=("s1",))),
    "scores": lambda store, project: store.scores(ScoreQuery(project_id=project, trace_ids=("t1",), window=None)),
    **{
        f"metrics of {view}": lambda store, project, view=view: store.metrics(
            MetricsQuery(
                project_id=project,
                view=view,
                measures=(Measure(measure="count", aggregation="count"),),
                dimensions=("name",),
                since=NOON,
                until=at(1),
            )
        )
        for view in ("traces", "observations", "scores-numeric")
    },
}


@pytest.fixture
def both(write: Any) -> None:
    for project in (HERE, ELSEWHERE):
        write(
            trace(name=f"name {project}", session_id="s1", user_id=project, input=f'"{project}"'),
            generation(name=f"name {project}", model=project, input=f'"{project}"'),
            score(name=f"name {project}"),
            project_id=project,
        )


@pytest.mark.parametrize("read", READS)
def test_a_read_shows_its_own_project_only(a_store: Store, both: None, read: str) -> None:
    shown = repr(READS[read](a_store, HERE))
    assert shown
    assert ELSEWHERE not in shown
    assert ELSEWHERE in repr(READS[read](a_store, ELSEWHERE))
    assert HERE not in repr(READS[read](a_store, "a third"))


def test_a_trace_sums_up_and_lists_its_own_parts_only(a_store: Store, both: None) -> None:
    [row] = a_store.traces(TraceQuery(project_id=HERE, with_ids=True)).rows
    assert (row.observation_count, row.total_cost, row.observation_ids, row.score_ids) == (1, 0.003, ("g1",), ("s1",))
    [session] = a_store.sessions(SessionQuery(project_id=HERE)).rows
    assert (session.trace_count, session.user_ids) == (1, (HERE,))


def test_a_write_touches_its_own_project_only(a_store: Store, both: None, write: Any) -> None:
    before = {name: READS[name](a_store, ELSEWHERE) for name in READS}
    write(trace(name="changed"), generation(name="changed", trace_id=None), score(value=0.0))
    a_store.write(HERE, Changes(sessions=[SessionChange(id="s1", public=True)]))
    assert {name: READS[name](a_store, ELSEWHERE) for name in READS} == before


@pytest.mark.parametrize(
    "deletion",
    [
        Deletion(project_id=HERE, kind="traces", ids=("t1",)),
        Deletion(project_id=HERE, kind="traces", before=at(60)),
        Deletion(project_id=HERE, kind="scores", ids=("s1",)),
        Deletion(project_id=HERE, kind="project"),
    ],
)
def test_a_deletion_touches_its_own_project_only(a_store: Store, both: None, deletion: Deletion) -> None:
    before = {name: READS[name](a_store, ELSEWHERE) for name in READS}
    a_store.delete(deletion)
    assert {name: READS[name](a_store, ELSEWHERE) for name in READS} == before
