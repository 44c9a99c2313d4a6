"""Lists followed live: a poll answers what was written since, in one question."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.tracing.api.conftest import Write, at, generation, score, trace
from tests.tracing.pages.conftest import Visitor, shown


def tail(page: str) -> dict[str, str]:
    """What the switch of a list that is followed says about its polls."""
    return dict(re.findall(r'data-(since|oldest)="([^"]*)"', page))


def later(moment: str) -> str:
    """Long enough after the last look that what was written before it counts as seen."""
    return quote((datetime.fromisoformat(moment) + timedelta(minutes=1)).isoformat())


def poll(visitor: Visitor, path: str, since: str, oldest: str = ""):
    return visitor.client.get(
        f"{visitor.root}/{path}&since={since}&oldest={quote(oldest)}", headers={"HX-Request": "true"}
    )


def test_a_poll_brings_what_was_written_since(bobs: Visitor, write: Write) -> None:
    write(trace("t1", name="first", timestamp=at(10)))
    start = tail(bobs.get("traces?live=1"))
    quiet = poll(bobs, "traces?live=1", later(start["since"]), start["oldest"])
    assert (quiet.status_code, quiet.content) == (204, b"")
    assert datetime.fromisoformat(quiet.headers["X-Since"]) > timezone.now() - timedelta(seconds=10)
    # One comes with a later time, one with an earlier one that still stands on the page, one changes.
    write(trace("t2", name="newer", timestamp=at(20)), trace("t0", name="too old", timestamp=at(1)))
    write(trace("t3", name="between", timestamp=at(11)), trace("t1", output='"now"'))
    answer = poll(bobs, "traces?live=1", quote(start["since"]), start["oldest"])
    assert shown(answer.content.decode()) == ["newer", "between", "first"]
    assert "<html" not in answer.content.decode()
    assert "X-All-New" not in answer.headers


def test_the_filters_hold_while_following(bobs: Visitor, write: Write) -> None:
    write(trace("t1", name="a"), trace("t2", name="b"), generation("g", "t1", name="call"))
    since = quote((timezone.now() - timedelta(minutes=1)).isoformat())
    assert shown(poll(bobs, "traces?live=1&name=b", since).content.decode()) == ["b"]
    assert poll(bobs, "traces?live=1&q=nowhere", since).status_code == 204
    assert shown(poll(bobs, "observations?live=1&type=GENERATION", since).content.decode()) == ["call"]


def test_a_quiet_poll_asks_the_store_once(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n}") for n in range(5)), score("s", trace_id="t1", name="x", value=1))
    bobs.get("traces")
    for path in ("traces?live=1", "observations?live=1"):
        with CaptureQueriesContext(connection) as seen:
            assert poll(bobs, path, later(timezone.now().isoformat())).status_code == 204
        asked = [
            query["sql"] for query in seen.captured_queries if '"tracing_' in query["sql"] or "tracing_" in query["sql"]
        ]
        assert len(asked) == 1, asked


def test_more_than_a_page_of_new_rows_replaces_what_is_shown(bobs: Visitor, write: Write) -> None:
    write(*(trace(f"t{n}", timestamp=at(n)) for n in range(120)))
    answer = poll(bobs, "traces?live=1", quote(timezone.now().isoformat()))
    assert answer.headers["X-All-New"] == "1"
    assert len(shown(answer.content.decode())) == 100


def test_following_shows_the_newest_first_and_from_the_beginning(bobs: Visitor, write: Write) -> None:
    write(trace("t1", name="a", timestamp=at(1)), trace("t2", name="b", timestamp=at(2)))
    page = bobs.get("traces?live=1&order=name.asc")
    assert shown(page) == ["b", "a"]
    assert 'aria-checked="true"' in page and '<input type="hidden" name="live" value="1">' in page
    off = bobs.get("traces?order=name.asc")
    assert 'aria-checked="false"' in off and not tail(off)
    assert 'role="switch"' not in bobs.get("sessions")


@pytest.mark.parametrize(
    "query",
    [
        "since=x&oldest=y",
        "since=&oldest=",
        "since=2026-01-01T00:00:00",
        "since=%00",
        "since=0001-01-01T00:00:00&oldest=0001-01-01T00:00:00",
        "since=9999-12-31T23:59:59",
    ],
)
def test_a_poll_with_nonsense_is_answered(bobs: Visitor, write: Write, query: str) -> None:
    write(trace("t1"))
    assert bobs.client.get(f"{bobs.root}/traces?live=1&{query}").status_code in (200, 204)


def test_strangers_follow_nothing(visit, mallory, project, write: Write) -> None:
    write(trace("t1"))
    stranger = visit(mallory)
    assert poll(stranger, "traces?live=1", quote(datetime(2020, 1, 1, tzinfo=UTC).isoformat())).status_code == 404
