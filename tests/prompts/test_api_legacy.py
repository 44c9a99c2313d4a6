"""GET and POST /api/public/prompts, the first generation."""

from tests.prompts.casting import create, text_prompt


def test_it_gives_the_active_version_or_a_numbered_one(api) -> None:
    create(api, prompt="one", labels=["production"])
    create(api, prompt="two")
    active = api.get("prompts", name="greeting").json()
    assert (active["prompt"], active["isActive"]) == ("one", True)
    second = api.get("prompts/", name="greeting", version=2).json()
    assert (second["prompt"], second["isActive"]) == ("two", False)


def test_it_needs_a_name(api) -> None:
    response = api.get("prompts")
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["name"]


def test_it_says_what_was_not_found(api) -> None:
    assert api.get("prompts", name="x").status_code == 404


def test_it_makes_an_active_version_production(api) -> None:
    response = api.post("prompts", text_prompt(isActive=True))
    assert response.status_code == 201
    assert response.json()["labels"] == ["production", "latest"]
    assert api.post("prompts", text_prompt(isActive=False)).json()["labels"] == ["latest"]
    assert api.get("prompts", name="greeting").json()["version"] == 1


def test_it_asks_whether_the_version_is_active(api) -> None:
    response = api.post("prompts", text_prompt())
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["isActive"]
