"""Settings, Ingestion: what was refused can be looked at, mended and replayed."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from tests.conftest import Api, Keys
from tracing import clients
from tracing.models import RejectedEvent

BAD = {"id": "e2", "type": "trace-create", "timestamp": "2026-01-01T00:00:00Z", "body": {"id": "t2", "tags": "geo"}}
MENDED = b'{"id":"e2","type":"trace-create","timestamp":"2026-01-01T00:00:00Z","body":{"id":"t2","tags":["geo"]}}'

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(page_client: Callable[[User], Client], bob: User) -> Client:
    return page_client(bob)


@pytest.fixture
def address(project: Keys) -> str:
    return f"/project/{project.id}/settings/ingestion"


def rejected(api: Api) -> RejectedEvent:
    said = {"sdk_name": "python", "sdk_version": "2.60.10"}
    assert api.post("ingestion", {"batch": [BAD], "metadata": said}).json()["errors"]
    return RejectedEvent.objects.latest("id")


def test_it_lists_clients_and_rejected_events(page: Client, api: Api, address: str) -> None:
    rejected(api)
    clients.flush()
    text = page.get(address).content.decode()
    assert "2.60.10" in text
    assert "body.tags" in text


def test_an_event_is_mended_and_replayed(page: Client, api: Api, address: str) -> None:
    event = rejected(api)
    shown = page.get(f"{address}/{event.pk}").content.decode()
    assert "&quot;tags&quot;:&quot;geo&quot;" in shown
    answer = page.post(f"{address}/{event.pk}", {"body": MENDED.decode()})
    assert answer.status_code == 302
    assert api.get("traces/t2").json()["tags"] == ["geo"]
    event.refresh_from_db()
    assert event.replayed_at and event.replayed_by
    assert AuditEntry.objects.filter(action="replay", subject_id=event.pk).exists()


def test_what_is_refused_again_says_why_and_keeps_what_was_typed(page: Client, api: Api, address: str) -> None:
    event = rejected(api)
    answer = page.post(f"{address}/{event.pk}", {"body": MENDED.decode().replace('["geo"]', "7")})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "body.tags" in text
    assert "&quot;tags&quot;:7" in text
    event.refresh_from_db()
    assert event.replayed_at is None


def test_nonsense_typed_is_refused_with_a_sentence(page: Client, api: Api, address: str) -> None:
    event = rejected(api)
    for nonsense in ("", "{", "[]", '{"batch": 3}', "\ud800".encode("utf-8", "surrogatepass").decode("latin1"), "null"):
        assert page.post(f"{address}/{event.pk}", {"body": nonsense}).status_code == 422


def test_chosen_events_are_replayed_and_deleted(page: Client, api: Api, address: str) -> None:
    event = rejected(api)
    event.body, event.size = MENDED, len(MENDED)  # as if the server had learned to read it
    event.save()
    assert page.post(address, {"id": [event.pk, "x", "9" * 30, "9" * 5000], "do": "replay"}).status_code == 302
    assert api.get("traces/t2").status_code == 200
    page.post(address, {"id": event.pk, "do": "delete"})
    assert not RejectedEvent.objects.exists()


def test_an_export_in_protobuf_is_shown_and_refused_again(page: Client, api: Api, address: str) -> None:
    api.client.post("/api/public/otel/v1/traces", data=b"\xff\x00no", content_type="application/x-protobuf")
    event = RejectedEvent.objects.get()
    assert "/wBubw==" in page.get(f"{address}/{event.pk}").content.decode()
    assert page.post(f"{address}/{event.pk}").status_code == 422


def test_viewers_may_not_see_bodies(page_client: Callable[[User], Client], vera: User, address: str) -> None:
    assert page_client(vera).get(address).status_code == 403
