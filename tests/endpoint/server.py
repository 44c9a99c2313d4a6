"""The HTTP side of the endpoint: routes, authorization, streaming, and faults on demand.

A thread per connection from the standard library is enough: the endpoint is asked by tests, not by crowds.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.endpoint import replies
from tests.endpoint.faults import STATUSES, Faults, Orders
from tests.endpoint.types import Json

MODELS = (
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-instruct",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4o-mini-full-stop",
    "gpt-4o-mini-wrong",
    "gpt-4o-mini-chatty",
    "text-embedding-ada-002",
    "text-embedding-3-small",
)
HANG_SECONDS = 60
_DEPLOYMENT = re.compile(r"^/openai/deployments/[^/]+")

Reply = Callable[[Json], Json]
Chunks = Callable[[Json], Iterator[Json]]
ROUTES: dict[str, tuple[Reply, Chunks | None]] = {
    "/v1/chat/completions": (replies.chat_completion, replies.chat_chunks),
    "/v1/completions": (replies.text_completion, replies.text_chunks),
    "/v1/embeddings": (replies.embeddings, None),
}


@dataclass(frozen=True)
class Asked:
    """A request as it came. Header names are lower-case."""

    path: str
    headers: dict[str, str]
    body: Json


class Endpoint:
    """The running server. `with Endpoint() as endpoint:` serves on a free port in a thread."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.requests: list[Asked] = []
        self.stopping = threading.Event()
        self._server = _Server((host, port), _Handler)
        self._server.endpoint = self
        self.faults = Faults()
        self.url = f"http://{host}:{self._server.server_address[1]}/v1"

    def serve_forever(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, name="openai-endpoint", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    endpoint: Endpoint


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        path = self._path()
        if not self._authorized():
            return
        if path == "/v1/models":
            self._json(200, {"object": "list", "data": [_model_card(name) for name in MODELS]})
        elif path.startswith("/v1/models/"):
            self._json(200, _model_card(path.removeprefix("/v1/models/")))
        else:
            self._error(404, f"Unknown path {path}.", "invalid_request_error")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self._path()
        if not self._authorized():
            return
        if path not in ROUTES:
            self._error(404, f"Unknown path {path}.", "invalid_request_error")
            return
        try:
            body = json.loads(raw)
            if not isinstance(body, dict):
                raise ValueError("not an object")
        except ValueError as error:
            self._error(400, f"The body must be a JSON object: {error}.", "invalid_request_error")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.endpoint.requests.append(Asked(path, headers, body))
        try:
            orders = self.server.endpoint.faults.orders(f"{headers.get('x-fault', '')}+{body.get('model', '')}")
            self._answer(path, body, orders)
        except replies.BadRequest as error:
            self._error(400, str(error), "invalid_request_error", error.param)
        except ValueError as error:
            self._error(400, str(error), "invalid_request_error")

    def _answer(self, path: str, body: Json, orders: Orders) -> None:
        whole, chunks = ROUTES[path]
        # `wait` ends early when the endpoint stops, so that no test pays for a hang.
        if orders.latency:
            self.server.endpoint.stopping.wait(orders.latency)
        if lacking := _asked_for(body) & orders.lacks:
            self._error(400, f"This model does not support {', '.join(sorted(lacking))}.", "invalid_request_error")
        elif orders.fault in STATUSES:
            headers = {"Retry-After": str(orders.retry_after)} if orders.fault in ("429", "503") else {}
            self._error(int(orders.fault), f"Fault {orders.fault} as ordered.", "fault", headers=headers)
        elif orders.fault == "hang":
            self.server.endpoint.stopping.wait(HANG_SECONDS)
            self.close_connection = True
        elif orders.fault == "json":
            self._send(200, b'{"id": "chatcmpl-broken", "choices": [', "application/json")
        elif orders.fault == "empty":
            self._json(200, whole(body) | {"choices": []})
        elif orders.fault == "redirect":
            self._send(302, b"", "text/plain", {"Location": "http://elsewhere.example/v1"})
        elif orders.fault == "html":
            self._send(502, b"<html><h1>Bad gateway</h1></html>", "text/html")
        elif orders.fault == "schema":
            self._json(200, whole({**body, "response_format": _UNASKED}))
        elif body.get("stream") and chunks:
            self._stream(chunks(body), orders)
        else:
            payload = json.dumps(whole(body), ensure_ascii=False).encode()
            self._send(200, payload, "application/json", cut=orders.fault == "cut")

    def _stream(self, chunks: Iterator[Json], orders: Orders) -> None:
        cut = orders.fault == "cut"
        events = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode() for chunk in chunks]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if cut:
            self.close_connection = True
        if cut or orders.fault == "unfinished":
            events = events[: len(events) // 2]
        else:
            events.append(b"data: [DONE]\n\n")
        for event in events:
            if orders.pause:
                self.server.endpoint.stopping.wait(orders.pause)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
        if not cut:
            self.wfile.write(b"0\r\n\r\n")

    def _authorized(self) -> bool:
        """Any key will do but none, and none that starts with `invalid`: tests of wrong keys want a refusal."""
        key = self.headers.get("Authorization", "").removeprefix("Bearer").strip() or self.headers.get("api-key", "")
        if key and not key.startswith("invalid"):
            return True
        self._error(401, "Incorrect API key provided.", "invalid_request_error", code="invalid_api_key")
        return False

    def _path(self) -> str:
        """Without the query; what Azure calls a deployment is the model, and answers like any other."""
        return _DEPLOYMENT.sub("/v1", self.path.partition("?")[0].rstrip("/"))

    def _error(
        self,
        status: int,
        message: str,
        kind: str,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        error = {"message": message, "type": kind, "param": param, "code": code}
        self._send(status, json.dumps({"error": error}).encode(), "application/json", headers)

    def _json(self, status: int, body: Json) -> None:
        self._send(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def _send(
        self, status: int, payload: bytes, content_type: str, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload[: len(payload) // 2] if cut else payload)
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet: `requests` tells what was asked."""


def _asked_for(body: Json) -> set[str]:
    """What a request asks for that not every provider has."""
    asked = {name for name in ("tools", "stream", "stream_options") if body.get(name)}
    return asked | {str((body.get("response_format") or {}).get("type"))}


# As when a model makes up its own shape.
_UNASKED = {"type": "json_schema", "json_schema": {"schema": {"properties": {"unasked": {"type": "string"}}}}}


def _model_card(name: str) -> Json:
    return {"id": name, "object": "model", "created": replies.CREATED, "owned_by": "promptlab-tests"}
