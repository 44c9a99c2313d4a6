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
         False, "What is this? [image]"),
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


HUMAN = '{"type":"human","data":{"content":"Capital of France?","type":"human"}}'
AI = '{"lc":1,"type":"constructor","id":["langchain","schema","messages","AIMessage"],"kwargs":{"content":"Paris"}}'
CHUNK = '{"type":"AIMessageChunk","data":{"content":"Paris","type":"AIMessageChunk"}}'
BLOCKS = '{"role":"user","additional_kwargs":{},"blocks":[{"block_type":"text","text":"Capital of France?"}]}'
PARTS = '{"role":"user","parts":[{"type":"text","content":"Capital of France?"}]}'
CALL = '{"role":"assistant","parts":[{"type":"tool_call","name":"look","arguments":{"x":1}}]}'


@pytest.mark.parametrize(
    ("text", "answer", "line"),
    [
        (AI, True, "Paris"),  # LangChain's roots
        (f'{{"outputs":{AI},"kwargs":{{"tags":[]}}}}', True, "Paris"),
        (CHUNK, True, "Paris"),
        (f'{{"messages":[{HUMAN},{CHUNK}]}}', False, "Capital of France?"),
        (f'{{"messages":[{HUMAN},{CHUNK}]}}', True, "Paris"),
        ('{"inputs":{"question":"Why?"},"tags":["a"],"metadata":{},"kwargs":{"name":"chain"}}', False, "Why?"),
        (f"[{BLOCKS}]", False, "Capital of France?"),  # LlamaIndex
        ('{"str_or_query_bundle":{"query_str":"Why?","embedding":[0.5]}}', False, "Why?"),
        ('{"response":"Paris","source_nodes":[{"node":{"text":"A map."}}]}', True, "Paris"),
        (f"[{PARTS}]", False, "Capital of France?"),  # OpenTelemetry
        (f"[{CALL}]", True, 'look({"x":1})'),
        ('{"message":{"role":"model","content":[{"text":"Paris"}]},"finishReason":"stop"}', True, "Paris"),  # Genkit
        ('{"message":[{"text":"Paris"}],"finish_reason":"end_turn"}', True, "Paris"),  # Strands
        ('{"task":"Look.","stream":false,"reset":true,"images":null}', False, "Look."),  # smolagents
        ('{"system":"Be brief.","prompt":"Why?"}', False, "Why?"),  # Vercel
        ('{"model":"text-embedding-3-small","input":"Rome","dimensions":8}', False, "Rome"),
        ('{"args":[],"kwargs":{}}', False, ""),
        ('{"question":"Why?","context":"It is so."}', False, '{"question":"Why?","context":"It is so."}'),
        ('{"role":"user","content":[{"type":"file","file":{}},{"type":"image_url","image_url":'
         '{"url":"@@@langfuseMedia:type=image/png|id=x|source=bytes@@@"}}]}', False, "[image/png] [file]"),
    ],
)  # fmt: skip
def test_it_knows_the_wrappings_that_pages_know(text: str, answer: bool, line: str) -> None:
    assert preview(text, answer=answer) == line


def test_what_a_call_hides_in_its_arguments_cannot_be_refused_by_the_database() -> None:
    call = r"""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}]"""
    line = preview(call, answer=True)
    assert line is not None
    assert line.encode()


def test_nothing_stays_nothing() -> None:
    assert preview(None) is None


def test_it_is_short_even_of_a_giant() -> None:
    assert len(preview('"' + "word " * 200_000 + '"') or "") <= LENGTH
