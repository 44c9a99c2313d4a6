"""Protected labels obey owners and admins only, never an API key (the reference server forgets its API)."""

import pytest

from common.errors import Denied
from prompts.authors import Author
from prompts.labelling import label_version, take_off
from prompts.models import LabelMove, ProtectedLabel
from tests.prompts.casting import create, text_prompt


@pytest.fixture
def protected(api, project) -> None:
    create(api, prompt="one", labels=["production"])
    create(api, prompt="two")
    ProtectedLabel.objects.create(project=project.project, label="production")


@pytest.mark.usefixtures("protected")
def test_a_key_may_not_move_it(api) -> None:
    response = api.patch("v2/prompts/greeting/versions/2", {"newLabels": ["production"]})
    assert response.status_code == 403
    body = response.json()
    assert body["error"] == "ForbiddenError"
    assert "'production'" in body["message"] and "Protected labels" in body["message"]
    assert api.get("v2/prompts/greeting").json()["version"] == 1


@pytest.mark.usefixtures("protected")
def test_a_key_may_not_publish_with_it(api) -> None:
    assert api.post("v2/prompts", text_prompt(labels=["production"])).status_code == 403
    assert api.post("v2/prompts", text_prompt("unheard-of", labels=["production"])).status_code == 403
    assert api.get("v2/prompts/greeting", version=3).status_code == 404
    assert create(api)["version"] == 3


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("query", ["", "?version=1", "?label=production"])
def test_a_key_may_not_delete_what_bears_it(api, query) -> None:
    assert api.delete(f"v2/prompts/greeting{query}").status_code == 403
    assert api.delete("v2/prompts/greeting?version=2").status_code == 204


@pytest.mark.usefixtures("protected")
def test_a_key_may_name_it_where_it_stands_already(api) -> None:
    assert api.patch("v2/prompts/greeting/versions/1", {"newLabels": ["production", "fine"]}).status_code == 200


@pytest.mark.usefixtures("protected")
def test_whoever_may_protect_may_move(project, alice) -> None:
    label_version(project.id, "greeting", 2, ["production"], Author(user=alice, may_protect=True))
    move = LabelMove.objects.latest("pk")
    assert (move.created_by, move.from_version, move.to_version) == (alice, 1, 2)


@pytest.mark.usefixtures("protected")
def test_a_member_without_the_right_may_not(project, bob) -> None:
    with pytest.raises(Denied, match="Your role may not move"):
        take_off(project.id, "greeting", "production", Author(user=bob))


@pytest.mark.usefixtures("protected")
def test_another_projects_protection_does_not_count(other_api) -> None:
    assert create(other_api, labels=["production"])["labels"] == ["production", "latest"]
