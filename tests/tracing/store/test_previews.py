"""The one line that lists show of an input or output."""

import pytest

from tracing.store.previews import LENGTH, preview

CHAT = '[{"role":"system","content":"Be brief."},{"role":"user","content":"Capital of\\nFrance?"}]'
ANSWERED = CHAT[:-1] + ',{"role":"assistant","content":"Paris"},{"role":"user","content":"Thanks"}]'


@pytest.mark.parametrize(
    ("text", "answer", "line"),
    [
        ('"Paris"', False, "Paris"),
        ('"  two\\n\\nlines  "', False, "two lines"),
        ("42", True, "42"),
        ("null", True, ""),
        (CHAT, False, "Capital of France?"),
        (ANSWERED, False, "Thanks"),
        (ANSWERED, True, "Paris"),
        (f'{{"messages":{CHAT},"model":"gpt-4o"}}', False, "Capital of France?"),
        (f'{{"args":[{CHAT}],"kwargs":{{}}}}', False, "Capital of France?"),
        (f'{{"args":[],"kwargs":{{"messages":{CHAT}}}}}', False, "Capital of France?"),
        (f"[{CHAT}]", False, "Capital of France?"),
        ('{"role":"assistant","content":"Paris"}', True, "Paris"),
        ('{"choices":[{"message":{"role":"assistant","content":"Paris"}}]}', True, "Paris"),
        ('[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{}}]}]',
         False, "What is this? [image_url]"),
        ('{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"look","arguments":"{\\"x\\":1}"}}]}',
         True, 'look({"x":1})'),
        ('{"country":"France","year":2024}', False, '{"country":"France","year":2024}'),
        ('{"question":"Why?"}', False, "Why?"),
        ("[1,2,3]", False, "[1,2,3]"),
        ("[]", False, "[]"),
        ('"a\\u0000b"', False, "a\ufffdb"),
        ('"\\ud800"', False, '"\\ud800"'),
        ("[" * 400 + "]" * 400, False, "[" * 200),
        ("Столица".join('""'), False, "Столица"),
    ],
)  # fmt: skip
def test_it_says_what_a_person_would_recognise(text: str, answer: bool, line: str) -> None:
    assert preview(text, answer=answer) == line


def test_nothing_stays_nothing() -> None:
    assert preview(None) is None


def test_it_is_short_even_of_a_giant() -> None:
    assert len(preview('"' + "word " * 200_000 + '"') or "") <= LENGTH
