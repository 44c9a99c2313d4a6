"""A model that answers as a test says, behind real HTTP."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.cache import cache

from common import crypto
from llm.client import Clients, Patience
from llm.models import LlmConnection
from tests.conftest import Keys

Body = dict[str, Any]
HASTY = Patience(connect=1, answer=2, total=3, attempts=2, longest_wait=0.1)


class Refusal(Exception):
    """The request is refused with 400 and these words."""


class Scripted:
    """`answer` gets a request's body and returns the model's text; `asked` keeps the bodies."""

    def __init__(self) -> None:
        self.answer: Callable[[Body], str] = lambda _body: "…"
        self.asked: list[Body] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                scripted.asked.append(body)
                status, told = 200, {}
                try:
                    message = {"role": "assistant", "content": scripted.answer(body)}
                    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
                    told = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
                    told |= {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"]}
                except Refusal as refusal:
                    status, told = 400, {"error": {"message": str(refusal), "type": "invalid_request_error"}}
                raw = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def model(project: Keys, settings: Any) -> Iterator[Scripted]:
    """The model `gpt-4o-mini` of the project's connection `scripted`."""
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    cache.clear()
    scripted = Scripted()
    LlmConnection.objects.create(
        project_id=project.project.pk,
        provider="scripted",
        base_url=scripted.url,
        custom_models=["gpt-4o-mini"],
        sealed_secret=crypto.seal("sk-1"),
    )
    yield scripted
    scripted.server.shutdown()
    scripted.server.server_close()


@pytest.fixture
def with_clients(project: Keys) -> Callable[[Callable[[Clients], Coroutine[Any, Any, Any]]], Any]:
    """Runs what is given with the project's clients."""

    def run(use: Callable[[Clients], Coroutine[Any, Any, Any]]) -> Any:
        clients = Clients(project.project.pk, HASTY)

        async def inside() -> Any:
            async with clients:
                return await use(clients)

        return asyncio.run(inside())

    return run
