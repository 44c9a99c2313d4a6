"""Texts word by word."""

from datasets.wording import Piece, differences, plain


def told(expected: str, said: str) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in differences(expected, said)]


def test_equal_texts_have_one_piece() -> None:
    assert differences("Рим", "Рим") == [Piece("same", "Рим")] and differences("", "") == []


def test_a_full_stop_alone_is_marked() -> None:
    assert told("Париж", "Париж.") == [("same", "Париж"), ("added", ".")]


def test_replaced_words_stand_before_their_replacement() -> None:
    assert told("a b c", "a x c") == [("same", "a "), ("missing", "b"), ("added", "x"), ("same", " c")]


def test_what_is_gone_and_what_came_are_whole() -> None:
    assert told("Нью-Дели", "") == [("missing", "Нью-Дели")]
    assert "".join(text for kind, text in told("one two three", "two four") if kind != "missing") == "two four"


def test_texts_too_long_to_compare_are_shown_whole() -> None:
    assert told("a", "b " * 3000) == [("added", "b " * 3000)]


def test_values_are_read_as_people_read_them() -> None:
    assert plain('"Рим"') == "Рим" and plain(None) == "" and plain("null") == "" and plain("42") == "42"
    assert plain('{"country": "Италия"}') == '{"country": "Италия"}'
    assert "\n" in plain('{"a": "' + "x" * 100 + '"}')
    assert plain('{"role": "assistant", "content": "Рим"}') == "Рим"
    assert plain('[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]') == "user: a\nassistant: b"
    assert "tool" in plain('{"role": "assistant", "content": "", "tool_calls": [{"name": "tool"}]}')
