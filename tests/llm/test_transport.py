"""What goes out to providers, and what may come back."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from common import crypto
from llm import transport
from llm.calls import CallFailed, ChatRequest, FailureKind
from llm.client import Client, Patience
from llm.models import LlmConnection

KEY = '{"private_key": "-----BEGIN\nSECRET-0123456789"}'


class Packer(BaseHTTPRequestHandler):
    """Answers as its class says, whether it is asked as a provider or as the proxy before one."""

    answer = (b"Content-Encoding: gzip\r\n", b"x" * 10)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        header, body = self.answer
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), header, body))

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def packer(settings: Any) -> Iterator[str]:
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    server = HTTPServer(("127.0.0.1", 0), Packer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def failure(base_url: str, key: str = "sk-0123456789", **more: Any) -> CallFailed:
    connection = LlmConnection(provider="x", base_url=base_url, sealed_secret=crypto.seal(key), **more)

    async def call() -> None:
        client = Client(connection, Patience(connect=1, answer=2, attempts=1))
        try:
            await client.complete(ChatRequest(model="m", messages=[{"role": "user", "content": "?"}]))
        finally:
            await client.close()

    with pytest.raises(CallFailed) as failed:
        asyncio.run(call())
    return failed.value


@pytest.mark.parametrize("through_proxy", [False, True])
def test_what_could_unpack_into_gigabytes_and_what_never_ends_is_refused(
    packer: str, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    address = packer
    if through_proxy:
        monkeypatch.setenv("http_proxy", packer)
        monkeypatch.setenv("no_proxy", "")
        address = "http://provider.invalid/v1"
    failed = failure(address)
    assert failed.kind == FailureKind.CONNECTION
    assert "compressed" in failed.message
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 1 << 20)
    monkeypatch.setattr(Packer, "answer", (b"", b"x" * (2 << 20)))
    assert "longer than 1 MB" in failure(address).message


@pytest.mark.parametrize("adapter", ["bedrock", "google-vertex-ai"])
def test_secrets_that_would_have_to_be_exchanged_are_not_sent_and_not_shown(adapter: str) -> None:
    for key in (KEY, KEY.removeprefix("{")):
        failed = failure("https://8.8.8.8/v1", key, adapter=adapter)
        assert failed.kind == FailureKind.BAD_REQUEST
        assert "Enter a key of its OpenAI-compatible address" in failed.message
        assert "SECRET" not in failed.message
