"""Prompt fetches per second over 8 kept-alive connections.

    python benchmarks/prompt_fetch.py http://127.0.0.1:3000 pk-lf-… sk-lf-… [--seconds 8]

Makes a prompt `benchmark/fetch` if the project has none. The load generator is one thread over plain sockets, so that
it takes little of the machine it measures; it checks the status of every answer.
"""

import argparse
import base64
import json
import re
import selectors
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NAME = "benchmark/fetch"
CONNECTIONS = 8


@dataclass(slots=True)
class Caller:
    """One connection: sends the next request as soon as the answer is complete."""

    sock: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.sock.sendall(request)

    def complete(self) -> bool:
        """Read what is there; True when the answer has arrived wholly."""
        chunk = self.sock.recv(65536)
        if not chunk:
            sys.exit("The server closed a connection.")
        self.received += chunk
        head, separator, body = bytes(self.received).partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"The server answered: {bytes(self.received[:300])!r}")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        return len(body) >= int(length[1]) if length else body.endswith(b"\r\n0\r\n\r\n")


def prepare(url: str, auth: str) -> None:
    """Make the prompt unless it is there."""
    headers = {"Authorization": auth, "Content-Type": "application/json"}
    address = f"{url}/api/public/v2/prompts"
    try:
        urllib.request.urlopen(urllib.request.Request(f"{address}/{NAME}", headers=headers)).close()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            sys.exit(f"{error.code}: {error.read().decode()}")
        body = {
            "name": NAME,
            "type": "chat",
            "labels": ["production"],
            "prompt": [
                {"role": "system", "content": "You are a geographer. " * 40},
                {"role": "user", "content": "Name the capital of {{country}}."},
            ],
            "config": {"model": "gpt-4o-mini", "temperature": 0},
        }
        urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)).close()


def fetching(host: str, port: int, auth: str) -> bytes:
    """The request that is repeated."""
    lines = (
        f"GET /api/public/v2/prompts/{NAME.replace('/', '%2F')} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Authorization: {auth}",
        "Accept: application/json",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def run(host: str, port: int, request: bytes, seconds: float) -> list[float]:
    """Fetch for `seconds` and return the duration of every fetch in seconds."""
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        sock = socket.create_connection((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(sock)
        selector.register(sock, selectors.EVENT_READ, caller)
        caller.send(request)
    durations: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select(1):
            caller = key.data
            if caller.complete():
                durations.append(time.perf_counter() - caller.sent_at)
                caller.send(request)
    for key in list(selector.get_map().values()):
        key.data.sock.close()
    return durations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("public_key")
    parser.add_argument("secret_key")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()

    auth = "Basic " + base64.b64encode(f"{options.public_key}:{options.secret_key}".encode()).decode()
    prepare(options.url.rstrip("/"), auth)
    address = urlsplit(options.url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    request = fetching(host, port, auth)
    run(host, port, request, min(1.0, options.seconds))
    durations = sorted(run(host, port, request, options.seconds))
    rate = len(durations) / options.seconds
    p50, p99 = (durations[int(len(durations) * share)] * 1000 for share in (0.5, 0.99))
    print(f"prompt fetch, {CONNECTIONS} connections: {rate:,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
