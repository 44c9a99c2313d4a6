"""From a file to items."""

import csv
import io

import pytest

from common.errors import Invalid
from datasets import imports
from datasets.definitions import dataset_named, upsert_dataset
from datasets.exporting import as_csv, as_json_lines
from datasets.imports import change_reading, guess, plan, run_import, start, table_of, upload
from datasets.items import ItemChange, items, put_item
from datasets.jsontext import to_value
from datasets.models import Dataset, DatasetImport, DatasetItem
from datasets.tables import Reading


@pytest.fixture
def capitals(project) -> Dataset:
    return upsert_dataset(project.id, "Capitals")


def imported(dataset: Dataset, content: bytes, name: str = "x.csv", **mapping: str) -> DatasetImport:
    given = upload(dataset, content, name, by=None)
    if mapping:
        given = change_reading(given, Reading(**given.reading), given.mapping | mapping)
    return start(given, lambda _: pytest.fail("not large"))


def values(dataset: Dataset) -> list[tuple]:
    return [(to_value(row.input), to_value(row.expected_output), to_value(row.metadata)) for row in items(dataset)]


def test_columns_that_speak_for_themselves_are_mapped() -> None:
    assert guess(("input", "expected_output", "note")) == {
        "input": "input",
        "expected_output": "expected",
        "note": "metadata_field",
    }
    assert guess(("country", "Ответ")) == {"country": "input_field", "Ответ": "expected"}
    assert guess(("country", "capital")) == {"country": "input_field", "capital": "expected"}
    assert guess(("id", "question", "answer", "metadata", "x"))["x"] == "ignore"


def test_rows_become_items_in_the_order_of_the_file(capitals: Dataset) -> None:
    done = imported(capitals, "country,answer\nИталия,Рим\nИспания,Мадрид\n".encode())
    assert (done.state, done.done, done.skipped, bytes(done.content)) == ("DONE", 2, 0, b"")
    assert values(capitals) == [({"country": "Италия"}, "Рим", None), ({"country": "Испания"}, "Мадрид", None)]


def test_the_order_of_the_file_survives_chunks(capitals: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 3)
    imported(capitals, b"input\n" + b"".join(b"%d\n" % number for number in range(10)))
    assert [given for given, _, _ in values(capitals)] == [str(number) for number in range(10)]


def test_cells_that_hold_json_are_read_as_json_and_others_as_text(capitals: Dataset) -> None:
    imported(capitals, b'input,expected,metadata\n"{""a"": [1]}",42,"[1, 2]"\n{broken},"""quoted""",\n')
    assert values(capitals) == [({"a": [1]}, "42", [1, 2]), ("{broken}", "quoted", None)]


def test_the_mapping_decides(capitals: Dataset) -> None:
    imported(capitals, b"a,b,c,d\n1,2,3,4\n", a="id", b="input", c="metadata_field", d="ignore")
    row = items(capitals).get()
    assert (row.item_id, values(capitals)) == ("1", [("2", None, {"c": "3"})])


def test_broken_rows_are_left_out_and_named_by_line(capitals: Dataset) -> None:
    content = b"id,status,input,expected\na,ACTIVE,1,1\na,ACTIVE,2,2\nb,GONE,3,3\nc,ACTIVE\n,,,\nd,archived,,\n"
    content += b"e,archived,5,\n"
    given = upload(capitals, content, "x.csv", by=None)
    planned = plan(given, table_of(given))
    assert [number for number, _ in planned.items] == [2, 8]
    assert [one.number for one in planned.broken] == [3, 4, 5, 7]
    done = start(given, None)
    assert (done.done, done.skipped) == (2, 4)
    assert DatasetItem.objects.get(item_id="e").status == "ARCHIVED"


def test_rows_that_break_the_schema_are_named_by_line(project) -> None:
    dataset = upsert_dataset(project.id, "S", input_schema={"type": "object", "required": ["country"]})
    given = upload(dataset, b"country,city,n\nItaly,Rome,1\n,Paris,2\n", "x.csv", by=None)
    planned = plan(given, table_of(given))
    assert len(planned.items) == 1 and planned.broken[0].number == 3 and "country" in planned.broken[0].reason


