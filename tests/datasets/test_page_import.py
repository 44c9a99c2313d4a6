"""A file into a dataset, in the browser."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.items import items
from datasets.models import Dataset, DatasetImport
from tests.conftest import Keys

CSV = 'country;capital;note\nИталия;Рим;a\nбитая\n"Испания";Мадрид;b\n'


@pytest.fixture
def at(project: Keys, dataset):
    return lambda path="": f"/project/{project.id}/datasets/{dataset['id']}{path}"


@pytest.fixture
def uploaded(page_client, bob, at):
    """Uploads a file as Bob; gives the client and the address of the preview."""

    def upload(content: bytes, name: str = "capitals.csv"):
        client = page_client(bob)
        answer = client.post(at("/-/import"), {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 302, answer.content.decode()
        return client, answer.url

    return upload


def mapped(**targets: str) -> dict[str, object]:
    return {
        "column": list(targets),
        "target": list(targets.values()),
        "format": "csv",
        "encoding": "",
        "delimiter": ";",
    }


def test_the_preview_shows_columns_items_and_what_is_broken(uploaded) -> None:
    client, path = uploaded(CSV.encode("cp1251"))
    page = client.get(path).content.decode()
    assert "<option selected>cp1251</option>" in page and 'value=";" selected' in page
    assert "Италия" in page and "Рим" in page
    assert "number of fields: 1, in the header: 3" in page and "Import 2 items" in page


def test_the_mapping_is_tried_before_anything_is_written(uploaded, dataset) -> None:
    client, path = uploaded(CSV.encode())
    body = mapped(country="input_field", capital="expected", note="ignore")
    assert client.post(path, body | {"do": "look"}).status_code == 302
    assert DatasetImport.objects.get().mapping == {"country": "input_field", "capital": "expected", "note": "ignore"}
    assert not items(Dataset.objects.get()).exists()
    assert client.post(path, body | {"do": "start"}).status_code == 302
    assert [row.expected_output for row in items(Dataset.objects.get())] == ['"Рим"', '"Мадрид"']
    done = client.get(path).content.decode()
    assert "2 items imported." in done and "1 line was left out." in done


def test_starting_twice_imports_once(uploaded, dataset) -> None:
    client, path = uploaded(b"input;expected\n1;2\n")
    for _ in range(2):
        client.post(path, mapped(input="input", expected="expected") | {"do": "start"})
    assert items(Dataset.objects.get()).count() == 1


def test_rows_may_be_pasted(page_client, bob, at) -> None:
    client = page_client(bob)
    answer = client.post(at("/-/import"), {"text": '{"input": "a", "expected_output": "b"}\n'})
    assert "Import 1 item" in client.get(answer.url).content.decode()


@pytest.mark.parametrize(
    ("body", "words"), [({}, "Choose a file"), ({"text": "PK\x03\x04"}, "spreadsheet"), ({"text": '"'}, "Line 1")]
)
def test_what_cannot_be_read_is_told_on_the_form(page_client, bob, at, body, words) -> None:
    answer = page_client(bob).post(at("/-/import"), body)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not DatasetImport.objects.exists()


def test_a_wrong_encoding_is_told_and_the_preview_stays(uploaded) -> None:
    client, path = uploaded(CSV.encode("cp1251"))
    answer = client.post(path, mapped() | {"encoding": "utf-8", "do": "look"})
    assert answer.status_code == 422 and "Choose another one" in answer.content.decode()


def test_a_running_import_asks_again_and_shows_how_far_it_is(uploaded) -> None:
    client, path = uploaded(b"input\n1\n2\n")
    DatasetImport.objects.update(state="RUNNING", done=1)
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" in part and "1 / 2" in part and "<html" not in part


def test_a_large_import_goes_through_the_queue(
    uploaded, monkeypatch, dataset, django_capture_on_commit_callbacks
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("datasets.views.imports.enqueue_import", sent.append)
    client, path = uploaded(b"input\n" + b"x\n" * 1001)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(path, mapped(input="input") | {"delimiter": ",", "do": "start"})
    given = DatasetImport.objects.get()
    assert (sent, given.state) == ([given.pk], "RUNNING")


def test_an_import_of_another_dataset_is_not_found(uploaded, api, project, page_client, bob) -> None:
    _, path = uploaded(b"input\n1\n")
    other = api.post("v2/datasets", {"name": "Other"}).json()["id"]
    import_id = path.rpartition("/")[2]
    assert page_client(bob).get(f"/project/{project.id}/datasets/{other}/-/import/{import_id}").status_code == 404
