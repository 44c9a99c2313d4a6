"""What the doors refuse is written down, and what clients send is counted."""

import gzip

import pytest

from tests.conftest import Api, Keys
from tracing import clients
from tracing.models import ClientUse, RejectedEvent

GOOD = {"id": "e1", "type": "trace-create", "timestamp": "2026-01-01T00:00:00Z", "body": {"id": "t1"}}
BAD = {"id": "e2", "type": "span-create", "timestamp": "2026-01-01T00:00:00Z", "body": {"id": 5}}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    clients.flush()
    ClientUse.objects.all().delete()


def test_a_refused_event_is_kept_with_its_reason_and_its_body(api: Api, project: Keys) -> None:
    said = {"sdk_name": "python", "sdk_version": "2.60.10"}
    assert api.post("ingestion", {"batch": [GOOD, BAD], "metadata": said}).status_code == 207
    (event,) = RejectedEvent.objects.all()
    assert (event.project_id, event.door, event.kind, event.status) == (project.id, "ingestion", "refused", 400)
    assert (event.event_type, event.event_id) == ("span-create", "e2")
    assert (event.client, event.client_version) == ("python", "2.60.10")
    assert event.reason.startswith("body.id: ")
    assert event.whole and b'"id":5' in bytes(event.body)


def test_a_broken_envelope_is_kept_whole(api: Api) -> None:
    assert api.post("ingestion", b'{"batch": 7}').status_code == 400
    (event,) = RejectedEvent.objects.all()
    assert bytes(event.body) == b'{"batch": 7}'
    assert '"batch"' in event.reason


def test_a_long_body_is_kept_as_a_sample(api: Api) -> None:
    api.post("ingestion", {"batch": [{**BAD, "body": {"id": 5, "input": "x" * 300_000}}]})
    (event,) = RejectedEvent.objects.all()
    assert not event.whole
    assert event.size > 300_000 > len(event.body)


def test_an_export_that_cannot_be_read_is_kept_unpacked(api: Api) -> None:
    answer = api.client.post(
        "/api/public/otel/v1/traces",
        data=gzip.compress(b"this is no protobuf"),
        content_type="application/x-protobuf",
        headers={
            "content-encoding": "gzip",
            "x-langfuse-sdk-name": "python",
            "x-langfuse-sdk-version": "4.18.0",
        },
    )
    assert answer.status_code == 400
    (event,) = RejectedEvent.objects.all()
    assert (event.door, event.client, event.client_version) == ("otel", "python", "4.18.0")
    assert bytes(event.body) == b"this is no protobuf"
    assert event.content_type == "application/x-protobuf"


def test_a_refused_score_is_kept_alone_and_in_a_list(api: Api) -> None:
    score = {"name": "fine", "traceId": "t", "value": 1}
    assert api.post("scores", {**score, "value": True}).status_code == 400
    assert api.post("scores", [score, {**score, "value": []}]).status_code == 207
    assert RejectedEvent.objects.filter(door="scores").count() == 2


def test_reading_badly_is_no_rejected_event(api: Api) -> None:
    assert api.get("scores", page="none").status_code == 400
    assert not RejectedEvent.objects.exists()


def test_a_request_without_a_key_is_nobodys(nobody_api: Api) -> None:
    assert nobody_api.post("ingestion", {"batch": [BAD]}).status_code == 401
    assert not RejectedEvent.objects.exists()


def test_what_each_version_of_a_client_sends_is_counted(api: Api, project: Keys) -> None:
    for version in ("2.60.10", "2.60.10", "2.59.0"):
        api.post("ingestion", {"batch": [GOOD, BAD], "metadata": {"sdk_name": "python", "sdk_version": version}})
    clients.flush()
    uses = {use.client_version: (use.accepted, use.refused) for use in clients.uses(project.id, 7)}
    assert uses == {"2.60.10": (2, 2), "2.59.0": (1, 1)}


def test_a_flood_is_counted_but_not_kept(api: Api, project: Keys) -> None:
    api.post("ingestion", {"batch": [{**BAD, "id": f"e{i}"} for i in range(250)]})
    clients.flush()
    assert RejectedEvent.objects.count() == 100
    assert clients.uses(project.id, 1)[0].refused == 250


def test_the_counts_of_a_project_that_is_gone_are_dropped(api: Api, project: Keys) -> None:
    api.post("ingestion", {"batch": [GOOD]})
    project.project.delete()
    clients.flush()
    assert not ClientUse.objects.exists()


def test_what_was_left_out_of_a_stored_event_is_told(api: Api, project: Keys) -> None:
    body = {"id": "o1", "traceId": "t1", "usageDetails": {"input": "many"}}
    answer = api.post("ingestion", {"batch": [{**GOOD, "type": "generation-create", "body": body}]})
    assert answer.json()["successes"]
    (event,) = RejectedEvent.objects.all()
    assert (event.kind, event.event_type) == ("misunderstood", "generation-create")
    assert "body.usageDetails.input" in event.reason
    clients.flush()
    (use,) = clients.uses(project.id, 1)
    assert (use.accepted, use.refused, use.misunderstood) == (1, 0, 1)


def test_the_same_misunderstanding_is_kept_once(api: Api) -> None:
    for span in ("1" * 16, "2" * 16):
        attribute = {"key": "langfuse.observation.level", "value": {"stringValue": "LOUD"}}
        sent = {"traceId": "a" * 32, "spanId": span, "name": "n", "attributes": [attribute]}
        sent |= {"startTimeUnixNano": "1760000000000000000", "endTimeUnixNano": "1760000001000000000"}
        answer = api.post("otel/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [sent]}]}]})
        assert answer.status_code == 200
    (event,) = RejectedEvent.objects.all()
    assert (event.door, event.kind) == ("otel", "misunderstood")
    assert "langfuse.observation.level" in event.reason