def test_running_an_import_again_changes_nothing(capitals: Dataset) -> None:
    given = upload(capitals, b"input\n1\n2\n", "x.csv", by=None)
    DatasetImport.objects.update(state="RUNNING")
    run_import(given.pk)
    DatasetImport.objects.update(state="RUNNING", content=b"input\n1\n2\n")
    run_import(given.pk)
    assert DatasetItem.objects.count() == 2


def test_a_started_import_is_not_started_twice(capitals: Dataset) -> None:
    done = imported(capitals, b"input\n1\n")
    assert start(done, lambda _: pytest.fail("again")).state == "DONE"


def test_large_imports_go_to_a_worker(capitals: Dataset, django_capture_on_commit_callbacks) -> None:
    sent: list[str] = []
    given = upload(capitals, b"input\n" + b"x\n" * 1001, "x.csv", by=None)
    with django_capture_on_commit_callbacks(execute=True):
        assert start(given, sent.append).state == "RUNNING"
    assert sent == [given.pk]
    run_import(given.pk)
    assert items(capitals).count() == 1001


def test_an_id_of_another_dataset_fails_the_import_with_a_sentence(project, capitals: Dataset) -> None:
    put_item(upsert_dataset(project.id, "Other"), ItemChange(id="taken", input=1))
    done = imported(capitals, b"id,input\ntaken,1\n")
    assert done.state == "FAILED" and "Other" in done.fault
    assert not items(capitals).exists()


def test_too_large_files_are_refused(capitals: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_BYTES", 10)
    with pytest.raises(Invalid):
        upload(capitals, b"x" * 11, "x.csv", by=None)


STRANGE = [
    {"input": {"z": 1, "a": "я"}, "expected_output": "text", "metadata": [1, None]},
    {"input": "  spaces ", "expected_output": "{not json}"},
    {"input": '"quoted"', "expected_output": ""},
    {"input": 'line\nbreak;,"', "expected_output": {"k": "a\0b"}, "source_trace_id": "t"},
]


IDS = ["=1+1", "+7", "-5", "@sum", "\tx", " x ", '{"a": 1}', "[1]", '"q"', "007", "a,b", "день"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_ids_of_every_kind_survive_the_way_out_and_in(project, capitals: Dataset, kind: str) -> None:
    for item_id in IDS:
        put_item(capitals, ItemChange(id=item_id, input=1, source_trace_id=item_id, source_observation_id=item_id))
    content = "".join((as_csv if kind == "csv" else as_json_lines)(capitals))
    if kind == "csv":
        cells = [cell for row in list(csv.reader(io.StringIO(content)))[1:] for cell in row]
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")]
    capitals.delete()
    again = upsert_dataset(project.id, "Again")
    assert imported(again, content.encode(), f"x.{kind}").skipped == 0
    found = {(row.item_id, row.source_trace_id, row.source_observation_id) for row in items(again)}
    assert found == {(item_id, item_id, item_id) for item_id in IDS}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_exported_is_imported_as_it_was(project, capitals: Dataset, kind: str) -> None:
    for number, change in enumerate(STRANGE):
        put_item(capitals, ItemChange(id=f"i{number}", **change))
    put_item(capitals, ItemChange(id="i0", status="ARCHIVED"))
    write = as_csv if kind == "csv" else as_json_lines
    content = "".join(write(capitals)).encode()
    before = {row.item_id: row for row in items(capitals, status=None)}
    capitals.delete()
    again = upsert_dataset(project.id, "Again")
    done = imported(again, content, f"x.{kind}")
    assert (done.state, done.skipped) == ("DONE", 0)
    after = {row.item_id: row for row in items(dataset_named(project.id, "Again"), status=None)}
    for item_id, row in before.items():
        for name in ("status", "input", "expected_output", "metadata", "source_trace_id"):
            assert getattr(after[item_id], name) == getattr(row, name), (item_id, name)
