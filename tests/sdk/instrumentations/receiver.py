"""A stub of the doors that keeps what it is sent, in the form of `tests/recorded`."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from tests.sdk.bodies import body_of

KEPT_HEADERS = ("content-type", "content-encoding", "user-agent")
PROJECT = {"id": "recorder", "name": "recorder", "organization": {"id": "o", "name": "o"}, "metadata": {}}


class Receiver:
    """`with Receiver(folder) as receiver:` listens at `receiver.url`; every body goes into the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def keep(self, method: str, path: str, headers: dict[str, str], body: bytes, status: int) -> None:
        with self.lock:
            place = re.sub(r"[^a-z0-9]+", "-", unquote(path.partition("?")[0]).removeprefix("/api/public/").lower())
            name = f"{len(self.requests) + 1:03d}-{method.lower()}-{place.strip('-')[:40]}.body"
            (self.folder / name).write_bytes(body)
            kept = {key: value for key, value in headers.items() if key in KEPT_HEADERS or key.startswith("x-langfuse")}
            request = {"method": method, "path": path, "headers": kept, "status": status, "body": name}
            self.requests.append(request)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        (self.folder / "requests.json").write_text(json.dumps(self.requests, indent=1) + "\n", encoding="utf-8")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(200, {"data": [PROJECT]})

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = body_of(self)
        is_batch = self.path.endswith("/ingestion")
        status = 207 if is_batch else 200
        self.server.receiver.keep("POST", self.path, headers, body, status)
        self._answer(status, {"successes": [], "errors": []} if is_batch else {})

    def _answer(self, status: int, value: Any) -> None:
        payload = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Quiet."""
