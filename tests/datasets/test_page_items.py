"""The items of a dataset in the browser."""

import csv
import io
import json
import time

import pytest

from datasets.models import DatasetItem
from tests.conftest import Keys


@pytest.fixture
def at(project: Keys, dataset):
    return lambda path="": f"/project/{project.id}/datasets/{dataset['id']}{path}"


def test_the_list_shows_previews_newest_first(page_client, vera, at, capitals) -> None:
    page = page_client(vera).get(at()).content.decode()
    places = [page.index(word) for word in ("Бразилия", "Испания", "Италия")]
    assert places == sorted(places) and "Мадрид" in page
    assert page_client(vera).get(at("/items")).status_code == 200


def test_an_empty_dataset_tells_how_to_fill_it(page_client, bob, at, project) -> None:
    page = page_client(bob).get(at()).content.decode()
    assert 'dataset_name="Capitals"' in page and project.public_key in page


def test_search_and_status_choose_items(page_client, bob, at, capitals, add_item) -> None:
    add_item(id=capitals[0]["id"], status="ARCHIVED")
    client = page_client(bob)
    assert "Италия" not in client.get(at()).content.decode()
    archived = client.get(at("?status=archived")).content.decode()
    assert "Италия" in archived and "Испания" not in archived
    found = client.get(at("?q=мадрид&status=all")).content.decode()
    assert "Испания" in found and "Бразилия" not in found
    assert "No item matches" in client.get(at("?q=nothing")).content.decode()


def test_long_lists_go_by_pages_in_a_constant_number_of_queries(
    page_client, bob, api, at, dataset, django_assert_max_num_queries
) -> None:
    for number in range(53):
        api.post("dataset-items", {"datasetName": "Capitals", "input": f"word{number} " + "x" * 3000})
    client = page_client(bob)
    with django_assert_max_num_queries(6):
        first = client.get(at()).content.decode()
    assert "word52" in first and "word3 " in first and "word2 " not in first and "cursor=50" in first
    assert "x" * 400 not in first
    second = client.get(at("?cursor=50")).content.decode()
    assert "word2 " in second and "word3 " not in second
    assert client.get(at("?cursor=nonsense")).status_code == 200


def test_htmx_gets_the_rows_alone(page_client, bob, at, capitals) -> None:
    part = page_client(bob).get(at(), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "Италия" in part


def test_an_item_is_added(page_client, bob, api, at, dataset) -> None:
    client = page_client(bob)
    assert client.get(at("/-/item")).status_code == 200
    answer = client.post(
        at("/-/item"), {"input": '{"country": "Чад"}', "expected_output": "Нджамена", "status": "ACTIVE"}
    )
    assert answer.status_code == 302 and answer.url == at()
    made = api.get("dataset-items", datasetName="Capitals").json()["data"][0]
    assert (made["input"], made["expectedOutput"], made["metadata"]) == ({"country": "Чад"}, "Нджамена", None)
    assert DatasetItem.objects.get().author == bob


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"input": "{broken"}, "valid JSON"), ({"id": "x" * 256}, "255"), ({"status": "GONE"}, "GONE")],
)
def test_a_wrong_item_comes_back_with_what_was_typed(page_client, bob, at, dataset, typed, field) -> None:
    body = {"input": "words", "expected_output": "kept", "status": "ACTIVE", **typed}
    answer = page_client(bob).post(at("/-/item"), body)
    assert answer.status_code == 422
    assert "kept" in answer.content.decode() and field in answer.content.decode()
    assert not DatasetItem.objects.exists()


def test_an_id_that_exists_is_not_overwritten_by_a_new_item(page_client, bob, at, capitals) -> None:
    answer = page_client(bob).post(at("/-/item"), {"id": capitals[0]["id"], "input": "x", "status": "ACTIVE"})
    assert answer.status_code == 422 and DatasetItem.objects.count() == 3


def test_items_that_break_the_schema_say_so_beside_the_field(page_client, bob, api, at, dataset) -> None:
    api.post("v2/datasets", {"name": "Capitals", "expectedOutputSchema": {"type": "number"}})
    answer = page_client(bob).post(at("/-/item"), {"input": "x", "expected_output": "words", "status": "ACTIVE"})
    assert answer.status_code == 422
    assert 'id="id_expected_output-error"' in answer.content.decode()


