import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tracing.api.conftest import Write, at, generation, score, trace
from tests.tracing.pages.conftest import Visitor, shown
from tracing.store import store
from tracing.store.base import TraceQuery


@pytest.fixture
def two(write: Write) -> None:
    """`paris` carries something in every filter, `other` nothing."""
    write(
        trace(
            "t-paris",
            name="paris",
            user_id="lev",
            session_id="evening",
            environment="prod",
            tags=("capitals", "eu"),
            version="v7",
            release="r3",
            metadata={"plan": '"gold"'},
            input='"Столица Франции?"',
            output='"Париж"',
            timestamp=at(1),
        ),
        generation("g1", "t-paris", level="ERROR"),
        score("s1", trace_id="t-paris", name="quality", value=0.8),
        score("s2", trace_id="t-paris", name="tone", data_type="CATEGORICAL", value=0, string_value="calm"),
        trace("t-other", name="other"),
    )


@pytest.mark.parametrize(
    "query",
    [
        "name=paris", "user=lev", "session=evening", "environment=prod", "tag=eu", "tag=eu&tag=capitals",
        "level=ERROR", "version=v7", "release=r3", "metadata=plan%3Dgold", "score=quality%3E%3D0.5",
        "score=quality%3E%3D0,5", "score=tone%3Dcalm", "latency=1", "latency=1,5", "cost=0.5", "tokens=10",
        "q=par", "q=t-paris", "q=lev", "q=evening", "q=франции", "q=ПАРИЖ&in=texts",
    ],
)  # fmt: skip
def test_a_filter_keeps_what_fits(bobs: Visitor, two: None, query: str) -> None:
    assert bobs.rows(f"traces?{query}") == ["paris"]


@pytest.mark.parametrize(
    "query",
    [
        "name=Paris", "user=le", "session=x", "environment=default&name=paris", "tag=eu&tag=asia",
        "level=WARNING&level=ERROR", "version=v8", "release=r4",
        "metadata=plan%3Dsilver", "score=quality%3C0.5", "score=tone%3Drude", "latency=60",
        "cost=10", "tokens=1000", "q=madrid", "name=%00",
    ],
)  # fmt: skip
def test_a_filter_that_nothing_fits_says_so(bobs: Visitor, two: None, query: str) -> None:
    page = bobs.get(f"traces?{query}")
    assert shown(page) == []
    assert "No trace matches these filters." in page


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("latency=fast", "Give a number."),
        ("cost=nan", "Give a number."),
        ("tokens=inf", "Give a number."),
        ("tokens=1e999", "Give a number."),
        ("metadata=plan", "Write key=value."),
        ("metadata=%3Dgold", "Write key=value."),
        ("score=quality", "Write name=value or name&gt;=value."),
        ("score=quality%3Ehigh", "Only numbers can be compared"),
        ("score=quality%3Enan", "Only numbers can be compared"),
        ("from=yesterday", "Give a date"),
        ("to=0001-01-01T00:00%2B14:00", "Give a date"),
    ],
)
def test_nonsense_is_shown_as_a_faulty_chip_and_filters_nothing(
    bobs: Visitor, two: None, query: str, fault: str
) -> None:
    page = bobs.get(f"traces?{query}")
    [chip] = re.findall(r'<span class="chip bad".*?</a></span>', page, re.S)
    assert fault in chip
    assert set(shown(page)) == {"paris", "other"}


def test_a_chip_leads_to_the_list_without_it(bobs: Visitor, two: None) -> None:
    page = bobs.get("traces?name=paris&user=lev&order=name.asc")
    links = re.findall(r'class="chip ".*?href="([^"]+)"', page, re.S)
    assert [link.replace("&amp;", "&") for link in links] == ["?user=lev&order=name.asc", "?name=paris&order=name.asc"]


def test_whole_texts_are_searched_only_when_asked(bobs: Visitor, write: Write) -> None:
    write(trace("deep", name="deep", input='"' + "long " * 100 + 'needle"'))
    assert bobs.rows("traces?q=needle") == []
    assert bobs.rows("traces?q=needle&in=texts") == ["deep"]


@pytest.mark.parametrize("text", ["100%", "a_b", "it's", '"quoted"', "back\\slash", "{}", "Ёлка"])
def test_searched_text_is_taken_literally(bobs: Visitor, write: Write, text: str) -> None:
    write(trace("1", name=f"has {text} inside"), trace("2", name="100 axb its quoted backslash Елка"))
    page = bobs.get(f"traces?q={quote(text)}")
    assert page.count('class="row-link"') == 1


@pytest.mark.parametrize("column", ["timestamp", "name", "latency", "totalCost", "totalTokens", "level"])
def test_every_column_sorts_both_ways(bobs: Visitor, write: Write, column: str) -> None:
    for n, level in enumerate(["DEBUG", "DEFAULT", "WARNING", "ERROR"]):
        write(
            trace(f"t{n}", name=f"n{n}", timestamp=at(n)),
            generation(
                f"g{n}", f"t{n}", level=level, end_time=at(n + 1), total_cost=float(n), usage_details={"total": n + 1}
            ),
        )
    assert bobs.rows(f"traces?order={column}.asc") == ["n0", "n1", "n2", "n3"]
    assert bobs.rows(f"traces?order={column}.desc") == ["n3", "n2", "n1", "n0"]


@pytest.mark.parametrize("order", ["secret.asc", "name", "name.up", "input.asc", "%00.asc", ""])
def test_a_strange_order_is_the_usual_one(bobs: Visitor, two: None, order: str) -> None:
    assert bobs.rows(f"traces?order={order}") == ["paris", "other"]


