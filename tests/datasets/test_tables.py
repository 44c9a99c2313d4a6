"""Files of examples, nasty ones among them."""

import io

import numpy as np
import pytest
from arro3.core import Array, DataType
from arro3.core import Table as ArrowTable
from arro3.io import write_parquet

from common.errors import Invalid
from datasets import parquet
from datasets.tables import Reading, read_table


def rows(content: bytes, name: str = "x.csv", **reading: str) -> list[dict]:
    return [line.values for line in read_table(content, name, Reading(**reading)).lines]


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        ("country,capital\nИталия,Рим\n".encode(), "utf-8", ","),
        ("\ufeffcountry;capital\r\nИталия;Рим\r\n".encode(), "utf-8", ";"),
        ("country;capital\nИталия;Рим".encode("cp1251"), "cp1251", ";"),
        ("country\tcapital\nИталия\tРим\n".encode("utf-16"), "utf-16", "\t"),
        ("country|capital\rИталия|Рим\r".encode(), "utf-8", "|"),
    ],
)
def test_encodings_and_delimiters_are_found_out(content: bytes, encoding: str, delimiter: str) -> None:
    table = read_table(content, "capitals.csv")
    assert (table.reading.encoding, table.reading.delimiter) == (encoding, delimiter)
    assert [line.values for line in table.lines] == [{"country": "Италия", "capital": "Рим"}]


def test_fields_may_hold_delimiters_quotes_and_line_breaks() -> None:
    found = read_table(b'a,b\n"x, ""y""\nz",2\nlast,3\n', "x.csv")
    assert [(line.number, line.values["a"]) for line in found.lines] == [(2, 'x, "y"\nz'), (4, "last")]


def test_broken_rows_are_named_by_line_and_do_not_stop_the_rest() -> None:
    table = read_table(b'a,b\n1,2\n3\n\n"x"y,4\n5,6,7\n8,9\n', "x.csv")
    assert [line.values for line in table.lines] == [{"a": "1", "b": "2"}, {"a": "8", "b": "9"}]
    assert [one.number for one in table.broken] == [3, 5, 6]
    assert "number of fields: 1, in the header: 2" in table.broken[0].reason


def test_a_quote_that_is_never_closed_is_told() -> None:
    table = read_table(b'a,b\n1,2\n"open,3\n4,5\n', "x.csv")
    assert len(table.lines) == 1
    assert [(one.number, one.reason) for one in table.broken] == [(3, "a quote is opened and never closed")]


def test_equal_and_empty_column_names_are_told_apart() -> None:
    assert rows(b"a,a,\n1,2,3\n") == [{"a": "1", "a (2)": "2", "column 3": "3"}]


def test_large_and_strange_cells_are_read() -> None:
    assert rows(b"a,b\n" + b"x" * 200_000 + b",\x00\n")[0]["b"] == "\x00"


def test_json_lines_keep_types_and_name_broken_lines() -> None:
    table = read_table(b'{"a": {"z": 1, "b": [2]}}\nnope\n\n[1]\n{"c": 12345678901234567890123}\r\n', "x.jsonl")
    assert [(line.number, line.values) for line in table.lines] == [
        (1, {"a": {"z": 1, "b": [2]}}),
        (5, {"c": 12345678901234567890123}),
    ]
    assert [one.number for one in table.broken] == [2, 4]
    assert table.columns == ("a", "c")


def test_line_separators_inside_strings_do_not_cut_json_lines() -> None:
    assert rows('{"a": "x\u2028y\u0085z"}\n'.encode(), "x.jsonl") == [{"a": "x\u2028y\u0085z"}]


def test_a_json_array_is_read_whatever_it_is_called() -> None:
    assert rows(b'\n[{"a": 1}, {"b": 2}]', "pasted") == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n ",
        b"\xef\xbb\xbf",
        b"PAR1abc",
        b"PK\x03\x04abc",
        b"{broken",
        b"[1, 2",
        b'"',
        b",".join([b"c"] * 201) + b"\n",
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        read_table(content)
    assert refusal.value.message.endswith(".")


def test_a_forced_reading_wins() -> None:
    assert rows(b"a;b\n1;2\n", delimiter=",") == [{"a;b": "1;2"}]
    with pytest.raises(Invalid):
        read_table("я".encode("cp1251"), "x.csv", Reading(encoding="utf-8"))


def a_parquet(**columns: Array) -> bytes:
    file = io.BytesIO()
    write_parquet(ArrowTable.from_pydict(columns), file)
    return file.getvalue()


def test_parquet_keeps_types_as_json_has_them() -> None:
    content = a_parquet(
        country=Array(["Италия", "Испания"], DataType.utf8()),
        people=Array([59, None], DataType.int64()),
        share=Array([0.5, float("nan")], DataType.float64()),
        seen=Array.from_numpy(np.array(["2026-01-02T03:04:05", "2026-01-02"], "datetime64[us]")),
    )
    table = read_table(content, "capitals.csv")
    assert (table.reading.format, table.columns) == ("parquet", ("country", "people", "share", "seen"))
    assert [line.values for line in table.lines] == [
        {"country": "Италия", "people": 59, "share": 0.5, "seen": "2026-01-02T03:04:05"},
        {"country": "Испания", "people": None, "share": None, "seen": "2026-01-02T00:00:00"},
    ]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_broken_parquet_is_refused_like_any_broken_file(content: bytes) -> None:
    with pytest.raises(Invalid, match="not valid Parquet"):
        read_table(content, "x.parquet")


def test_parquet_that_unpacks_to_too_much_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(parquet, "MAX_UNPACKED", 100_000)
    with pytest.raises(Invalid, match="unpacks to more than"):
        read_table(a_parquet(text=Array(["x" * 1000] * 1000, DataType.utf8())), "x.parquet")


@pytest.mark.parametrize(
    ("content", "name"), [(b"a\0b,c\n1,2\n", "x.csv"), (b'{"a\\u0000b": 1}\n', "x.jsonl")], ids=["csv", "json"]
)
def test_names_of_columns_that_cannot_be_stored_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(Invalid, match="name of a column holds a NUL"):
        read_table(content, name)
