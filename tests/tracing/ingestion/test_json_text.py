import json

import pytest

from tracing.ingestion import jsontext


def raw(value: object) -> str | None:
    """As it arrives from a client that escapes everything beyond ASCII."""
    return jsontext.from_raw(json.dumps(value).encode())


def test_it_keeps_key_order_spacing_and_big_numbers() -> None:
    text = '{"b": 1,  "a": 12345678901234567890123, "c": 1.10}'
    assert jsontext.from_raw(text.encode()) == text


def test_it_writes_readable_characters_instead_of_escapes() -> None:
    assert raw("Привет") == '"Привет"'
    assert raw({"ключ": "значение 😀"}) == '{"ключ": "значение 😀"}'


@pytest.mark.parametrize(
    "value",
    [
        'quote " and \\ backslash',
        "\\u0041 is no escape here",
        "line\nfeed\ttab\x00nul\x1fend",
        'мир " \\ \n \x00 😀 \\\\u0041',
        "\x7f\x80",
        "\\\x00\\\\\x01 мир",
        '\\"\x1f"\\ \\u0022 мир \\\\u0022',
    ],
)
def test_rewriting_escapes_never_changes_the_value(value: str) -> None:
    assert json.loads(raw({"v": value}) or "")["v"] == value


def test_nul_stays_escaped() -> None:
    assert raw("a\x00b") == '"a\\u0000b"'


def test_a_string_that_holds_json_becomes_that_json() -> None:
    assert raw("2") == "2"
    assert raw('{"a": [1, 2]}') == '{"a": [1, 2]}'
    assert raw('"quoted"') == '"quoted"'
    assert raw("null") is None


def test_it_is_decoded_only_once_and_only_at_the_top() -> None:
    assert raw({"content": "2"}) == '{"content": "2"}'
    assert raw('"2"') == '"2"'


@pytest.mark.parametrize("text", ["Paris", "nothing", "3 apples", "{not json", "NaN", "007", "", "[[["])
def test_plain_text_stays_text(text: str) -> None:
    assert jsontext.from_text(text) == json.dumps(text)


def test_a_deep_value_inside_a_string_stays_a_string() -> None:
    deep = "[" * 200 + "]" * 200
    assert jsontext.from_text(deep) == json.dumps(deep)


def test_null_and_absence_are_nothing() -> None:
    assert jsontext.from_raw(b"null") is None
    assert jsontext.from_raw(b"") is None


def test_depth_counts_brackets_outside_strings() -> None:
    assert not jsontext.deeper_than("[" * 100 + "]" * 100, 100)
    assert jsontext.deeper_than("[" * 101 + "]" * 101, 100)
    assert jsontext.deeper_than(('{"a":' * 101 + "1" + "}" * 101).encode(), 100)
    assert not jsontext.deeper_than(json.dumps(["[" * 500, '"[' * 500] * 60), 100)
    assert not jsontext.deeper_than("[" + "[]," * 1000 + "[]]", 100)


def test_mending_replaces_what_no_strict_reader_takes() -> None:
    body = rb'{"a": "\ud800 \ud83d\ude00 \\ud800 NaN", "b": NaN, "c": [-Infinity, Infinity], "d": "' + b"\xff" + b'"}'
    mended = jsontext.mend(body)
    assert mended is not None
    assert json.loads(mended) == {"a": "\ufffd 😀 \\ud800 NaN", "b": None, "c": [None, None], "d": "\ufffd"}


def test_mending_leaves_sound_json_alone() -> None:
    assert jsontext.mend('{"a": "Infinity, NaN, \\ud83d\\ude00 и мир"}'.encode()) is None


def test_each_part_of_metadata_is_decoded_by_itself() -> None:
    sent = {"count": "0", "text": '"0"', "list": ["1"], "none": None, "name": "x"}
    assert jsontext.metadata(json.dumps(sent).encode()) == {
        "count": "0",
        "text": '"0"',
        "list": '["1"]',
        "none": "null",
        "name": '"x"',
    }


@pytest.mark.parametrize(("sent", "kept"), [("test", '"test"'), ([1], "[1]"), (7, "7")])
def test_metadata_that_is_no_object_stands_under_its_name(sent: object, kept: str) -> None:
    assert jsontext.metadata(json.dumps(sent).encode()) == {"metadata": kept}


def test_plain_values_become_json() -> None:
    value = {"big": 10**30, "none": None, "raw": b"\x01", "odd": float("inf"), "list": ["я", 1.5]}
    assert (
        jsontext.from_value(value)
        == '{"big":1000000000000000000000000000000,"none":null,"raw":"AQ==","odd":null,"list":["я",1.5]}'
    )
