"""Every operator of the filter grammar on every kind of column."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Invalid
from tests.tracing.store.conftest import HERE
from tests.tracing.store.making import NOON, at, generation, score, step, trace
from tracing.filters import FITTING, OBSERVATION_COLUMNS, SCORE_COLUMNS, SESSION_COLUMNS, TRACE_COLUMNS, Filter
from tracing.store.base import Cursor, ObservationQuery, ScoreQuery, SessionQuery, Store, TraceQuery

QUERIES: dict[str, Any] = {
    "traces": (TraceQuery, TRACE_COLUMNS),
    "observations": (ObservationQuery, OBSERVATION_COLUMNS),
    "sessions": (SessionQuery, SESSION_COLUMNS),
    "scores": (ScoreQuery, SCORE_COLUMNS),
}
VALUES: dict[str, list[tuple[str, Any]]] = {
    "string": [("=", "a"), ("contains", "%_\\"), ("does not contain", "x"), ("starts with", "a"), ("ends with", "\0")],
    "number": [(">", 1), ("<=", 0.5), ("=", 2**70)],
    "datetime": [(">=", NOON), ("<", NOON)],
    "stringOptions": [("any of", ("a",)), ("none of", ("a", "\ud800"))],
    "numberOptions": [("any of", (1.0,))],
    "categoryOptions": [("any of", ("a",)), ("none of", ("a",))],
    "arrayOptions": [("any of", ("a",)), ("none of", ("a",)), ("all of", ("a", "b"))],
    "stringObject": [("=", "a"), ("contains", "%"), ("does not contain", "a"), ("starts with", "a"), ("ends with", "")],
    "numberObject": [(">", 1.5), ("=", 3)],
    "booleanObject": [("=", True), ("<>", False)],
    "boolean": [("=", True), ("<>", True)],
    "null": [("is null", ""), ("is not null", "")],
    "positionInTrace": [("=", 1)],
}


@pytest.fixture
def things(write: Callable[..., None]) -> None:
    write(
        trace(
            "t1", name="Alpha 100%", user_id="ann", session_id="s1", tags=("a", "b"), release="r1", public=True,
            metadata={"team": '"Blue"', "n": "7", "quoted": '"8.5"', "flag": "true", "deep": '{"x":"y"}'},
            input='"Where is \\"it\\"?"',
        ),
        trace("t2", name="beta", tags=("b",), timestamp=at(60), environment="prod", metadata={"n": '"many"'}),
        trace("t3", timestamp=at(120), session_id="s2", bookmarked=True),
        step("root", "t1", name="chain", end_time=at(3), output='"42"'),
        generation("gen", "t1", parent_observation_id="root", start_time=at(1), completion_start_time=at(1.5),
                   end_time=at(2), level="ERROR", prompt_name="capital", prompt_version=2, experiment={"id": "e1"},
                   metadata={"k": "[1]"}),
        step("other", "t2", type="TOOL", level="DEBUG", environment="prod"),
        score("num1", name="f1", value=0.2, trace_id="t1"),
        score("num2", name="f1", value=0.6, trace_id="t1", observation_id="gen"),
        score("cat", name="tone", data_type="CATEGORICAL", value=0, string_value="warm", trace_id="t1"),
        score("yes", name="ok", data_type="BOOLEAN", value=1.0, string_value="True", trace_id="t2"),
        score("sess", name="f1", value=0.9, session_id="s1", comment="good", metadata='{"by": "me", "n": 3}'),
    )  # fmt: skip


def found(a_store: Store, what: str, *filters: Filter) -> set[str]:
    query, _ = QUERIES[what]
    return {row.id for row in read_rows(a_store, what, query(project_id=HERE, filters=filters))}


def read_rows(a_store: Store, what: str, query: Any) -> tuple[Any, ...]:
    return getattr(a_store, what)(query).rows


@pytest.mark.parametrize(
    ("type", "column", "operator", "value", "key", "expected"),
    [
        ("string", "name", "=", "beta", None, {"t2"}),
        ("string", "name", "=", "Beta", None, set()),
        ("string", "name", "contains", "ALPHA", None, {"t1"}),
        ("string", "name", "contains", "0%", None, {"t1"}),
        ("string", "name", "contains", "_", None, set()),
        ("string", "name", "does not contain", "alpha", None, {"t2", "t3"}),
        ("string", "name", "starts with", "alp", None, {"t1"}),
        ("string", "name", "ends with", "TA", None, {"t2"}),
        ("stringOptions", "name", "any of", ("beta", "gamma"), None, {"t2"}),
        ("stringOptions", "name", "none of", ("beta",), None, {"t1", "t3"}),
        ("stringOptions", "environment", "any of", ("default",), None, {"t1", "t3"}),
        ("null", "name", "is null", "", None, {"t3"}),
        ("null", "userId", "is not null", "", None, {"t1"}),
        ("datetime", "timestamp", ">", NOON, None, {"t2", "t3"}),
        ("datetime", "timestamp", "<=", at(60), None, {"t1", "t2"}),
        ("arrayOptions", "tags", "any of", ("a", "z"), None, {"t1"}),
        ("arrayOptions", "tags", "all of", ("a", "b"), None, {"t1"}),
        ("arrayOptions", "tags", "none of", ("a",), None, {"t2", "t3"}),
        ("string", "tags", "contains", "A", None, {"t1"}),
        ("string", "tags", "does not contain", "A", None, {"t2", "t3"}),
        ("boolean", "public", "=", True, None, {"t1"}),
        ("boolean", "bookmarked", "<>", True, None, {"t1", "t2"}),
        ("number", "latency", ">=", 3, None, {"t1"}),
        ("number", "totalCost", "=", 0.003, None, {"t1"}),
        ("number", "tokens", ">", 14.5, None, {"t1"}),
        ("number", "errorCount", "=", 1, None, {"t1"}),
        ("number", "defaultCount", "=", 1, None, {"t1"}),
        ("string", "level", "=", "ERROR", None, {"t1"}),
        ("stringOptions", "level", "any of", ("DEBUG", "DEFAULT"), None, {"t2", "t3"}),
        ("stringObject", "metadata", "=", "Blue", "team", {"t1"}),
        ("stringObject", "metadata", "=", "7", "n", {"t1"}),
        ("stringObject", "metadata", "contains", "LU", "team", {"t1"}),
        ("stringObject", "metadata", "does not contain", "blue", "team", {"t2", "t3"}),
        ("stringObject", "metadata", "starts with", "bl", "team", {"t1"}),
        ("stringObject", "metadata", "ends with", "ue", "team", {"t1"}),
        ("stringObject", "metadata", "=", '{"x":"y"}', "deep", {"t1"}),
        ("numberObject", "metadata", ">", 6, "n", {"t1"}),
        ("numberObject", "metadata", "=", 8.5, "quoted", {"t1"}),
        ("booleanObject", "metadata", "=", True, "flag", {"t1"}),
        ("categoryOptions", "metadata", "any of", ("Blue", "Red"), "team", {"t1"}),
        ("categoryOptions", "metadata", "none of", ("Blue",), "team", {"t2", "t3"}),
        ("string", "input", "contains", 'is "IT"', None, {"t1"}),
        ("string", "input", "=", 'Where is "it"?', None, {"t1"}),
        ("string", "output", "=", "42", None, {"t1"}),
        ("numberObject", "scores_avg", ">", 0.39, "f1", {"t1"}),
        ("numberObject", "scores_avg", ">", 0.41, "f1", set()),
        ("categoryOptions", "score_categories", "any of", ("warm", "cold"), "tone", {"t1"}),
        ("categoryOptions", "score_categories", "none of", ("warm",), "tone", {"t2", "t3"}),
        ("booleanObject", "score_booleans", "=", True, "ok", {"t2"}),
        ("booleanObject", "score_booleans", "<>", True, "ok", {"t1", "t3"}),
    ],
)
def test_traces(
    a_store: Store, things: None, type: str, column: str, operator: str, value: Any, key: str | None, expected: Any
) -> None:
    assert found(a_store, "traces", Filter(type, column, operator, value, key)) == expected


@pytest.mark.parametrize(
    ("type", "column", "operator", "value", "key", "expected"),
    [
        ("string", "type", "=", "SPAN", None, {"root"}),
        ("stringOptions", "type", "any of", ("TOOL", "GENERATION"), None, {"other", "gen"}),
        ("string", "model", "starts with", "gpt", None, {"gen"}),
        ("string", "providedModelName", "=", "gpt-4o-mini", None, {"gen"}),
        ("string", "promptName", "=", "capital", None, {"gen"}),
        ("number", "promptVersion", ">=", 2, None, {"gen"}),
        ("number", "latency", "<", 1.5, None, {"gen"}),
        ("number", "timeToFirstToken", "=", 0.5, None, {"gen"}),
        ("number", "tokensPerSecond", "=", 5, None, {"gen"}),
        ("boolean", "isRootObservation", "=", True, None, {"root", "other"}),
        ("positionInTrace", "positionInTrace", "=", "", "root", {"root", "other"}),
        ("positionInTrace", "positionInTrace", "=", "", "last", {"gen", "other"}),
        ("positionInTrace", "positionInTrace", "=", "", "first", {"root", "other"}),
        ("positionInTrace", "positionInTrace", "=", 2, "nthFromStart", {"gen"}),
        ("positionInTrace", "positionInTrace", "=", 2, "nthFromEnd", {"root"}),
        ("string", "traceName", "contains", "alpha", None, {"root", "gen"}),
        ("arrayOptions", "traceTags", "any of", ("a",), None, {"root", "gen"}),
        ("string", "userId", "=", "ann", None, {"root", "gen"}),
        ("string", "traceEnvironment", "=", "prod", None, {"other"}),
        ("stringObject", "metadata", "contains", "1", "k", {"gen"}),
        ("stringObject", "experiment", "=", "e1", "id", {"gen"}),
        ("numberObject", "scores_avg", "=", 0.6, "f1", {"gen"}),
        ("null", "parentObservationId", "is null", "", None, {"root", "other"}),
        ("stringOptions", "level", "none of", ("ERROR",), None, {"root", "other"}),
    ],
)
def test_observations(
    a_store: Store, things: None, type: str, column: str, operator: str, value: Any, key: str | None, expected: Any
) -> None:
    assert found(a_store, "observations", Filter(type, column, operator, value, key)) == expected


@pytest.mark.parametrize(
    ("what", "type", "column", "operator", "value", "key", "expected"),
    [
        ("sessions", "number", "traceCount", "=", 1, None, {"s1", "s2"}),
        ("sessions", "arrayOptions", "userIds", "any of", ("ann",), None, {"s1"}),
        ("sessions", "stringOptions", "userId", "any of", ("ann",), None, {"s1"}),
        ("sessions", "number", "totalCost", ">", 0, None, {"s1"}),
        ("sessions", "arrayOptions", "tags", "all of", ("a", "b"), None, {"s1"}),
        ("sessions", "numberObject", "scores_avg", ">", 0.8, "f1", {"s1"}),
        ("scores", "string", "name", "=", "f1", None, {"num1", "num2", "sess"}),
        ("scores", "number", "value", "<", 0.5, None, {"num1", "cat"}),
        ("scores", "stringOptions", "dataType", "any of", ("BOOLEAN",), None, {"yes"}),
        ("scores", "string", "userId", "=", "ann", None, {"num1", "num2", "cat"}),
        ("scores", "arrayOptions", "traceTags", "all of", ("a",), None, {"num1", "num2", "cat"}),
        ("scores", "string", "observationName", "=", "answer", None, {"num2"}),
        ("scores", "string", "comment", "contains", "GOOD", None, {"sess"}),
        ("scores", "stringObject", "metadata", "=", "me", "by", {"sess"}),
        ("scores", "numberObject", "metadata", "=", 3, "n", {"sess"}),
        ("scores", "null", "traceId", "is null", "", None, {"sess"}),
    ],
)
def test_sessions_and_scores(
    a_store: Store, things: None, what: str, type: str, column: str, operator: str, value: Any, key: Any, expected: Any
) -> None:
    assert found(a_store, what, Filter(type, column, operator, value, key)) == expected


def test_users_are_told_apart_however_long_their_names_are(a_store: Store, write: Any) -> None:
    long = "ö" * 100
    write(trace("a", user_id=long + "a"), trace("b", user_id=long + "b"), trace("c", user_id=long))
    for end, expected in (("a", {"a"}), ("", {"c"}), ("x", set())):
        assert found(a_store, "traces", Filter("string", "userId", "=", long + end)) == expected
    assert found(a_store, "traces", Filter("stringOptions", "userId", "any of", (long + "a", long))) == {"a", "c"}
    assert found(a_store, "traces", Filter("stringOptions", "userId", "none of", (long + "a",))) == {"b", "c"}


def test_filters_are_anded(a_store: Store, things: None) -> None:
    both = (Filter("arrayOptions", "tags", "any of", ("b",)), Filter("string", "environment", "=", "prod"))
    assert found(a_store, "traces", *both) == {"t2"}


@pytest.mark.parametrize("what", QUERIES)
def test_every_column_takes_every_type_that_fits(a_store: Store, things: None, what: str) -> None:
    query, columns = QUERIES[what]
    for column, kind in columns.items():
        for type in FITTING[kind]:
            for operator, value in VALUES[type]:
                key = "nthFromStart" if kind == "position" else "k"
                asked = query(project_id=HERE, filters=(Filter(type, column, operator, value, key),))
                read_rows(a_store, what, asked)


@pytest.mark.parametrize("what", QUERIES)
def test_every_column_with_an_order_sorts_and_continues(a_store: Store, things: None, what: str) -> None:
    query, columns = QUERIES[what]
    for column, kind in columns.items():
        if kind in ("string", "number", "datetime", "boolean"):
            for direction in ("asc", "desc"):
                seen, after = [], ""
                while True:
                    asked = query(project_id=HERE, order=(column, direction), window=Cursor(after=after, limit=1))
                    page = getattr(a_store, what)(asked)
                    seen += [row.id for row in page.rows]
                    if not page.next_cursor:
                        break
                    after = page.next_cursor
                assert sorted(seen) == sorted(row.id for row in read_rows(a_store, what, query(project_id=HERE)))


@pytest.mark.parametrize("what", QUERIES)
def test_an_unknown_column_is_refused_by_name(a_store: Store, db: None, what: str) -> None:
    with pytest.raises(Invalid, match="colour"):
        found(a_store, what, Filter("string", "colour", "=", "red"))


@pytest.mark.parametrize(
    "wrong",
    [
        Filter("number", "name", "=", 1),
        Filter("string", "timestamp", "=", "now"),
        Filter("stringObject", "name", "=", "x", "k"),
        Filter("numberObject", "metadata", "; DROP TABLE x", 1, "k"),
        Filter("string", "scores_avg", "=", "1"),
    ],
)
def test_a_type_that_does_not_fit_is_refused(a_store: Store, db: None, wrong: Filter) -> None:
    with pytest.raises(Invalid):
        found(a_store, "traces", wrong)


@pytest.mark.parametrize(("key", "value"), [("middle", 1), ("nthFromStart", 0), ("nthFromEnd", "two")])
def test_an_impossible_position_is_refused(a_store: Store, db: None, key: str, value: Any) -> None:
    with pytest.raises(Invalid):
        found(a_store, "observations", Filter("positionInTrace", "positionInTrace", "=", value, key))
