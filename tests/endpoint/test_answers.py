"""The endpoint answers as OpenAI would, through OpenAI's own client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AuthenticationError, BadRequestError, OpenAI

from tests.endpoint.server import Endpoint

GEOGRAPHER = {"role": "system", "content": "Ты географ"}
TOOL = {
    "type": "function",
    "function": {
        "name": "capital_of",
        "parameters": {"type": "object", "properties": {"country": {"type": "string"}}, "required": ["country"]},
    },
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[OpenAI]:
    with OpenAI(api_key="sk-test", base_url=endpoint.url, max_retries=0) as client:
        yield client


def _say(client: OpenAI, text: str, model: str = "gpt-4o-mini", **options: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **options)


def _text(answer: Any) -> str:
    return str(answer.choices[0].message.content)


@pytest.mark.parametrize(
    ("question", "capital"),
    [
        ("Напиши столицу Франции", "Париж"),
        ("Тебе нужно ответить только названием столицы этой страны: Южная африка", "Претория"),
        ("What is the capital of South Korea?", "Seoul"),
        ("Столица Нигде", "Не знаю такой страны."),
    ],
)
def test_it_knows_capitals_in_both_languages(client: OpenAI, question: str, capital: str) -> None:
    assert _text(_say(client, question)) == capital


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("gpt-4o-mini-full-stop", "Оттава."),
        ("gpt-4o-mini-wrong", "Торонто"),
        ("gpt-4o-mini-wrong-full-stop", "Торонто."),
        ("gpt-4o-mini-chatty", "Столица Канады — Оттава."),
        ("echo", "Столица: Канада"),
    ],
)
def test_models_differ_by_name(client: OpenAI, model: str, answer: str) -> None:
    assert _text(_say(client, "Столица: Канада", model)) == answer


def test_a_conversation_goes_on_from_its_context(client: OpenAI) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Ты бот, который отвечает на вопросы о географии. Отвечай кратко и четко."},
        {"role": "user", "content": "Назови столицу России"},
    ]
    first = client.chat.completions.create(model="gpt-3.5-turbo", messages=messages)
    assert _text(first) == "Москва."
    messages += [{"role": "assistant", "content": "Москва."}, {"role": "user", "content": "Расскажи про этот город"}]
    second = client.chat.completions.create(model="gpt-3.5-turbo", messages=messages)
    assert _text(second).startswith("Москва - столица России")
    assert first.usage and second.usage
    assert second.usage.prompt_tokens > first.usage.prompt_tokens


def test_a_stream_says_the_same_and_ends_with_usage(client: OpenAI) -> None:
    whole = _say(client, "Столица Аргентины")
    stream = _say(client, "Столица Аргентины", stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == _text(whole)
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens


def test_the_same_question_gets_the_same_reply(client: OpenAI) -> None:
    assert _say(client, "Столица Индии") == _say(client, "Столица Индии")


def test_json_is_made_to_the_schema(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "score": {"type": "number", "minimum": 0, "maximum": 5},
            "verdict": {"enum": ["pass", "fail"]},
            "reasoning": {"type": "string"},
        },
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "judgement", "schema": schema}}
    answer = json.loads(_text(_say(client, "Столица Италии", response_format=wanted)))
    assert answer == {"score": 5, "verdict": "pass", "reasoning": "Рим"}


def test_a_tool_is_called_and_its_result_told(client: OpenAI) -> None:
    answer = _say(client, "Capital of Egypt?", tools=[TOOL])
    (call,) = answer.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("capital_of", {"country": "Egypt"})
    assert answer.choices[0].finish_reason == "tool_calls"


def test_texts_alike_lie_near_each_other(client: OpenAI) -> None:
    near = client.embeddings.create(model="text-embedding-3-small", input=["столица Италии", "столица Испании", "xyz"])
    first, second, third = (one.embedding for one in near.data)

    def similarity(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert similarity(first, second) > 0.5 > similarity(first, third)
    assert len(client.embeddings.create(model="m", input="x", dimensions=8).data[0].embedding) == 8


def test_old_completions_and_models_are_served(client: OpenAI) -> None:
    done = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["capital of Italy", "capital of Egypt"])
    assert [choice.text for choice in done.choices] == ["Rome", "Cairo"]
    assert "gpt-3.5-turbo" in [model.id for model in client.models.list()]


def test_a_wrong_key_and_a_wrong_body_are_refused(client: OpenAI) -> None:
    with pytest.raises(AuthenticationError):
        _say(client.with_options(api_key="invalid"), "Столица Италии")
    with pytest.raises(BadRequestError, match="messages"):
        client.chat.completions.create(model="gpt-4o", messages=[])


def test_what_was_asked_can_be_looked_at(endpoint: Endpoint, client: OpenAI) -> None:
    _say(client, "Столица Турции", extra_headers={"X-Trace": "7"})
    asked = endpoint.requests[-1]
    assert (asked.path, asked.headers["x-trace"]) == ("/v1/chat/completions", "7")
    assert asked.body["messages"][0]["content"] == "Столица Турции"
