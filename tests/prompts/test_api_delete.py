"""DELETE /api/public/v2/prompts/{name}."""

import pytest

from accounts.models import AuditEntry
from prompts.models import LabelMove, Prompt
from tests.prompts.casting import create


def versions(api) -> list[int]:
    return [number for row in api.get("v2/prompts").json()["data"] for number in row["versions"]]


def test_it_deletes_all_versions(api) -> None:
    create(api)
    create(api)
    response = api.delete("v2/prompts/greeting")
    assert (response.status_code, response.content) == (204, b"")
    assert not Prompt.objects.exists()
    assert api.get("v2/prompts/greeting", version=1).status_code == 404


def test_a_name_begins_again_after_it_was_deleted(api) -> None:
    create(api)
    api.delete("v2/prompts/greeting")
    assert create(api, type="chat", prompt=[])["version"] == 1


def test_it_deletes_one_version(api) -> None:
    create(api)
    create(api)
    assert api.delete("v2/prompts/greeting?version=1").status_code == 204
    assert versions(api) == [2]


def test_it_deletes_the_version_of_a_label(api) -> None:
    create(api, labels=["old"])
    create(api)
    assert api.delete("v2/prompts/greeting?label=old").status_code == 204
    assert versions(api) == [2]


def test_latest_goes_to_the_highest_version_left(api, project) -> None:
    for labels in (["stable"], ["production"], []):
        create(api, labels=labels)
    api.delete("v2/prompts/greeting?version=3")
    assert api.get("v2/prompts/greeting", label="latest").json()["labels"] == ["production", "latest"]
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version, move.api_key) == ("latest", 3, 2, project.public_key)


def test_a_label_that_vanishes_is_logged(api) -> None:
    create(api, labels=["old"])
    create(api)
    api.delete("v2/prompts/greeting?version=1")
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version) == ("old", 1, None)


@pytest.mark.parametrize("query", ["", "?version=2", "?label=nope"])
def test_it_answers_404_when_nothing_matches(api, query) -> None:
    create(api, "x")
    name = "x" if query else "y"
    response = api.delete(f"v2/prompts/{name}{query}")
    assert response.status_code == 404
    assert response.json()["error"] == "LangfuseNotFoundError"


def test_it_refuses_version_and_label_together(api) -> None:
    create(api)
    assert api.delete("v2/prompts/greeting?version=1&label=latest").status_code == 400


@pytest.mark.parametrize("address", ["dir/x", "dir%2Fx"])
def test_it_finds_names_with_slashes(api, address) -> None:
    create(api, "dir/x")
    assert api.delete(f"/api/public/v2/prompts/{address}").status_code == 204


def test_it_is_written_into_the_audit_log(api) -> None:
    create(api, labels=["production"])
    create(api)
    api.delete("v2/prompts/greeting")
    entry = AuditEntry.objects.get(action="delete")
    assert (entry.subject_id, entry.before) == ("greeting", {"versions": [1, 2], "labels": ["latest", "production"]})


def test_a_stranger_deletes_nothing(api, other_api) -> None:
    create(api)
    assert other_api.delete("v2/prompts/greeting").status_code == 404
    assert versions(api) == [1]
