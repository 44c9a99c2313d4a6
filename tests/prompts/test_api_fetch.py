"""GET /api/public/v2/prompts/{name}."""

import pytest

from tests.prompts.casting import create


def test_it_gives_production_when_nothing_is_asked(api) -> None:
    create(api, prompt="one", labels=["production"])
    create(api, prompt="two")
    answer = api.get("v2/prompts/greeting").json()
    assert (answer["version"], answer["prompt"], answer["isActive"]) == (1, "one", True)


def test_it_gives_a_version_or_a_label(api) -> None:
    create(api, prompt="one", labels=["stable"])
    create(api, prompt="two")
    assert api.get("v2/prompts/greeting", version=1).json()["prompt"] == "one"
    assert api.get("v2/prompts/greeting", label="stable").json()["prompt"] == "one"
    newest = api.get("v2/prompts/greeting", label="latest").json()
    assert (newest["prompt"], newest["labels"], newest["isActive"]) == ("two", ["latest"], False)


def test_a_prompt_that_was_never_published_is_not_found(api) -> None:
    create(api, "x", labels=["draft"])
    response = api.get("v2/prompts/x")
    assert response.status_code == 404
    assert response.json() == {
        "message": "Prompt not found: 'x' with label 'production'",
        "error": "LangfuseNotFoundError",
    }


def test_it_says_which_version_was_not_found(api) -> None:
    create(api, "x")
    response = api.get("v2/prompts/x", version=7)
    assert response.status_code == 404
    assert response.json()["message"] == "Prompt not found: 'x' with version 7"


def test_it_refuses_version_and_label_together(api) -> None:
    create(api)
    response = api.get("v2/prompts/greeting", version=1, label="latest")
    assert response.status_code == 400
    assert "both version and label" in response.json()["message"]


def test_empty_parameters_count_as_absent(api) -> None:
    create(api, labels=["production"])
    assert api.get("v2/prompts/greeting", version="", label="").json()["version"] == 1


@pytest.mark.parametrize("version", ["0", "-1", "x", "1.5", str(2**40), "9" * 5000])
def test_it_refuses_a_version_that_is_no_number(api, version) -> None:
    response = api.get("v2/prompts/greeting", version=version)
    assert response.status_code == 400
    assert response.json()["error"][0]["path"] == ["version"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dir/sub/test_2", "dir/sub/test_2"),
        ("dir/sub/test_2", "dir%2Fsub%2Ftest_2"),
        ("dir/test_2", "dir%2ftest_2"),
        ("with space", "with%20space"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("столицы/Франция", "%D1%81%D1%82%D0%BE%D0%BB%D0%B8%D1%86%D1%8B%2F%D0%A4%D1%80%D0%B0%D0%BD%D1%86%D0%B8%D1%8F"),
        ("a+b", "a+b"),
        ("a+b", "a%2Bb"),
        ("what?#", "what%3F%23"),
        ("!@$^&*() =;", "%21%40%24%5E%26%2A%28%29%20%3D%3B"),
        ("a/versions/1", "a/versions/1"),
        ("a/versions/1", "a%2Fversions%2F1"),
    ],
)
def test_it_finds_any_name_decoding_once(api, name, address) -> None:
    create(api, name, labels=["production"])
    response = api.get(f"/api/public/v2/prompts/{address}")
    assert response.status_code == 200, response.content
    assert response.json()["name"] == name


def test_it_does_not_mind_a_slash_at_the_end(api) -> None:
    create(api, "dir/x", labels=["production"])
    assert api.get("v2/prompts/dir/x/").json()["name"] == "dir/x"


@pytest.mark.parametrize("name", ["a%00b", "%ED%A0%80", "%FF", "x" * 4000])
def test_it_knows_no_prompt_of_an_impossible_name(api, name) -> None:
    assert api.get(f"v2/prompts/{name}").status_code == 404


def test_it_knows_no_prompt_with_an_impossible_label(api) -> None:
    create(api)
    assert api.get("v2/prompts/greeting", label="a\0b").status_code == 404


def test_a_stranger_finds_nothing(api, other_api) -> None:
    create(api, labels=["production"])
    assert other_api.get("v2/prompts/greeting").status_code == 404


def test_the_public_key_alone_may_not_read(api, project, nobody_api) -> None:
    create(api, labels=["production"])
    answer = nobody_api._call("GET", "v2/prompts/greeting", HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    assert answer.status_code == 403


def test_it_needs_a_key(nobody_api) -> None:
    assert nobody_api.get("v2/prompts/greeting").status_code == 401


@pytest.mark.parametrize("method", ["put", "post", "patch"])
def test_other_methods_are_refused(api, method) -> None:
    assert getattr(api, method)("v2/prompts/greeting", {}).status_code == 405


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", ""])
def test_it_answers_in_json_whatever_is_accepted(api, accept) -> None:
    create(api, labels=["production"])
    response = api._call("GET", "v2/prompts/greeting", HTTP_ACCEPT=accept, QUERY_STRING="format=xml")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
