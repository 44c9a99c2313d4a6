"""What can be done on the page of a prompt."""

import pytest

from prompts.models import LabelMove, Prompt, PromptLabel, ProtectedLabel
from tests.prompts.casting import create, tag


@pytest.fixture
def do(project, bob, page_client):
    """Posts to a prompt's page as Bob, a member."""

    def post(name: str = "greeting", person=bob, follow: bool = False, **data):
        return page_client(person).post(f"/project/{project.id}/prompts/{name}", data, follow=follow)

    return post


def test_a_label_is_moved(api, do, project, bob) -> None:
    create(api, "dir/x", labels=["production"])
    create(api, "dir/x")
    response = do("dir/x", do="label", version=2, label="production")
    assert (response.status_code, response.url) == (303, f"/project/{project.id}/prompts/dir/x?version=2")
    assert api.get("v2/prompts/dir/x").json()["version"] == 2
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version, move.created_by) == ("production", 1, 2, bob)


@pytest.mark.parametrize(("label", "reason"), [("Not Allowed", "is not allowed"), ("latest", "cannot be moved")])
def test_a_label_that_cannot_be_is_refused_on_the_page(api, do, label, reason) -> None:
    create(api)
    response = do(do="label", version=1, label=label)
    assert response.status_code == 422
    assert reason in response.content.decode()


def test_a_label_is_taken_off(api, do) -> None:
    create(api, labels=["production"])
    assert do(do="unlabel", version=1, label="production").status_code == 303
    assert api.get("v2/prompts/greeting").status_code == 404
    move = LabelMove.objects.latest("pk")
    assert (move.label, move.from_version, move.to_version) == ("production", 1, None)


def test_a_label_that_others_depend_on_stays(api, do) -> None:
    create(api, "child", labels=["stable"])
    create(api, "parent", tag("child", label="stable"))
    response = do("child", do="unlabel", version=1, label="stable")
    assert response.status_code == 422
    assert "&#x27;parent&#x27; version 1 depends on" in response.content.decode()
    assert PromptLabel.objects.filter(label="stable").exists()


def test_latest_is_not_taken_off(api, do) -> None:
    create(api)
    assert do(do="unlabel", version=1, label="latest").status_code == 422


def test_tags_are_edited(api, do) -> None:
    create(api, tags=["old"])
    assert do(do="tags", version=1, tags=" one, two words ,, one").status_code == 303
    assert api.get("v2/prompts/greeting", version=1).json()["tags"] == ["one", "two words"]


def test_a_version_is_deleted(api, do, project) -> None:
    create(api)
    create(api)
    response = do(do="delete_version", version=2)
    assert response.url == f"/project/{project.id}/prompts/greeting"
    assert api.get("v2/prompts/greeting", label="latest").json()["version"] == 1


def test_the_last_version_takes_the_prompt_with_it(api, do, project) -> None:
    create(api, "dir/x")
    assert do("dir/x", do="delete_version", version=1).url == f"/project/{project.id}/prompts?folder=dir"
    assert not Prompt.objects.exists()


def test_a_prompt_is_deleted(api, do, project) -> None:
    create(api)
    create(api)
    response = do(do="delete", follow=True)
    assert response.redirect_chain == [(f"/project/{project.id}/prompts", 303)]
    assert "“greeting” is deleted" in response.content.decode()
    assert not Prompt.objects.exists()


def test_what_others_depend_on_is_not_deleted(api, do) -> None:
    create(api, "child")
    create(api, "parent", tag("child", version=1))
    for data in ({"do": "delete"}, {"do": "delete_version", "version": 1}):
        response = do("child", **data)
        assert response.status_code == 422
        assert "depends on" in response.content.decode()


@pytest.mark.parametrize("data", [{}, {"do": "dance"}])
def test_nonsense_is_refused(api, do, data) -> None:
    create(api)
    assert do(**data).status_code == 400


def test_a_version_that_is_no_number_is_refused(api, do) -> None:
    create(api)
    assert do(do="label", version="x", label="a").status_code == 422
    assert do(do="label", version=7, label="a").status_code == 404


def test_a_protected_label_obeys_admins_only(api, do, project, alice, bob) -> None:
    create(api, labels=["production"])
    create(api)
    ProtectedLabel.objects.create(project=project.project, label="production")
    for data in (
        {"do": "label", "version": 2, "label": "production"},
        {"do": "unlabel", "version": 1, "label": "production"},
        {"do": "delete_version", "version": 1},
        {"do": "delete"},
    ):
        assert do(person=bob, **data).status_code == 403
    assert do(person=alice, do="label", version=2, label="production").status_code == 303


EVERYTHING = [
    {"do": "label", "version": 1, "label": "x"},
    {"do": "unlabel", "version": 1, "label": "production"},
    {"do": "tags", "version": 1, "tags": "x"},
    {"do": "delete_version", "version": 1},
    {"do": "delete"},
]


@pytest.mark.parametrize("data", EVERYTHING)
def test_viewers_and_annotators_are_refused_and_strangers_find_nothing(api, do, vera, anna, mallory, data) -> None:
    before = create(api, labels=["production"])
    assert do(person=vera, **data).status_code == 403
    assert do(person=anna, **data).status_code == 403
    assert do(person=mallory, **data).status_code == 404
    after = api.get("v2/prompts/greeting").json()
    assert (after["labels"], after["tags"]) == (before["labels"], before["tags"])
