"""Records anew what the SDKs send: `python -m tests.sdk.record [py5 js5 py2-tutorial …]`.

Each SDK tells its story to a real stage through a proxy that writes every request to `tests/recorded/<name>/`. Needed
when an SDK is pinned anew; what is stored of it (`stored.json`) has to be written anew then, too.
"""

import http.client
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests import services
from tests.endpoint.server import Endpoint
from tests.sdk import telling
from tests.sdk.bodies import body_of
from tests.sdk.stage import Stage, running

RECORDED = Path(__file__).parent.parent / "recorded"
TUTORIAL = "py2-tutorial"
# What differs from machine to machine, or says nothing about the SDK.
HOP = frozenset({"connection", "transfer-encoding", "content-length"})
UNTOLD = HOP | {"authorization", "host", "accept", "accept-encoding", "accept-language", "sec-fetch-mode"}


def main(names: list[str]) -> None:
    with running() as stage, Endpoint() as endpoint:
        for name in names or [*telling.SDKS, TUTORIAL]:
            with recording(stage, RECORDED / name) as proxied:
                if name == TUTORIAL:
                    script, story, environment = telling.HERE / "tutorial" / "play.py", "tutorial", "py2"
                else:
                    script, story, environment = telling.script_of(name), name, name
                telling.tell(story, environment, script, proxied, endpoint.url)
            print(f"{name}: recorded.", flush=True)
    services.pytest_unconfigure()


@contextmanager
def recording(stage: Stage, folder: Path) -> Iterator[Stage]:
    """The stage behind a proxy that records into the folder, whose old bodies go first."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.body"):
        old.unlink()
    proxy = _Proxy(("127.0.0.1", 0), _Handler)
    proxy.upstream, proxy.folder, proxy.requests, proxy.lock = stage.url, folder, [], threading.Lock()
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield replace(stage, url=f"http://127.0.0.1:{proxy.server_address[1]}")
    finally:
        proxy.shutdown()
        proxy.server_close()
        text = json.dumps(proxy.requests, ensure_ascii=False, indent=1)
        (folder / "requests.json").write_text(text + "\n", encoding="utf-8")


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    upstream: str
    folder: Path
    requests: list[dict[str, Any]]
    lock: threading.Lock


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy

    def _forward(self) -> None:
        body = body_of(self)
        upstream = urlsplit(self.server.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
        sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        connection.request(self.command, self.path, body, sent)
        answer = connection.getresponse()
        payload = answer.read()
        connection.close()
        self._note(body, answer.status)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _forward

    def _note(self, body: bytes, status: int) -> None:
        with self.server.lock:
            number = len(self.server.requests) + 1
            path = unquote(self.path.partition("?")[0]).removeprefix("/api/public/").lower()
            name = f"{number:03d}-{self.command.lower()}-{re.sub(r'[^a-z0-9]+', '-', path).strip('-')[:40]}.body"
            if body:
                (self.server.folder / name).write_bytes(body)
            headers = {key.lower(): value for key, value in self.headers.items() if key.lower() not in UNTOLD}
            request = {"method": self.command, "path": self.path, "headers": headers, "status": status}
            self.server.requests.append(request | {"body": name if body else None})

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    main(sys.argv[1:])
