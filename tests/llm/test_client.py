"""The one door to models, against a real endpoint that fails on demand."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from common import crypto, outbound
from llm.calls import Answer, CallFailed, ChatRequest, FailureKind, Piece
from llm.client import Client, NoConnection, Patience
from llm.clients import Clients
from llm.destinations import address_of
from llm.models import LlmConnection
from tests.endpoint.server import Endpoint

pytestmark = pytest.mark.django_db

SPAIN = [{"role": "user", "content": "Столица Испании"}]
HASTY = Patience(connect=1, answer=0.4, total=2, attempts=3, longest_wait=1)
KEY = "sk-proj-0123456789abcdef"


@pytest.fixture
def connection(endpoint: Endpoint, project: Any) -> LlmConnection:
    return LlmConnection.objects.create(
        project_id=project.id,
        provider="capitals",
        base_url=endpoint.url,
        sealed_secret=crypto.seal(KEY),
        sealed_headers=crypto.seal('{"X-Team":"psychology"}'),
    )


def call(connection: LlmConnection, use: Callable[[Client], Awaitable[Any]], patience: Patience = HASTY) -> Any:
    async def run() -> Any:
        client = Client(connection, patience)
        try:
            return await use(client)
        finally:
            await client.close()

    return asyncio.run(run())


def complete(connection: LlmConnection, model: str, patience: Patience = HASTY, **more: Any) -> Answer:
    return call(connection, lambda client: client.complete(asked(model, **more)), patience)


def failure(connection: LlmConnection, model: str, patience: Patience = HASTY, **more: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        complete(connection, model, patience, **more)
    assert failed.value.message.endswith(".") and KEY not in failed.value.message
    return failed.value


def stream(connection: LlmConnection, model: str, patience: Patience = HASTY, **more: Any) -> list[Piece | Answer]:
    async def gather(client: Client) -> list[Piece | Answer]:
        return [piece async for piece in client.stream(asked(model, **more))]

    return call(connection, gather, patience)


def asked(model: str, **more: Any) -> ChatRequest:
    return ChatRequest(**{"model": model, "messages": SPAIN} | more)


def test_an_answer_comes_with_usage_and_times(connection: LlmConnection, endpoint: Endpoint) -> None:
    answer = complete(connection, "gpt-4o+latency=50", parameters={"temperature": 0, "stream": True, "seed": None})
    assert (answer.text, answer.finish_reason, answer.attempts) == ("Мадрид", "stop", 1)
    assert answer.usage["total_tokens"] > 0 and answer.message["role"] == "assistant"
    assert 0.05 <= answer.latency < 1
    request = endpoint.requests[-1]
    assert request.body == {"model": "gpt-4o+latency=50", "messages": SPAIN, "temperature": 0}
    assert (request.headers["authorization"], request.headers["x-team"]) == (f"Bearer {KEY}", "psychology")


def test_tools_and_response_formats_reach_the_provider(connection: LlmConnection) -> None:
    parameters = {"type": "object", "properties": {"country": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "find", "parameters": parameters}}
    for answer in (
        complete(connection, "gpt-4o", tools=[tool], tool_choice="auto"),
        stream(connection, "gpt-4o", tools=[tool])[-1],
    ):
        assert isinstance(answer, Answer) and answer.text == ""
        assert answer.message["tool_calls"][0]["function"] == {"name": "find", "arguments": '{"country": "Испания"}'}
        assert answer.finish_reason == "tool_calls"
    assert complete(connection, "gpt-4o", response_format={"type": "json_object"}).text == '{"answer": "Мадрид"}'


def test_a_stream_brings_pieces_then_the_answer_with_usage(connection: LlmConnection) -> None:
    *pieces, answer = stream(connection, "gpt-4o")
    assert isinstance(answer, Answer) and len(pieces) > 1
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == answer.text == "Мадрид"
    assert answer.usage["completion_tokens"] > 0
    assert answer.first_token_at and answer.started_at <= answer.first_token_at <= answer.ended_at


@pytest.mark.parametrize("fault", ["429", "500", "503", "cut", "json", "empty"])
def test_what_may_pass_is_tried_again(connection: LlmConnection, fault: str) -> None:
    model = f"gpt-4o+fault={fault}*1+retry-after=0"
    assert (complete(connection, model).attempts, complete(connection, model).attempts) == (2, 1)


@pytest.mark.parametrize(
    ("model", "kind", "attempts"),
    [
        ("gpt-4o+fault=401", FailureKind.AUTH, 1),
        ("gpt-4o+fault=400", FailureKind.BAD_REQUEST, 1),
        ("gpt-4o+fault=404", FailureKind.NOT_FOUND, 1),
        ("gpt-4o+fault=429+retry-after=0", FailureKind.RATE_LIMITED, 3),
        ("gpt-4o+fault=hang", FailureKind.TIMEOUT, 2),
        ("gpt-4o+fault=402", FailureKind.NO_CREDIT, 1),
        ("gpt-4o+fault=redirect", FailureKind.NOT_FOUND, 1),
    ],
)
def test_a_failure_tells_its_kind(connection: LlmConnection, model: str, kind: FailureKind, attempts: int) -> None:
    failed = failure(connection, model)
    assert (failed.kind, failed.attempts) == (kind, attempts)
    assert failed.retryable == (kind in (FailureKind.RATE_LIMITED, FailureKind.TIMEOUT))
    assert failed.started_at <= failed.ended_at


def test_a_provider_that_wants_a_long_rest_is_not_asked_again(connection: LlmConnection) -> None:
    started = time.monotonic()
    failed = failure(connection, "gpt-4o+fault=429+retry-after=30")
    assert (failed.attempts, failed.retry_after, failed.status) == (1, 30.0, 429)
    assert time.monotonic() - started < 0.5


def test_retry_after_is_waited_for(connection: LlmConnection) -> None:
    started = time.monotonic()
    assert complete(connection, "gpt-4o+fault=503*1+retry-after=1").attempts == 2
    assert 1.0 <= time.monotonic() - started < 1.6


def broken_off(connection: LlmConnection, model: str) -> tuple[list[Any], CallFailed]:
    """The pieces of a stream that fails, and its failure."""

    async def gather(client: Client) -> tuple[list[Any], CallFailed]:
        pieces: list[Any] = []
        try:
            async for piece in client.stream(asked(model)):
                pieces.append(piece)
        except CallFailed as failed:
            return pieces, failed
        raise AssertionError("it went well")

    return call(connection, gather)


@pytest.mark.parametrize("fault", ["fault=cut", "fault=unfinished", "pause=1+fault=cut"])
def test_a_stream_that_is_cut_fails_after_its_pieces(connection: LlmConnection, fault: str) -> None:
    pieces, failed = broken_off(connection, f"gpt-4o+{fault}")
    assert pieces and all(isinstance(piece, Piece) for piece in pieces)
    assert (failed.kind, failed.attempts) == (FailureKind.CONNECTION, 1)


def test_a_stream_that_is_too_slow_fails_after_its_pieces(connection: LlmConnection) -> None:
    pieces, failed = broken_off(connection, "gpt-4o+pause=150")
    assert pieces and (failed.kind, failed.attempts) == (FailureKind.TIMEOUT, 1)


def test_a_stream_fails_like_a_call_before_it_begins(connection: LlmConnection) -> None:
    pieces, failed = broken_off(connection, "gpt-4o+fault=json")
    assert (pieces, failed.kind, failed.attempts) == ([], FailureKind.INVALID_ANSWER, 3)
    assert isinstance(stream(connection, "gpt-4o+fault=500*1")[-1], Answer)


def test_a_server_that_cannot_tell_the_tokens_of_a_stream_streams_all_the_same(connection: LlmConnection) -> None:
    answer = stream(connection, "gpt-4o+lacks=stream_options")[-1]
    assert isinstance(answer, Answer) and (answer.text, answer.usage) == ("Мадрид", {})


def test_a_server_that_does_not_stream_is_read_all_the_same(connection: LlmConnection) -> None:
    piece, answer = stream(connection, "gpt-4o+fault=schema")
    assert isinstance(piece, Piece) and isinstance(answer, Answer)
    assert piece.text == answer.text != "" and answer.usage["total_tokens"] > 0
    _pieces, failed = broken_off(connection, "gpt-4o+fault=empty")
    assert (failed.kind, "no choices" in failed.message) == (FailureKind.INVALID_ANSWER, True)


def test_who_stops_reading_a_stream_hangs_up(connection: LlmConnection, endpoint: Endpoint) -> None:
    async def stop(client: Client) -> Answer:
        async with aclosing(client.stream(asked("gpt-4o+pause=20"))) as pieces:
            async for _piece in pieces:
                break
        return await client.complete(asked("gpt-4o"))

    assert call(connection, stop).text == "Мадрид"


def test_pages_of_errors_are_not_repeated_to_people(connection: LlmConnection) -> None:
    failed = failure(connection, "gpt-4o+fault=html", Patience(attempts=1))
    assert failed.kind == FailureKind.SERVER and "<" not in failed.message and "Bad Gateway" in failed.message


def test_private_places_are_refused_at_the_call(connection: LlmConnection, settings: Any) -> None:
    settings.PRIVATE_HOSTS = []
    failed = failure(connection, "gpt-4o")
    assert (failed.kind, failed.retryable, failed.attempts) == (FailureKind.FORBIDDEN_HOST, False, 1)
    assert "PROMPTLAB_PRIVATE_HOSTS" in failed.message


def test_the_address_that_was_checked_is_the_one_that_is_called(
    connection: LlmConnection, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(outbound, "_addresses", lambda host: asked.append(host) or {"127.0.0.1"})
    connection.base_url = endpoint.url.replace("127.0.0.1", "nobody-else-knows.invalid")
    assert complete(connection, "gpt-4o").text == "Мадрид"
    assert asked == ["nobody-else-knows.invalid"]
    monkeypatch.setattr(outbound, "_addresses", lambda host: {"127.0.0.1", "10.0.0.1"})
    assert failure(connection, "gpt-4o").kind == FailureKind.FORBIDDEN_HOST, "one private address is enough"


def test_an_address_where_nobody_answers_is_told(connection: LlmConnection) -> None:
    connection.base_url = "http://127.0.0.1:9/v1"
    failed = failure(connection, "gpt-4o", Patience(attempts=1))
    assert failed.kind == FailureKind.CONNECTION and "127.0.0.1:9" in failed.message


def test_a_key_that_cannot_be_opened_is_told(connection: LlmConnection) -> None:
    connection.sealed_secret = "from elsewhere"
    assert failure(connection, "gpt-4o").kind == FailureKind.UNREADABLE_KEY


def test_protocols_without_an_address_ask_for_one(connection: LlmConnection) -> None:
    connection.adapter, connection.base_url = "bedrock", ""
    failed = failure(connection, "gpt-4o")
    assert failed.kind == FailureKind.BAD_REQUEST and "OpenAI-compatible" in failed.message


@pytest.mark.parametrize("path", ["", "/openai", "/openai/deployments"])
def test_azure_is_called_by_deployment_and_its_own_header(
    connection: LlmConnection, endpoint: Endpoint, path: str
) -> None:
    connection.adapter, connection.base_url = "azure", endpoint.url.removesuffix("/v1") + path
    assert complete(connection, "gpt-4o").text == "Мадрид"
    assert endpoint.requests[-1].headers["api-key"] == KEY


@pytest.mark.parametrize(
    ("adapter", "base_url", "address"),
    [
        ("openai", "", "https://api.openai.com/v1"),
        ("openai", "https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
        ("anthropic", "", "https://api.anthropic.com/v1"),
        ("anthropic", "https://api.anthropic.com/", "https://api.anthropic.com/v1"),
        ("google-ai-studio", "", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("bedrock", "https://gateway.example/v1", "https://gateway.example/v1"),
    ],
)
def test_protocols_are_called_where_they_speak_openais(adapter: str, base_url: str, address: str) -> None:
    assert address_of(LlmConnection(adapter=adapter, base_url=base_url)) == address


def test_a_connection_says_how_long_an_answer_may_take(connection: LlmConnection) -> None:
    connection.answer_seconds = 1
    failed = failure(connection, "gpt-4o+fault=hang", Patience(attempts=1))
    assert failed.kind == FailureKind.TIMEOUT and "within 1 s" in failed.message


@pytest.mark.parametrize("odd", [float("nan"), "\ud800", {1, 2}])
def test_what_is_no_json_is_refused_before_it_is_sent(connection: LlmConnection, endpoint: Endpoint, odd: Any) -> None:
    failed = failure(connection, "gpt-4o", parameters={"seed": odd})
    assert (failed.kind, endpoint.requests) == (FailureKind.BAD_REQUEST, [])


def test_models_are_listed(connection: LlmConnection) -> None:
    assert "gpt-4o-mini" in call(connection, Client.models)


def test_connections_are_found_by_name(connection: LlmConnection, project: Any) -> None:
    clients = Clients(project.id)
    assert clients.named(None) is clients.named("capitals")
    assert clients.named(None).connection == connection
    with pytest.raises(NoConnection, match="nowhere"):
        clients.named("nowhere")
    with pytest.raises(NoConnection, match="Add one"):
        Clients("another project").named(None)


def test_own_prices_become_dollars(connection: LlmConnection) -> None:
    connection.prices = {"currency": "RUB", "per_dollar": 80, "models": {"gpt-4o": {"input": 160, "output": 800}}}
    answer = complete(connection, "gpt-4o")
    tokens = answer.usage["prompt_tokens"] * 2 + answer.usage["completion_tokens"] * 10
    assert answer.cost == pytest.approx(tokens / 1_000_000)
    assert complete(connection, "gpt-4o-mini").cost is None