def _step(page: str, rel: str) -> str | None:
    found = re.search(rf'<a class="button" rel="{rel}" href="([^"]+)"', page)
    return found and found[1].replace("&amp;", "&")


@pytest.mark.parametrize("order", ["timestamp.desc", "name.asc", "totalCost.desc"])
def test_the_list_is_walked_forth_and_back(bobs: Visitor, write: Write, order: str) -> None:
    write(*(trace(f"t{n:03}", name=f"n{n:03}", timestamp=at(n)) for n in range(60)))
    first = bobs.get(f"traces?limit=25&order={order}")
    assert _step(first, "prev") is None
    second = bobs.get("traces" + (_step(first, "next") or ""))
    third = bobs.get("traces" + (_step(second, "next") or ""))
    assert _step(third, "next") is None
    names = shown(first) + shown(second) + shown(third)
    assert len(names) == len(set(names)) == 60
    assert shown(bobs.get("traces" + (_step(third, "prev") or ""))) == shown(second)
    again = bobs.get("traces" + (_step(bobs.get("traces" + (_step(third, "prev") or "")), "prev") or ""))
    assert shown(again) == shown(first)
    assert _step(again, "prev") is None
    assert shown(bobs.get("traces" + (_step(again, "next") or ""))) == shown(second)


FORGED = ["nonsense", "%00", "W10", "eyJhIjogMX0", "%F0%9F%90%98", "A" * 4000]


@pytest.mark.parametrize("cursor", FORGED)
@pytest.mark.parametrize("back", ["", "&back=1"])
def test_a_bad_cursor_shows_the_beginning_and_says_why(bobs: Visitor, two: None, cursor: str, back: str) -> None:
    page = bobs.get(f"traces?cursor={cursor}{back}")
    assert shown(page) == ["paris", "other"]
    assert "cursor is not one that this list gave." in page


def test_a_cursor_of_another_order_shows_the_beginning(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n:03}", name=f"n{n:03}", timestamp=at(n)) for n in range(30)))
    cursor = _step(bobs.get("traces?limit=25"), "next")
    assert cursor
    page = bobs.get(f"traces{cursor}&order=name.asc")
    assert "cursor belongs to another order of this list." in page
    assert shown(page)[0] == "n000"


def _queries(bobs: Visitor, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        bobs.get(path)
    return len(queries)


@pytest.mark.parametrize(
    "path", ["traces", "observations", "sessions", "scores", "users?range=all", "?from=2026-05-31&to=2026-06-02"]
)
def test_longer_lists_ask_no_more_questions(bobs: Visitor, write: Write, path: str) -> None:
    def fill(n: int) -> None:
        write(
            trace(f"t{n}", name=f"n{n}", session_id=f"s{n}", user_id=f"u{n}"),
            generation(f"g{n}", f"t{n}"),
            score(f"s{n}", trace_id=f"t{n}"),
        )

    fill(0)
    bobs.get(path)  # what is cached is cached now
    few = _queries(bobs, path)
    for n in range(1, 30):
        fill(n)
    assert _queries(bobs, path) == few < 30


def test_a_member_deletes_the_chosen_and_comes_back_to_the_same_list(bobs: Visitor, two: None) -> None:
    answer = bobs.post("traces/-/delete?name=paris&order=name.asc&cursor=abc", id=["t-paris", "bad\0id"])
    assert answer.status_code in (302, 303)
    assert answer.headers["Location"] == f"{bobs.root}/traces?name=paris&order=name.asc"
    assert "1 trace deleted." in bobs.get("traces")
    assert bobs.rows("traces") == ["other"]


def test_who_may_only_read_deletes_nothing(visit, vera, anna, project, two: None) -> None:
    for person in (vera, anna):
        visitor = visit(person)
        assert 'action="' + visitor.root + "/traces/-/delete" in visitor.get("traces")
        assert "data-check" not in visitor.get("traces")
        assert visitor.post("traces/-/delete", id=["t-paris"]).status_code == 403
        assert visitor.post("traces/t-paris").status_code == 403
    assert len(store().traces(TraceQuery(project_id=project.id)).rows) == 2


def test_a_stranger_finds_nothing(visit, mallory, two: None) -> None:
    stranger = visit(mallory)
    stranger.get("traces", status=404)
    assert stranger.post("traces/-/delete", id=["t-paris"]).status_code == 404


def test_another_projects_trace_is_not_deleted(bobs: Visitor, write: Write, other_project) -> None:
    write(trace("theirs"), keys=other_project)
    bobs.post("traces/-/delete", id=["theirs"])
    assert store().traces(TraceQuery(project_id=other_project.id)).rows


def test_htmx_gets_the_rows_only(bobs: Visitor, two: None) -> None:
    part = bobs.get("traces?name=paris", headers={"HX-Request": "true"})
    assert part.strip().startswith('<div id="list">')
    assert shown(part) == ["paris"]


def test_an_empty_project_says_how_to_connect(bobs: Visitor, project) -> None:
    page = bobs.get("traces")
    assert project.public_key in page
    assert "appear here as a trace" in page


def test_a_custom_range_stands_in_its_fields_again(bobs: Visitor, write: Write) -> None:
    write(trace("in", name="in", timestamp=at(30)), trace("before", timestamp=at(0)), trace("after", timestamp=at(60)))
    page = bobs.get("traces?from=2026-06-01T12:00:30&to=2026-06-01T12:01:00%2B00:00")
    assert shown(page) == ["in"]
    assert 'name="from" value="2026-06-01T12:00:30"' in page
    assert 'name="to" value="2026-06-01T12:01:00"' in page
