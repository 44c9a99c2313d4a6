"""The pages of prompts learn from traces how much each is used."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def _generation(number: int, version: int) -> dict:
    body = {
        "id": f"g{number}",
        "traceId": f"t{number}",
        "name": "answer",
        "model": "gpt-4o",
        "promptName": "folder/capital",
        "promptVersion": version,
        "startTime": "2030-01-01T00:00:00Z",
    }
    return {"id": f"e{number}", "type": "generation-create", "timestamp": "2030-01-01T00:00:00Z", "body": body}


@pytest.fixture
def used(api) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC).isoformat()
    for number in (1, 2):
        assert api.post("v2/prompts", {"name": "folder/capital", "prompt": f"v{number}"}).status_code == 201
    events = [_generation(1, 1), _generation(2, 2), _generation(3, 2)]
    for event in events:
        event["timestamp"] = event["body"]["startTime"] = event["body"]["endTime"] = now
    assert api.post("ingestion", {"batch": events}).json()["errors"] == []


def test_the_list_counts_calls_in_the_order_of_the_names(used, project, alice, page_client) -> None:
    page = page_client(alice).get(f"/project/{project.id}/fragments/prompt-uses", {"name": ["never", "folder/capital"]})
    spans = page.content.decode().split("</span>")
    assert 'id="uses-1"' in spans[0] and "–" in page.content.decode().split('id="uses-2"')[0]
    assert ">3</a>" in page.content.decode()


def test_a_version_tells_its_own_calls(used, project, alice, page_client) -> None:
    ask = f"/project/{project.id}/fragments/prompt-version-uses"
    client = page_client(alice)
    assert "2 calls of this version" in client.get(ask, {"name": "folder/capital", "version": "2"}).content.decode()
    assert "No call" in client.get(ask, {"name": "folder/capital", "version": "7"}).content.decode()
    assert "No call" in client.get(ask, {"name": "folder/capital", "version": "x"}).content.decode()


def test_strangers_see_nothing(used, project, mallory, page_client) -> None:
    ask = f"/project/{project.id}/fragments/prompt-uses?name=folder/capital"
    assert page_client(mallory).get(ask).status_code == 404
