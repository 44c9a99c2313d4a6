"""`/api/public/health` and `/api/public/ready`, while all is well; what they say when it is not: test_up.py."""

import mmap
from datetime import UTC, datetime, timedelta

import pytest

from promptlab import VERSION, shutdown
from tests.conftest import Api


@pytest.mark.parametrize("path", ["health", "ready"])
def test_it_answers_without_a_key(nobody_api: Api, path: str) -> None:
    answer = nobody_api.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "OK", "version": VERSION}


@pytest.mark.parametrize("path", ["health", "ready"])
def test_head_is_as_good_as_get_and_anything_else_is_refused(nobody_api: Api, path: str) -> None:
    assert nobody_api._call("HEAD", path).status_code == 200
    refused = nobody_api.post(path, {})
    assert refused.status_code == 405
    assert refused.json() == {"message": "Use GET or HEAD.", "error": "MethodNotAllowedError"}


def test_nothing_recent_is_a_503_only_for_those_who_ask(api: Api) -> None:
    assert api.get("health").status_code == 200
    assert api.get("health", failIfNoRecentEvents="false").status_code == 200
    assert api.get("health", failIfDatabaseUnavailable="true").status_code == 200
    refused = api.get("health", failIfNoRecentEvents="true")
    assert refused.status_code == 503
    assert refused.json()["status"] == "No traces or observations within the last 3 minutes"


@pytest.mark.parametrize(("seconds_ago", "status"), [(0, 200), (170, 200), (200, 503)])
def test_a_trace_counts_as_recent_for_three_minutes(api: Api, seconds_ago: int, status: int) -> None:
    when = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    event = {"id": "e1", "type": "trace-create", "timestamp": when, "body": {"id": "t1", "timestamp": when}}
    assert api.post("ingestion", {"batch": [event]}).status_code == 207
    assert api.get("health", failIfNoRecentEvents="true").status_code == status


def test_a_server_that_is_going_is_not_ready_but_lives(nobody_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "_going", mmap.mmap(-1, 1))
    shutdown.begin()
    assert nobody_api.get("ready").status_code == 503
    assert nobody_api.get("ready").json()["status"] == "Shutting down"
    assert nobody_api.get("health").status_code == 200
