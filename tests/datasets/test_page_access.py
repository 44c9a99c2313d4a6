"""Who may see and change what."""

import pytest

from datasets.models import Dataset, DatasetItem, DatasetRun

READ = [
    "",
    "/{d}",
    "/{d}?status=all&q=x",
    "/{d}/items/{i}",
    "/{d}/runs",
    "/{d}/runs/{r}",
    "/{d}/compare?runs={r}",
    "/{d}/-/export",
]
FORMS = ["/-/new", "/{d}/-/edit", "/{d}/-/item", "/{d}/-/import"]
WRITE = [
    "/-/new",
    "/{d}/-/edit",
    "/{d}/-/delete",
    "/{d}/-/item",
    "/{d}/-/chosen",
    "/{d}/-/import",
    "/{d}/items/{i}",
    "/{d}/runs/{r}",
]


@pytest.fixture
def address(project, dataset, capitals, run):
    run_id = run("first", ["Рим", "Лондон", None])

    def of(path: str) -> str:
        return f"/project/{project.id}/datasets" + path.format(d=dataset["id"], i=capitals[0]["id"], r=run_id)

    return of


@pytest.mark.parametrize("path", READ)
def test_members_of_every_role_may_read_and_annotators_no_runs(page_client, vera, anna, address, path: str) -> None:
    assert page_client(vera).get(address(path)).status_code == 200
    told = "/runs" in path or "/compare" in path
    assert page_client(anna).get(address(path)).status_code == (403 if told else 200)


@pytest.mark.parametrize("path", [*READ, *FORMS])
def test_a_stranger_finds_nothing(page_client, mallory, address, path: str) -> None:
    assert page_client(mallory).get(address(path)).status_code == 404


@pytest.mark.parametrize("path", READ)
def test_the_same_things_are_not_found_in_another_project(
    page_client, mallory, other_project, address, path: str
) -> None:
    theirs = address(path).replace(address("").split("/")[2], other_project.id)
    answer = page_client(mallory).get(theirs)
    assert answer.status_code == (200 if path == "" else 404)
    assert "Capitals" not in answer.content.decode().replace("create_dataset", "").replace('name="Capitals"', "")


@pytest.mark.parametrize("path", FORMS)
def test_forms_of_writers_are_closed_to_readers(page_client, vera, anna, bob, address, path: str) -> None:
    assert page_client(bob).get(address(path)).status_code == 200
    for person in (vera, anna):
        assert page_client(person).get(address(path)).status_code == 403


@pytest.mark.parametrize("path", WRITE)
def test_readers_and_strangers_change_nothing(page_client, vera, anna, mallory, address, path: str) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (Dataset, DatasetItem, DatasetRun)]
    body = {"name": "Capitals", "input": "x", "do": "delete", "text": "input\n1"}
    for person, status in ((vera, 403), (anna, 403), (mallory, 404)):
        assert page_client(person).post(address(path), body).status_code == status
    assert [list(model.objects.order_by("pk").values()) for model in (Dataset, DatasetItem, DatasetRun)] == before


@pytest.mark.parametrize("path", ["/{d}", "/{d}/items/{i}", "/{d}/runs", "/{d}/runs/{r}"])
def test_readers_see_no_controls_that_write(page_client, vera, bob, address, path: str) -> None:
    seen = page_client(vera).get(address(path)).content.decode()
    assert "/-/edit" not in seen and "data-confirm" not in seen and 'name="do"' not in seen
    assert "data-confirm" in page_client(bob).get(address(path)).content.decode() or path == "/{d}/runs"


def test_nobody_signed_in_is_sent_to_the_sign_in_page(client, address) -> None:
    assert client.get(address("")).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/nope/runs",
        "/{d}/items/nope",
        "/{d}/runs/nope",
        "/{d}/compare?runs=nope",
        "/{d}/-/import/nope",
        "/%00",
        "/{d}/items/%00",
        "/{d}/runs/%00",
    ],
)
def test_what_does_not_exist_is_not_found(page_client, bob, address, path: str) -> None:
    assert page_client(bob).get(address(path)).status_code == 404
