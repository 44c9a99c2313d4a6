"""Requests over kept-alive connections: one thread over plain sockets, which takes little of the machine."""

import base64
import json
import re
import selectors
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# The next request, or None when there is nothing more to send.
Next = Callable[[], bytes | None]


class Target:
    """The server under load, and the keys of a project in it."""

    def __init__(self, url: str, public_key: str, secret_key: str) -> None:
        self.url = url.rstrip("/")
        address = urlsplit(url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.auth = "Basic " + base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """A whole request as it goes over the wire; `path` begins below `/api/public/`."""
        named = {"Host": f"{self.host}:{self.port}", "Authorization": self.auth, **(headers or {})}
        if body:
            named["Content-Length"] = str(len(body))
        lines = [f"{method} /api/public/{path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def call(self, path: str, method: str = "GET", body: object = None) -> dict:
        """The JSON that one request is answered with."""
        headers = {"Authorization": self.auth, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/public/{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)


@dataclass(slots=True)
class Caller:
    """One connection: a request, then the whole answer, then the next."""

    sock: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes, at: float | None = None) -> None:
        """`at`: when it should have gone, where that was earlier than now."""
        self.received.clear()
        self.sent_at = at or time.perf_counter()
        self.sock.sendall(request)

    def complete(self) -> bool:
        """Read what is there; True when the answer has arrived wholly. Ends the program when it is a refusal."""
        chunk = self.sock.recv(262_144)
        if not chunk:
            sys.exit("The server closed a connection.")
        self.received += chunk
        head, separator, body = bytes(self.received).partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 207")):
            sys.exit(f"The server answered: {bytes(self.received[:500])!r}")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        if whole and b'"errors":[{' in body:
            sys.exit(f"Events were refused: {body[:500]!r}")
        return whole


def drive(target: Target, connections: int, following: Next, per_second: float | None = None) -> list[float]:
    """Send until `following` has no more, and return how long each request took, in seconds.

    Each connection sends as soon as its answer has come; with `per_second`, the requests of all become due one after
    the other at that rate, and each is timed from when it was due: what waits for a slow answer counts as slow.
    """
    selector = selectors.DefaultSelector()
    durations: list[float] = []
    idle = []
    for _ in range(connections):
        sock = socket.create_connection((target.host, target.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        idle.append(Caller(sock))
    started, sent, busy, more = time.perf_counter(), 0, 0, True
    while more or busy:
        while more and idle:
            due = None if per_second is None else started + sent / per_second
            if due is not None and due > time.perf_counter():
                break
            request = following()
            if request is None:
                more = False
                break
            caller = idle.pop()
            selector.register(caller.sock, selectors.EVENT_READ, caller)
            caller.send(request, due)
            sent, busy = sent + 1, busy + 1
        wait = 1.0
        if more and idle and per_second is not None:
            wait = max(0.0, started + sent / per_second - time.perf_counter())
        if not busy:
            time.sleep(wait)
        for key, _ in selector.select(wait) if busy else ():
            caller = key.data
            if caller.complete():
                durations.append(time.perf_counter() - caller.sent_at)
                selector.unregister(caller.sock)
                idle.append(caller)
                busy -= 1
    for caller in idle:
        caller.sock.close()
    return durations
