"""`/sessions`."""

import pytest

from tests.contract import check
from tests.tracing.api.conftest import NOON, ids, trace

pytestmark = pytest.mark.django_db


def test_sessions_appear_by_being_named_in_a_trace(api, write) -> None:
    write(trace("t1", session_id="s1"), trace("t2", session_id="s1"), trace("t3"))
    body = api.get("sessions").json()
    check(body, "PaginatedSessions")
    assert [row["id"] for row in body["data"]] == ["s1"]


def test_a_session_holds_all_of_its_traces_in_order(api, write) -> None:
    write(*(trace(f"t{n}", session_id="s", input='"hi"', timestamp=NOON.replace(minute=n)) for n in range(3)))
    body = api.get("sessions/s").json()
    check(body, "SessionWithTraces")
    assert [each["id"] for each in body["traces"]] == ["t0", "t1", "t2"]
    assert body["traces"][0]["input"] == "hi"


def test_an_unknown_session_is_not_found(api) -> None:
    assert api.get("sessions/nope").status_code == 404


def test_ids_with_slashes_are_found(api, write) -> None:
    write(trace("t", session_id="user/42"))
    assert api.get("sessions/user%2F42").json()["id"] == "user/42"


def test_they_are_filtered_by_environment_and_time(api, write) -> None:
    write(trace("t1", session_id="s1", environment="prod"), trace("t2", session_id="s2", environment="test"))
    assert ids(api.get("sessions", environment="prod")) == ["s1"]
    assert sorted(ids(api.get("sessions", environment=["prod", "test"]))) == ["s1", "s2"]
    assert ids(api.get("sessions", toTimestamp="2020-01-01T00:00:00Z")) == []
    assert api.get("sessions", fromTimestamp="x").status_code == 400


def test_strangers_see_nothing(other_api, write) -> None:
    write(trace("t", session_id="s"))
    assert ids(other_api.get("sessions")) == []
    assert other_api.get("sessions/s").status_code == 404


def test_a_session_takes_five_queries_however_long_it_is(api, write, django_assert_num_queries) -> None:
    write(*(trace(f"t{n}", session_id="s") for n in range(40)))
    api.get("sessions/s")
    with django_assert_num_queries(5):
        assert len(api.get("sessions/s").json()["traces"]) == 40
