"""Fetches are cached: a hit touches no table, a change is seen at once, a lost cache costs only time."""

import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from common.errors import NotFound
from prompts import epoch, lookup
from prompts.authors import Author
from prompts.publishing import set_tags
from tests.prompts.casting import create, tag

NOWHERE = {**django_settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}


def text(api, **query) -> str:
    return api.get("v2/prompts/greeting", **query).json()["prompt"]


def test_a_hit_touches_no_table(api) -> None:
    create(api, labels=["production"])
    first = api.get("v2/prompts/greeting")
    with CaptureQueriesContext(connection) as queries:
        second = api.get("v2/prompts/greeting")
    assert len(queries) == 0
    assert second.content == first.content


def test_every_way_of_asking_has_its_own_entry(api) -> None:
    create(api, "child", "x")
    create(api, prompt=tag("child", version=1), labels=["production"])
    create(api, prompt="two", labels=["1", "none"])
    for _ in range(2):
        assert text(api) == "x"
        assert text(api, version=1) == "x"
        assert text(api, resolve="false") == tag("child", version=1)
        assert text(api, label="1") == "two"
        assert text(api, label="none") == "two"


def test_a_new_version_is_seen_at_once(api) -> None:
    create(api, prompt="one", labels=["production"])
    assert text(api) == "one"
    create(api, prompt="two", labels=["production"])
    assert text(api) == "two"


def test_every_other_change_is_seen_at_once(api, project) -> None:
    create(api, prompt="one", labels=["production"])
    create(api, prompt="two")
    assert text(api) == "one"
    api.patch("v2/prompts/greeting/versions/2", {"newLabels": ["production"]})
    assert text(api) == "two"
    set_tags(project.id, "greeting", ["new"], Author())
    assert api.get("v2/prompts/greeting").json()["tags"] == ["new"]
    api.delete("v2/prompts/greeting?version=2")
    assert api.get("v2/prompts/greeting").status_code == 404


def test_what_a_slow_reader_stores_after_a_change_is_not_believed(api, project) -> None:
    create(api, prompt="one", labels=["production"])
    key = lookup._key(project.id, "greeting", None, "production", True)
    _, before = epoch.read(project.id, key)
    stale = lookup._read(project.id, "greeting", None, "production", True)
    create(api, prompt="two", labels=["production"])
    epoch.store(key, before, stale)
    assert text(api) == "two"


def test_a_change_that_is_taken_back_leaves_the_cache_alone(api, project) -> None:
    create(api, labels=["production"])
    text(api)
    response = api.post("v2/prompts", {"name": "greeting", "prompt": [], "type": "chat"})
    assert response.status_code == 400
    with CaptureQueriesContext(connection) as queries:
        text(api)
    assert len(queries) == 0


def test_projects_do_not_share_entries(api, other_api) -> None:
    create(api, prompt="ours", labels=["production"])
    assert text(api) == "ours"
    assert other_api.get("v2/prompts/greeting").status_code == 404
    create(other_api, prompt="theirs", labels=["production"])
    assert (text(api), text(other_api)) == ("ours", "theirs")


def test_an_epoch_ends_by_itself(project) -> None:
    """A cache that comes back with old contents after it missed a change is believed for seconds at most."""
    _, current = epoch.read(project.id, "some-key")
    client = redis.from_url(django_settings.REDIS_URL)
    left = client.pttl(cache.make_key(f"prompts:{project.id}:epoch"))
    client.close()
    assert current is not None and 0 < left <= epoch.EPOCH_SECONDS * 1000


@override_settings(CACHES={"default": NOWHERE})
def test_without_a_cache_everything_works(api) -> None:
    create(api, prompt="one", labels=["production"])
    assert text(api) == "one"
    create(api, prompt="two", labels=["production"])
    assert text(api) == "two"


def test_fetch_gives_a_value(api, project) -> None:
    made = create(api, labels=["production"], config={"a": 1}, tags=["t"])
    for _ in range(2):
        found = lookup.fetch(project.id, "greeting")
        assert (found.id, found.version, found.prompt) == (made["id"], 1, "Hello {{name}}")
        assert (found.config, found.tags, found.labels) == ({"a": 1}, ["t"], ["production", "latest"])
    with pytest.raises(NotFound):
        lookup.fetch(project.id, "greeting", version=2)
