"""Lists: pages, orders, searches, and what goes with the rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Invalid
from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import at, generation, score, step, trace
from tracing.records import Changes, SessionChange
from tracing.store.base import Cursor, Numbered, ObservationQuery, ScoreQuery, SessionQuery, Store, TraceQuery


def ids(page: Any) -> list[str]:
    return [row.id for row in page.rows]


@pytest.fixture
def seven(write: Callable[..., None]) -> None:
    """Traces t0…t6, two of the same moment, each dearer than the one before, two without a price."""
    for n in range(7):
        priced = {} if n in (2, 5) else {"cost_details": {"total": n / 10}, "total_cost": n / 10}
        write(
            trace(f"t{n}", timestamp=at(min(n, 5)), name="odd" if n % 2 else "even", session_id=f"s{n % 2}"),
            generation(f"g{n}", f"t{n}", **{"cost_details": None, "total_cost": None, **priced}),
            score(f"s{n}", trace_id=f"t{n}", timestamp=at(n)),
        )


def test_numbered_pages_carry_the_total(a_store: Store, seven: None) -> None:
    page = a_store.traces(TraceQuery(project_id=HERE, window=Numbered(page=2, limit=3)))
    assert (ids(page), page.total) == (["t3", "t2", "t1"], 7)
    last = a_store.traces(TraceQuery(project_id=HERE, window=Numbered(page=3, limit=3)))
    assert (ids(last), last.total) == (["t0"], 7)
    beyond = a_store.traces(TraceQuery(project_id=HERE, window=Numbered(page=9, limit=3)))
    assert (ids(beyond), beyond.total) == ([], 7)


@pytest.mark.parametrize("column", ["timestamp", "id", "totalCost", "name", "userId", "latency", "level", "bookmarked"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_cursors_visit_every_row_once_forwards_and_backwards(
    a_store: Store, seven: None, column: str, direction: Any
) -> None:
    everything = ids(a_store.traces(TraceQuery(project_id=HERE, order=(column, direction), window=Numbered(limit=100))))
    assert sorted(everything) == [f"t{n}" for n in range(7)]

    def page(after: str, backwards: bool = False) -> Any:
        window = Cursor(after=after, limit=2, backwards=backwards)
        return a_store.traces(TraceQuery(project_id=HERE, order=(column, direction), window=window))

    seen, position = [], page("")
    assert position.previous_cursor is None
    assert position.total is None
    while True:
        seen.append(ids(position))
        if position.next_cursor is None:
            break
        position = page(position.next_cursor)
    assert [id for some in seen for id in some] == everything
    back = []
    while position.previous_cursor is not None:
        position = page(position.previous_cursor, backwards=True)
        back.append(ids(position))
    assert back == seen[-2::-1]


def test_missing_values_come_last_in_both_directions(a_store: Store, seven: None) -> None:
    for direction, expected in (("asc", ["t0", "t1", "t3", "t4", "t6"]), ("desc", ["t6", "t4", "t3", "t1", "t0"])):
        page = a_store.traces(TraceQuery(project_id=HERE, order=("totalCost", direction)))  # type: ignore[arg-type]
        assert ids(page)[:5] == expected
        assert set(ids(page)[5:]) == {"t2", "t5"}


@pytest.mark.parametrize(
    "cursor", ["nonsense", "%%%", "W10", "WzEsInRpbWVzdGFtcCIsImRlc2MiLCJ2IiwiYSIsImIiXQ", "é", "\ud800"]
)
def test_a_cursor_that_was_never_given_is_refused(a_store: Store, db: None, cursor: str) -> None:
    with pytest.raises(Invalid) as refusal:
        a_store.traces(TraceQuery(project_id=HERE, window=Cursor(after=cursor)))
    assert refusal.value.field == "cursor"


def test_a_cursor_of_another_order_is_refused(a_store: Store, seven: None) -> None:
    cursor = a_store.traces(TraceQuery(project_id=HERE, window=Cursor(limit=1))).next_cursor
    with pytest.raises(Invalid, match="order"):
        a_store.traces(TraceQuery(project_id=HERE, order=("name", "asc"), window=Cursor(after=cursor or "")))


@pytest.mark.parametrize("column", ["colour", "metadata", "tags", "t.id; DROP TABLE tracing_trace"])
def test_an_unknown_order_is_refused_by_name(a_store: Store, db: None, column: str) -> None:
    with pytest.raises(Invalid, match=column):
        a_store.traces(TraceQuery(project_id=HERE, order=(column, "asc")))


def test_lists_leave_texts_out_unless_asked(a_store: Store, write: Any) -> None:
    write(
        trace("own", input='"i"', output='"o"', metadata={"k": "1"}),
        trace("lent"),
        step("root", "lent", input='"ri"', output='"ro"', metadata={"m": "2"}),
    )
    bare = a_store.traces(TraceQuery(project_id=HERE)).rows
    assert {(row.input, row.output, row.metadata) for row in bare} == {(None, None, None)}
    assert {(row.input_preview, row.output_preview) for row in bare} == {("i", "o"), ("ri", "ro")}
    full = {row.id: row for row in a_store.traces(TraceQuery(project_id=HERE, with_bodies=True)).rows}
    assert (full["own"].input, full["own"].output, full["own"].metadata) == ('"i"', '"o"', '{"k":1}')
    assert (full["lent"].input, full["lent"].output, full["lent"].metadata) == ('"ri"', '"ro"', None)
    [thin] = a_store.observations(ObservationQuery(project_id=HERE)).rows
    assert (thin.input, thin.metadata, thin.trace_name) == (None, None, None)
    [wide] = a_store.observations(ObservationQuery(project_id=HERE, with_bodies=True)).rows
    assert (wide.input, wide.output, wide.metadata) == ('"ri"', '"ro"', '{"m":2}')


def test_traces_carry_ids_of_their_parts_when_asked(a_store: Store, write: Any) -> None:
    write(trace(), trace("t2"))
    write(step("late", start_time=at(2)), step("early"), score("s2", timestamp=at(9)), score("s1"))
    rows = {row.id: row for row in a_store.traces(TraceQuery(project_id=HERE, with_ids=True)).rows}
    assert rows["t1"].observation_ids == ("early", "late")
    assert rows["t1"].score_ids == ("s1", "s2")
    assert rows["t2"].observation_ids == ()


def test_observations_carry_their_trace_when_asked(a_store: Store, write: Any) -> None:
    write(trace(name="n", user_id="u", session_id="s", tags=("a",), release="r"), step())
    [row] = a_store.observations(ObservationQuery(project_id=HERE, with_trace=True)).rows
    assert (row.trace_name, row.user_id, row.session_id, row.tags, row.release) == ("n", "u", "s", ("a",), "r")


@pytest.mark.parametrize(
    ("search", "bodies", "found"),
    [
        ("CAPITAL", False, ["named"]),
        ("nam", False, ["named"]),
        ("ivan", False, ["user"]),
        ("столица", False, ["text"]),
        ("100%", False, ["percent"]),
        ("_", False, []),
        ("deep inside", False, []),
        ("Deep Inside", True, ["long"]),
        ('say "hi"', True, ["quoted"]),
        ("a\0b", True, []),
    ],
)
def test_search(a_store: Store, write: Any, search: str, bodies: bool, found: list[str]) -> None:
    write(
        trace("named", name="The capital of France"),
        trace("user", user_id="Ivan"),
        trace("text", input='"Столица Франции"'),
        trace("percent", output='"100% sure"'),
        trace("long"),
        step("root", "long", input='"' + "x" * 500 + ' deep inside"'),
        trace("quoted", input=r'"' + "x" * 300 + r' say \"hi\""'),
    )
    query = TraceQuery(project_id=HERE, search=search, search_bodies=bodies)
    assert ids(a_store.traces(query)) == found


def test_observations_are_searched_too(a_store: Store, write: Any) -> None:
    write(step("a", name="retrieve"), generation("b", input='"' + "y " * 300 + 'needle"'))
    assert ids(a_store.observations(ObservationQuery(project_id=HERE, search="RETR"))) == ["a"]
    assert ids(a_store.observations(ObservationQuery(project_id=HERE, search="needle"))) == []
    assert ids(a_store.observations(ObservationQuery(project_id=HERE, search="needle", search_bodies=True))) == ["b"]


def test_ids_restrict(a_store: Store, seven: None) -> None:
    assert ids(a_store.traces(TraceQuery(project_id=HERE, ids=("t1", "t4", "nope")))) == ["t4", "t1"]
    assert ids(a_store.traces(TraceQuery(project_id=HERE, ids=()))) == []
    assert ids(a_store.observations(ObservationQuery(project_id=HERE, trace_ids=("t1",)))) == ["g1"]
    query = ScoreQuery(project_id=HERE, trace_ids=("t1", "t2"), order=("timestamp", "asc"), window=None)
    assert ids(a_store.scores(query)) == ["s1", "s2"]


def test_sessions_sum_up_their_traces(a_store: Store, write: Any) -> None:
    write(
        trace("t1", session_id="s", user_id="ann", input='"first"', output='"x"', environment="prod"),
        trace("t2", session_id="s", user_id="bob", timestamp=at(60), input='"y"', output='"last"'),
        trace("t3", session_id="empty-handed", timestamp=at(5)),
        generation("g1", "t1"),
        generation("g2", "t2", level="ERROR"),
    )
    page = a_store.sessions(SessionQuery(project_id=HERE, order=("traceCount", "desc")))
    session = page.rows[0]
    assert (session.id, session.trace_count, session.user_ids, session.environment) == ("s", 2, ("ann", "bob"), "prod")
    assert (session.total_cost, session.total_tokens, session.error_count) == (0.006, 30, 1)
    assert (session.first_timestamp, session.last_timestamp) == (at(0), at(60))
    assert (session.input_preview, session.output_preview) == ("first", "last")
    assert page.rows[1].total_cost is None


def test_sessions_can_be_marked_found_and_searched(a_store: Store, write: Any) -> None:
    write(trace("t1", session_id="s1", user_id="ann"), trace("t2", session_id="s2"))
    for mark in (SessionChange(id="s1", bookmarked=True), SessionChange(id="s1", public=True), SessionChange(id="no")):
        a_store.write(HERE, Changes(sessions=[mark]))
    [session] = a_store.sessions(SessionQuery(project_id=HERE, ids=("s1", "no"))).rows
    assert (session.bookmarked, session.public) == (True, True)
    assert ids(a_store.sessions(SessionQuery(project_id=HERE, search="ANN"))) == ["s1"]
    assert ids(a_store.sessions(SessionQuery(project_id=HERE, search="S2"))) == ["s2"]


def test_scores_of_sessions_and_runs(a_store: Store, write: Any) -> None:
    write(score("a", session_id="s"), score("b", dataset_run_id="r", data_type="TEXT", value=None, string_value="fine"))
    [of_session] = a_store.scores(ScoreQuery(project_id=HERE, session_ids=("s",))).rows
    [of_run] = a_store.scores(ScoreQuery(project_id=HERE, dataset_run_ids=("r",), window=None)).rows
    assert (of_session.id, of_session.trace_id) == ("a", None)
    assert (of_run.id, of_run.value, of_run.string_value) == ("b", None, "fine")


@pytest.mark.parametrize(
    ("ask", "most"),
    [
        (lambda store: store.traces(TraceQuery(project_id=HERE)), 2),
        (lambda store: store.traces(TraceQuery(project_id=HERE, with_bodies=True, with_ids=True)), 4),
        (lambda store: store.traces(TraceQuery(project_id=HERE, window=Numbered(limit=2))), 3),
        (lambda store: store.observations(ObservationQuery(project_id=HERE, with_trace=True, with_bodies=True)), 2),
        (lambda store: store.sessions(SessionQuery(project_id=HERE)), 3),
        (lambda store: store.scores(ScoreQuery(project_id=HERE)), 1),
        (lambda store: store.get_trace(HERE, "t1"), 4),
    ],
)
def test_reads_need_a_fixed_number_of_queries(a_store: Store, seven: None, ask: Any, most: int) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert ask(a_store)
    assert len(queries) == most


def test_a_batch_needs_a_fixed_number_of_queries(write: Any) -> None:
    whole = [
        change
        for n in range(30)
        for change in (trace(f"t{n}", session_id="s"), generation(f"g{n}", f"t{n}"), score(f"s{n}", trace_id=f"t{n}"))
    ]
    with CaptureQueriesContext(connection) as queries:
        write(*whole)
    assert len(queries) <= 8
