"""Trouble on demand: each fault is what a client makes of a real one."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from openai import APIConnectionError, APITimeoutError, InternalServerError, OpenAI, RateLimitError

from tests.endpoint.server import Endpoint

HELLO: list[Any] = [{"role": "user", "content": "Столица Испании"}]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


def _client(endpoint: Endpoint, **options: Any) -> OpenAI:
    return OpenAI(api_key="sk-test", base_url=endpoint.url, **({"max_retries": 0} | options))


def test_429_says_when_to_come_back(endpoint: Endpoint) -> None:
    with _client(endpoint) as client, pytest.raises(RateLimitError) as refused:
        client.chat.completions.create(model="gpt-4o+fault=429+retry-after=7", messages=HELLO)
    assert refused.value.response.headers["retry-after"] == "7"


def test_a_counted_fault_passes_and_the_client_retries(endpoint: Endpoint) -> None:
    with _client(endpoint, max_retries=2) as client:
        answer = client.chat.completions.create(model="gpt-4o+fault=429*1+retry-after=0", messages=HELLO)
    assert answer.choices[0].message.content == "Мадрид"
    assert len(endpoint.requests) == 2


def test_a_header_orders_a_fault_too(endpoint: Endpoint) -> None:
    with _client(endpoint) as client, pytest.raises(InternalServerError):
        client.chat.completions.create(model="gpt-4o", messages=HELLO, extra_headers={"X-Fault": "fault=500"})


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_connection_breaks_in_the_middle(endpoint: Endpoint, stream: bool) -> None:
    with _client(endpoint) as client, pytest.raises(APIConnectionError):
        list(client.chat.completions.create(model="gpt-4o+fault=cut", messages=HELLO, stream=stream))


def test_broken_json_comes_with_200(endpoint: Endpoint) -> None:
    with _client(endpoint) as client, pytest.raises(json.JSONDecodeError):
        client.chat.completions.create(model="gpt-4o+fault=json", messages=HELLO)


def test_a_hanging_server_is_left_to_the_clients_patience(endpoint: Endpoint) -> None:
    with _client(endpoint, timeout=0.3) as client, pytest.raises(APITimeoutError):
        client.chat.completions.create(model="gpt-4o+fault=hang", messages=HELLO)


def test_latency_is_waited_for(endpoint: Endpoint) -> None:
    started = time.monotonic()
    with _client(endpoint) as client:
        client.chat.completions.create(model="gpt-4o+latency=150", messages=HELLO)
    assert time.monotonic() - started >= 0.15


def test_an_unknown_fault_is_named(endpoint: Endpoint) -> None:
    with _client(endpoint) as client, pytest.raises(Exception, match="Unknown fault 'nonsense'"):
        client.chat.completions.create(model="gpt-4o+fault=nonsense", messages=HELLO)