def test_an_item_is_edited_and_its_history_shows_what_changed(page_client, bob, api, at, capitals) -> None:
    path = at(f"/items/{capitals[0]['id']}")
    client = page_client(bob)
    time.sleep(0.002)
    body = {"input": '{"country": "Италия"}', "expected_output": "город Рим", "status": "ACTIVE", "metadata": ""}
    assert client.post(path, body).status_code == 302
    page = client.get(path).content.decode()
    assert '<ins class="added">город </ins>' in page and "Bob" in page
    assert api.get(f"dataset-items/{capitals[0]['id']}").json()["expectedOutput"] == "город Рим"
    assert client.post(path, body | {"expected_output": "", "status": "ARCHIVED"}).status_code == 302
    assert api.get(f"dataset-items/{capitals[0]['id']}").json()["expectedOutput"] is None


@pytest.mark.parametrize(
    "value", ["plain words", "42", 42, '{"a":1}', " spaced ", {"a": [1, None]}, "", True, "[not json"]
)
def test_saving_the_form_unchanged_changes_nothing(page_client, bob, at, add_item, value) -> None:
    from html.parser import HTMLParser

    class Texts(HTMLParser):
        found: dict[str, str] = {}
        name = ""

        def handle_starttag(self, tag, attrs):
            self.name = dict(attrs).get("name", "") if tag == "textarea" else ""

        def handle_data(self, data):
            if self.name:
                self.found[self.name] = self.found.get(self.name, "") + data

        def handle_endtag(self, tag):
            self.name = ""

    add_item(id="i", input=value, expectedOutput="x")
    client = page_client(bob)
    texts = Texts()
    texts.found = {}
    texts.feed(client.get(at("/items/i")).content.decode())
    # A browser drops the line break that stands right behind <textarea>.
    body = {name: text.removeprefix("\n") for name, text in texts.found.items()}
    client.post(at("/items/i"), {"status": "ACTIVE", **body})
    assert DatasetItem.objects.filter(item_id="i").count() == 1


def test_a_deleted_item_shows_its_past_and_cannot_be_changed(page_client, bob, at, capitals) -> None:
    path = at(f"/items/{capitals[0]['id']}")
    client = page_client(bob)
    assert client.post(path, {"do": "delete"}).status_code == 302
    page = client.get(path).content.decode()
    assert "deleted" in page and 'name="input"' not in page
    assert client.post(path, {"input": "x", "status": "ACTIVE"}).status_code == 404


def test_chosen_items_are_archived_brought_back_and_deleted(page_client, bob, api, at, capitals) -> None:
    client, ids = page_client(bob), [item["id"] for item in capitals[:2]]

    def left() -> int:
        return api.get("dataset-items", datasetName="Capitals").json()["meta"]["totalItems"]

    client.post(at("/-/chosen"), {"id": ids, "do": "archive"})
    assert left() == 1
    client.post(at("/-/chosen"), {"id": [*ids, "unknown", "\0"], "do": "activate"})
    assert left() == 3
    client.post(at("/-/chosen"), {"id": ids, "do": "delete"})
    assert left() == 1


def test_an_items_page_shows_what_runs_answered(page_client, vera, at, capitals, run) -> None:
    run("first", ["Roma", "Мадрид", None])
    page = page_client(vera).get(at(f"/items/{capitals[0]['id']}")).content.decode()
    assert "first</a>" in page and "Roma" in page and "exact_match: 0" in page


def test_exports_are_files(page_client, vera, at, capitals) -> None:
    client = page_client(vera)
    lines = client.get(at("/-/export?format=jsonl"))
    assert lines["Content-Disposition"] == 'attachment; filename="capitals.jsonl"'
    assert lines.getvalue().decode().count("\n") == 3
    table = client.get(at("/-/export?format=csv"))
    assert table.getvalue().startswith("\ufeffid,status,input".encode())
    assert client.get(at("/-/export?format=zzz")).status_code == 404


def test_a_spreadsheet_finds_no_formula_in_an_export(page_client, vera, at, add_item) -> None:
    add_item(input='=HYPERLINK("https://example.com")', expectedOutput="-5+3")
    table = page_client(vera).get(at("/-/export?format=csv")).getvalue().decode("utf-8-sig")
    [_header, row] = list(csv.reader(io.StringIO(table)))
    assert all(cell[:1] not in tuple("=+-@") or not cell for cell in row)
    assert json.loads(row[2]) == '=HYPERLINK("https://example.com")'  # an import reads it back
