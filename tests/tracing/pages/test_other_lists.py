"""Observations, sessions, users, scores."""

import re

import pytest

from tests.tracing.api.conftest import Write, at, generation, observation, score, trace
from tests.tracing.pages.conftest import Visitor, shown


@pytest.fixture
def calls(write: Write) -> None:
    write(
        trace("t", name="chat", user_id="lev", session_id="evening"),
        generation(
            "g",
            "t",
            name="call",
            environment="prod",
            version="v7",
            level="WARNING",
            prompt_name="greeting",
            prompt_version=2,
        ),
        observation("s", "t", type="SPAN", name="step"),
        trace("u", name="odd"),
        generation("new", "u", name="new", model="unheard-of", cost_details=None, total_cost=None, metadata=None),
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=SPAN", ["step"]),
        ("name=call", ["call"]),
        ("model=gpt-4o", ["call"]),
        ("prompt=greeting", ["call"]),
        ("user=lev&type=GENERATION", ["call"]),
        ("session=evening&type=SPAN", ["step"]),
        ("environment=prod", ["call"]),
        ("level=WARNING", ["call"]),
        ("version=v7", ["call"]),
        ("metadata=plan%3Dgold", ["call"]),
        ("cost=0.5", ["call"]),
        ("latency=1&model=unheard-of", ["new"]),
        ("tokens=15&name=call", ["call"]),
        ("tokens=1.5&name=call", ["call"]),
        ("unpriced=1", ["new"]),
        ("q=ste", ["step"]),
        ("type=%00", []),
    ],
)
def test_observations_are_filtered(bobs: Visitor, calls: None, query: str, names: list[str]) -> None:
    assert bobs.rows(f"observations?{query}") == names


def test_unpriced_calls_lead_to_prices_and_stay_so_through_a_search(bobs: Visitor, calls: None) -> None:
    page = bobs.get("observations?unpriced=1")
    assert "no known price" in page
    assert '<input type="hidden" name="unpriced" value="1">' in page


@pytest.mark.parametrize("path", ["observations", "sessions", "scores", "sessions/evening"])
@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=%00&back=1"])
def test_a_bad_cursor_shows_the_beginning_and_says_why(bobs: Visitor, calls: None, path: str, query: str) -> None:
    assert "cursor is not one that this list gave." in bobs.get(f"{path}?{query}")


@pytest.fixture
def talks(write: Write) -> None:
    write(
        trace("1", name="ask", session_id="evening", user_id="lev", timestamp=at(1), input='"Привет"', output='"Да?"'),
        generation("g1", "1"),
        trace("2", name="ask again", session_id="evening", user_id="eva", timestamp=at(2), input='"Кто ты?"'),
        trace("3", session_id="2a/нет", environment="prod", timestamp=at(9)),
        score("s", trace_id="1", name="tone"),
    )


def test_sessions_are_listed_newest_first_and_filtered(bobs: Visitor, talks: None) -> None:
    assert set(bobs.rows("sessions")) == {"evening", "2a/нет"}
    assert bobs.rows("sessions?user=eva") == ["evening"]
    assert bobs.rows("sessions?environment=prod") == ["2a/нет"]
    assert bobs.rows("sessions?q=ven") == ["evening"]
    assert bobs.rows("sessions?order=traceCount.desc") == ["evening", "2a/нет"]
    assert bobs.rows("sessions?user=%00") == []


def test_a_session_reads_as_a_conversation(bobs: Visitor, talks: None) -> None:
    page = bobs.get("sessions/evening")
    turns = re.findall(r'href="[^"]*/traces/(\d)">', page)
    assert turns == ["1", "2"]
    assert page.index("Привет") < page.index("Да?") < page.index("Кто ты?")
    assert "tone: 0.5" in page
    assert "$1.00" in page
    assert "user=lev" in page
    assert "user=eva" in page


def test_ids_on_the_page_are_unique_whatever_the_traces_are_called(bobs: Visitor, write: Write) -> None:
    for n, id in enumerate(("ключ", "замок", "0abc", "a b", "a-b")):
        write(trace(id, session_id="s", timestamp=at(n), input='{"a": 1}', output='{"b": 2}'))
    page = bobs.get("sessions/s")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", id) for id in re.findall(r'data-show="#([^"]+)"', page))


def test_a_long_session_continues_on_the_next_page(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n:03}", session_id="long", timestamp=at(n)) for n in range(60)))
    first = bobs.get("sessions/long")
    assert first.count("<article") == 50
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = bobs.get("sessions/long" + following[1].replace("&amp;", "&"))
    assert re.findall(r"/traces/(t\d+)", second)[0] == "t050"
    assert second.count("<article") == 10


def test_a_session_that_is_not_there_is_not_found(bobs: Visitor, talks: None) -> None:
    for path in ("morning", "a%00b", "evening/"):
        bobs.get(f"sessions/{path}", status=404)


def test_users_are_counted_over_the_range(bobs: Visitor, talks: None) -> None:
    page = bobs.get("users?range=all")
    assert set(shown(page)) == {"lev", "eva"}
    assert shown(bobs.get("users?range=all&q=le")) == ["lev"]
    assert shown(bobs.get("users?range=all&q=%00%25")) == []
    assert shown(bobs.get("users?from=2026-06-01T12:00:02")) == ["eva"]
    assert shown(bobs.get("users?from=2026-06-01T12:00:00&to=2026-06-01T12:00:02")) == ["lev"]
    assert bobs.get("users?from=9999-12-31&to=0001-01-02&range=%00")


@pytest.fixture
def judged(write: Write, talks: None) -> None:
    write(
        score("n", trace_id="2", name="quality", timestamp=at(1), comment="Ответ неполный"),
        score(
            "b",
            trace_id="1",
            observation_id="g1",
            name="right",
            data_type="BOOLEAN",
            value=1,
            string_value="True",
            source="EVAL",
            timestamp=at(2),
        ),
        score(
            "c",
            session_id="evening",
            name="tone2",
            data_type="CATEGORICAL",
            value=0,
            string_value="calm",
            source="ANNOTATION",
            timestamp=at(3),
        ),
        score("r", dataset_run_id="run/1", name="total", environment="prod", timestamp=at(4)),
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["total", "tone2", "right", "quality", "tone"]),
        ("name=right", ["right"]),
        ("source=ANNOTATION", ["tone2"]),
        ("type=BOOLEAN", ["right"]),
        ("environment=prod", ["total"]),
        ("comment=неполный", ["quality"]),
        ("order=name.asc", ["quality", "right", "tone", "tone2", "total"]),
        ("name=%00", []),
    ],
)
def test_scores_are_listed_and_filtered(bobs: Visitor, judged: None, query: str, names: list[str]) -> None:
    assert bobs.rows(f"scores?{query}") == names


def test_a_score_leads_to_what_it_judges(bobs: Visitor, judged: None) -> None:
    page = bobs.get("scores")
    for link in (
        "/traces/2?tab=scores",
        "/traces/1?tab=scores&observation=g1",
        "/sessions/evening",
        "/experiments/results?baseline=run%2F1",
    ):
        assert f'href="{bobs.root}{link}"' in page, link
