"""Variables are found and filled in as the Python SDK does it."""

import pytest

from prompts.templates import Piece, compile_prompt, fill, pieces, placeholders, variables


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {{name}}!", "Hi Ada!"),
        ("{{ name }}{{name}}{{\nname\n}}", "AdaAdaAda"),
        ("{{other}} stays", "{{other}} stays"),
        ("{{none}}.", "."),
        ("{{number}}", "7"),
        ('{{ "key": "value" }} {name}', '{{ "key": "value" }} {name}'),
        ("{{name", "{{name"),
        ("{{{name}}}", "{{{name}}}"),
        ("", ""),
    ],
)
def test_a_text_is_filled_in(text, filled) -> None:
    assert fill(text, {"name": "Ada", "none": None, "number": 7}) == filled


def test_values_are_not_read_as_templates() -> None:
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": "\\1"}) == "{{b}} \\1"


def test_variables_are_listed_once_in_order() -> None:
    assert variables('{{b}} {{ a }} {{b}} {{ "key": 1 }} {{}} {{имя}}') == ["b", "a", "имя"]
    assert variables([{"role": "user", "content": "{{x}}"}, {"type": "placeholder", "name": "y"}]) == ["x"]


def test_placeholders_are_listed() -> None:
    assert placeholders([{"type": "placeholder", "name": "y"}, {"role": "user", "content": "{{x}}"}]) == ["y"]
    assert placeholders("{{x}}") == []


def test_a_text_is_cut_at_its_variables() -> None:
    assert pieces("a {{ b }}c") == [Piece("a "), Piece("{{ b }}", "b"), Piece("c")]
    assert pieces("{{b}}") == [Piece("{{b}}", "b")]
    assert pieces('{{ "k": 1 }}') == [Piece('{{ "k": 1 }}')]
    assert pieces("") == []


def test_messages_are_compiled_with_their_placeholders() -> None:
    messages = [
        {"type": "message", "role": "system", "content": "Be {{mood}}"},
        {"type": "placeholder", "name": "history"},
        {"type": "placeholder", "name": "missing"},
    ]
    history = [{"role": "user", "content": "{{mood}}?", "tool_calls": [1]}]
    assert compile_prompt(messages, {"mood": "kind", "history": history}) == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "kind?", "tool_calls": [1]},
        {"type": "placeholder", "name": "missing"},
    ]


def test_a_placeholder_that_is_no_list_of_messages_is_marked() -> None:
    (message,) = compile_prompt([{"type": "placeholder", "name": "h"}], {"h": "text"})
    assert message == {"role": "NOT_GIVEN", "content": "text"}
