"""Tokens are counted offline, for models that somebody knows."""

import pytest

from llm.tokens import COUNTED_CHARACTERS, count


def test_a_text_is_counted_with_the_encoding_of_the_model() -> None:
    assert count("gpt-4o", '"hello world"') == 2
    assert count("gpt-3.5-turbo", '"hello world"') == 2
    # o200k knows more Russian words than cl100k.
    assert count("gpt-4o", '"Столица Франции — Париж"') < count("gpt-4", '"Столица Франции — Париж"')


def test_chat_messages_are_counted_as_openai_does() -> None:
    """OpenAI's own example: 12 prompt tokens for this message."""
    messages = '[{"role":"user","content":"Say this is a test"}]'
    assert count("gpt-3.5-turbo", messages) == 12
    assert count("gpt-3.5-turbo", f'{{"messages":{messages}}}') == 12


def test_of_an_answer_only_what_the_model_wrote_counts() -> None:
    assert count("gpt-4o", '{"role":"assistant","content":"hello world"}') == 2
    called = '{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}'
    assert count("gpt-4o", called) > 5


def test_texts_in_parts_count_and_pictures_do_not() -> None:
    picture = '{"type":"image_url","image_url":{"url":"data:image/png;base64,' + "A" * 50_000 + '"}}'
    content = f'[{{"role":"user","content":[{{"type":"text","text":"hello world"}},{picture}]}}]'
    assert count("gpt-4o", content) == 2 + 3 + 1 + 3


def test_a_batch_to_embed_is_the_sum_of_its_texts() -> None:
    assert count("text-embedding-ada-002", '["hello world","hello world"]') == 4


def test_other_json_is_counted_as_text() -> None:
    assert count("gpt-4o", '{"a":1}') == 5


@pytest.mark.parametrize(
    "model", ["claude-3-5-sonnet", "deepseek-chat", "qwen2.5-72b", "gemini-2.0-flash", "mistral-large"]
)
def test_families_with_a_tokenizer_of_their_own_get_the_nearest_one(model: str) -> None:
    assert 1 < count(model, '"hello wonderful world"') < 8


def test_an_unknown_model_is_not_guessed_at() -> None:
    assert count("yandexgpt", '"hello"') is None


def test_a_definition_s_tokenizer_makes_an_unknown_model_countable() -> None:
    assert count("yandexgpt", '"hello world"', "openai") == 2


def test_nothing_given_is_nothing_counted() -> None:
    assert count("gpt-4o", None) is None
    assert count("gpt-4o", "null") == 0


@pytest.mark.parametrize("text", ["not json", '"\\ud800"', '"\\u0000"', "[" * 5000, ""])
def test_broken_text_is_counted_as_it_stands(text: str) -> None:
    assert count("gpt-4o", text) >= 0


@pytest.mark.timeout(10)
def test_a_huge_text_takes_bounded_work_and_gives_an_estimate() -> None:
    tokens = count("gpt-4o", '"' + "слово " * (COUNTED_CHARACTERS * 3 // 6) + '"')
    assert tokens == pytest.approx(COUNTED_CHARACTERS * 3 / 6, rel=0.01)
