"""PATCH /api/public/v2/prompts/{name}/versions/{version}."""

import pytest

from accounts.models import AuditEntry
from prompts.models import LabelMove, PromptVersion
from tests.prompts.casting import create


def test_it_adds_labels_and_keeps_those_that_are_there(api) -> None:
    create(api, labels=["production"])
    response = api.patch("v2/prompts/greeting/versions/1", {"newLabels": ["john", "doe"]})
    assert response.status_code == 200
    answer = response.json()
    assert answer["labels"] == ["john", "doe", "production", "latest"]
    assert (answer["version"], answer["prompt"], answer["resolutionGraph"]) == (1, "Hello {{name}}", None)
    assert api.get("v2/prompts/greeting").json()["labels"] == answer["labels"]


def test_it_moves_a_label_off_the_version_that_had_it(api, project) -> None:
    create(api, labels=["production"])
    create(api)
    api.patch("v2/prompts/greeting/versions/2", {"newLabels": ["production"]})
    assert api.get("v2/prompts/greeting").json()["version"] == 2
    assert api.get("v2/prompts/greeting", version=1).json()["labels"] == []
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version, move.api_key) == ("production", 1, 2, project.public_key)
    entry = AuditEntry.objects.get(action="label")
    assert entry.before == {"version": 2, "labels": ["latest"]}
    assert entry.after == {"version": 2, "labels": ["production", "latest"]}


def test_it_changes_nothing_when_nothing_moves(api) -> None:
    create(api, labels=["production"])
    before = PromptVersion.objects.get().updated_at
    assert api.patch("v2/prompts/greeting/versions/1", {"newLabels": ["production"]}).json()["labels"] == [
        "production",
        "latest",
    ]
    assert api.patch("v2/prompts/greeting/versions/1", {"newLabels": []}).status_code == 200
    assert LabelMove.objects.count() == 2
    assert PromptVersion.objects.get().updated_at == before


@pytest.mark.parametrize("address", ["dir/sub/x", "dir%2Fsub%2Fx"])
def test_it_finds_names_with_slashes(api, address) -> None:
    create(api, "dir/sub/x")
    response = api.patch(f"/api/public/v2/prompts/{address}/versions/1", {"newLabels": ["stable"]})
    assert response.status_code == 200, response.content
    assert response.json()["labels"] == ["stable", "latest"]


def test_it_finds_a_name_that_looks_like_an_address(api) -> None:
    create(api, "a/versions/3")
    assert api.patch("v2/prompts/a/versions/3/versions/1", {"newLabels": ["x"]}).status_code == 200
    assert api.patch("v2/prompts/a/versions/3", {"newLabels": ["x"]}).status_code == 404


def test_latest_cannot_be_moved_by_hand(api) -> None:
    create(api)
    response = api.patch("v2/prompts/greeting/versions/1", {"newLabels": ["latest"]})
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["newLabels"]


@pytest.mark.parametrize("labels", [["UPPER"], ["a b"], ["x" * 37], "stable", [1], None])
def test_it_refuses_bad_labels(api, labels) -> None:
    create(api)
    response = api.patch("v2/prompts/greeting/versions/1", {"newLabels": labels})
    assert response.status_code == 400
    assert response.json()["error"][0]["path"][0] == "newLabels"


def test_it_asks_for_new_labels(api) -> None:
    create(api)
    assert api.patch("v2/prompts/greeting/versions/1", {}).status_code == 400


def test_it_knows_no_other_version(api) -> None:
    create(api)
    response = api.patch("v2/prompts/greeting/versions/2", {"newLabels": ["x"]})
    assert response.status_code == 404
    assert response.json()["message"] == "Prompt not found: 'greeting' with version 2"
    assert api.patch("v2/prompts/greeting/versions/two", {"newLabels": ["x"]}).status_code == 400


def test_a_stranger_can_label_nothing(api, other_api) -> None:
    create(api)
    assert other_api.patch("v2/prompts/greeting/versions/1", {"newLabels": ["x"]}).status_code == 404
    assert api.get("v2/prompts/greeting", version=1).json()["labels"] == ["latest"]
