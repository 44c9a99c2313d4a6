"""Spans and events per second, stored and readable, over 4 kept-alive connections.

    python benchmarks/ingest.py http://127.0.0.1:3000 pk-lf-… sk-lf-… [--seconds 8]

Traces of five: a root, two spans, two generations with usage and one kilobyte of text on either side. OTLP sends 100
spans a request, the JSON door 15 events, as the SDKs do. The clock stops when everything that was sent can be read. The
load generator is one thread over plain sockets and makes its bodies by changing the ids in a ready one, so that it
takes little of the machine it measures.
"""

import argparse
import base64
import gzip
import json
import math
import os
import random
import re
import selectors
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CONNECTIONS = 4
SPANS_A_TRACE = 5
TRACES_A_REQUEST = 20
TRACES_A_BATCH = 3
# Stand for the part of an id that differs from request to request.
TRACE_MARK, SPAN_MARK = "aa" * 8, "bb" * 4
MOMENT = "2026-05-28T20:26:40"  # the same for the time
SENTENCE = "The capital of France is Paris, and it has been since the tenth century. "
TEXT = SENTENCE * (1024 // len(SENTENCE))
# Spans: the upper four bytes of a time in nanoseconds count some four seconds; they, too, differ by request.
NOW = (time.time_ns() >> 32) << 32
WEEK = 7 * 86_400


@dataclass(frozen=True)
class Load:
    """One way of sending: what a request holds, and how a fresh one is made."""

    name: str
    path: str
    headers: dict[str, str]
    units: int
    traces: int
    fresh: Callable[[str, str, float], bytes]  # 16 hex digits of trace ids, 8 of span ids, seconds ago -> body


@dataclass(slots=True)
class Caller:
    """One connection: sends the next request as soon as the answer is complete."""

    sock: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.sock.setblocking(True)
        self.sock.sendall(request)

    def complete(self) -> bool:
        """Read what is there; True when the answer has arrived wholly."""
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


# --- Bodies -------------------------------------------------------------------------------------------


def otlp_request() -> ExportTraceServiceRequest:
    """100 spans as SDK 5 writes them."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    attribute(resource_spans.resource, "service.name", "benchmark")
    attribute(resource_spans.resource, "telemetry.sdk.language", "python")
    attribute(resource_spans.resource, "langfuse.environment", "production")
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "langfuse-sdk", "5.0.4"
    for trace in range(TRACES_A_REQUEST):
        for position in range(SPANS_A_TRACE):
            span = scope_spans.spans.add()
            span.trace_id = bytes.fromhex(f"{TRACE_MARK}{trace + 1:016x}")
            span.span_id = bytes.fromhex(f"{SPAN_MARK}{trace * SPANS_A_TRACE + position + 1:08x}")
            span.start_time_unix_nano = NOW + position * 1_000_000
            span.end_time_unix_nano = NOW + 900_000_000 - position * 1_000_000
            kind = "generation" if position >= 3 else "span"
            span.name = f"{kind} {position}"
            attribute(span, "langfuse.observation.type", kind)
            attribute(span, "langfuse.environment", "production")
            attribute(span, "user.id", f"user-{trace}")
            attribute(span, "session.id", f"session-{trace % 5}")
            attribute(span, "langfuse.observation.metadata.step", json.dumps(f"step {position}"))
            if position:
                parent = trace * SPANS_A_TRACE + 1
                span.parent_span_id = bytes.fromhex(f"{SPAN_MARK}{parent:08x}")
            if kind == "generation":
                question = [{"role": "system", "content": "You are a geographer."}, {"role": "user", "content": TEXT}]
                attribute(span, "langfuse.observation.input", json.dumps(question))
                attribute(span, "langfuse.observation.output", json.dumps({"role": "assistant", "content": TEXT}))
                attribute(span, "langfuse.observation.model.name", "gpt-4o-mini")
                attribute(span, "langfuse.observation.model.parameters", json.dumps({"temperature": 0.2}))
                attribute(span, "langfuse.observation.usage_details", json.dumps({"input": 240, "output": 230}))
            elif not position:
                attribute(span, "langfuse.observation.input", json.dumps({"question": f"Capital {trace}?"}))
                attribute(span, "langfuse.observation.output", "Paris")
    return request


def attribute(owner, key: str, text: str) -> None:
    pair = owner.attributes.add()
    pair.key, pair.value.string_value = key, text


def json_batch() -> bytes:
    """15 events as SDK 2 writes them."""
    moment = MOMENT + ".{:06d}Z"
    batch = []
    for trace in range(TRACES_A_BATCH):
        trace_id = f"{TRACE_MARK}{trace + 1:016x}"
        body: dict[str, object] = {
            "id": trace_id,
            "name": "answer",
            "timestamp": moment.format(0),
            "userId": f"user-{trace}",
        }
        batch.append(
            event("trace-create", trace, 0, body | {"input": {"question": "Capital?"}, "output": "Paris"}, moment)
        )
        for position in range(1, SPANS_A_TRACE):
            kind = "generation" if position >= 3 else "span"
            body = {
                "id": f"{SPAN_MARK}{trace * SPANS_A_TRACE + position:08x}",
                "traceId": trace_id,
                "name": f"{kind} {position}",
                "startTime": moment.format(position * 1000),
                "endTime": moment.format(900_000),
                "metadata": {"step": position},
            }
            if kind == "generation":
                body |= {
                    "model": "gpt-4o-mini",
                    "modelParameters": {"temperature": 0.2},
                    "usageDetails": {"input": 240, "output": 230},
                    "input": [{"role": "user", "content": TEXT}],
                    "output": {"role": "assistant", "content": TEXT},
                }
            batch.append(event(f"{kind}-create", trace, position, body, moment))
    return json.dumps({"batch": batch, "metadata": {"sdk_name": "python", "sdk_version": "2.60.10"}}).encode()


def event(kind: str, trace: int, position: int, body: dict[str, object], moment: str) -> dict[str, object]:
    event_id = f"{SPAN_MARK}-{trace}-{position}"
    return {"id": event_id, "type": kind, "timestamp": moment.format(position * 1000), "body": body}


def loads() -> list[Load]:
    protobuf = otlp_request().SerializeToString()
    trace_mark, span_mark = bytes.fromhex(TRACE_MARK), bytes.fromhex(SPAN_MARK)
    events = json_batch()

    now = NOW >> 32
    moment_mark = now.to_bytes(4, "little")

    def fresh_spans(trace_part: str, span_part: str, ago: float) -> bytes:
        moment = (now - int(ago * 1e9) // 2**32).to_bytes(4, "little")
        timed = protobuf.replace(moment_mark, moment)
        return timed.replace(trace_mark, bytes.fromhex(trace_part)).replace(span_mark, bytes.fromhex(span_part))

    def fresh_events(trace_part: str, span_part: str, ago: float) -> bytes:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - ago))
        timed = events.replace(MOMENT.encode(), moment.encode())
        return timed.replace(TRACE_MARK.encode(), trace_part.encode()).replace(SPAN_MARK.encode(), span_part.encode())

    otlp = {"Content-Type": "application/x-protobuf", "x-langfuse-ingestion-version": "4"}
    spans = TRACES_A_REQUEST * SPANS_A_TRACE
    path = "/api/public/otel/v1/traces"
    return [
        Load("OTLP, 100 spans", path, otlp, spans, TRACES_A_REQUEST, fresh_spans),
        Load(
            "OTLP, 100 spans, gzip",
            path,
            otlp | {"Content-Encoding": "gzip"},
            spans,
            TRACES_A_REQUEST,
            lambda *parts: gzip.compress(fresh_spans(*parts), 1),
        ),
        Load(
            "JSON batch, 15 events",
            "/api/public/ingestion",
            {"Content-Type": "application/json"},
            TRACES_A_BATCH * SPANS_A_TRACE,
            TRACES_A_BATCH,
            fresh_events,
        ),
    ]


# --- Measuring ------------------------------------------------------------------------------------------


class Target:
    """The server under load, and the keys of a project in it."""

    def __init__(self, url: str, public_key: str, secret_key: str) -> None:
        self.url = url.rstrip("/")
        address = urlsplit(url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.auth = "Basic " + base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()

    def request(self, load: Load) -> tuple[str, bytes]:
        """The id of the last trace in a fresh request, and the request."""
        trace_part = os.urandom(8).hex()
        body = load.fresh(trace_part, os.urandom(4).hex(), random.random() * WEEK)
        headers = {"Host": f"{self.host}:{self.port}", "Authorization": self.auth, **load.headers}
        lines = [f"POST {load.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        return f"{trace_part}{load.traces:016x}", head.encode() + body

    def get(self, path: str) -> dict:
        request = urllib.request.Request(f"{self.url}/api/public/{path}", headers={"Authorization": self.auth})
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def count(self) -> int:
        return self.get("traces?limit=1&fields=core")["meta"]["totalItems"]


def measure(
    target: Target, load: Load, seconds: float = math.inf, requests: float = math.inf
) -> tuple[int, float, list[float]]:
    """Send for so long, or so many: requests sent, seconds until all of it was readable, duration of each request."""
    before = target.count()
    selector = selectors.DefaultSelector()
    prepared = [target.request(load) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for _, request in prepared:
        sock = socket.create_connection((target.host, target.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(sock)
        selector.register(sock, selectors.EVENT_READ, caller)
        caller.send(request)
    sent, durations, last = CONNECTIONS, [], prepared[-1][0]
    while selector.get_map():
        for key, _ in selector.select(1):
            caller = key.data
            if not caller.complete():
                continue
            durations.append(time.perf_counter() - caller.sent_at)
            if time.perf_counter() - started < seconds and sent < requests:
                last, request = target.request(load)
                caller.send(request)
                sent += 1
            else:
                selector.unregister(key.fileobj)
                caller.sock.close()
    observations = target.get(f"traces/{last}")["observations"]
    elapsed = time.perf_counter() - started
    stored = target.count() - before
    if stored != sent * load.traces or len(observations) < SPANS_A_TRACE - 1:
        sys.exit(f"{load.name}: {sent * load.traces} traces were sent, {stored} can be read.")
    return sent, elapsed, durations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("public_key")
    parser.add_argument("secret_key")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    target = Target(options.url, options.public_key, options.secret_key)
    print(f"{CONNECTIONS} connections         {'a second':>10} {'p50':>9} {'p99':>9}")
    for load in loads():
        measure(target, load, 1)
        sent, elapsed, durations = measure(target, load, options.seconds)
        durations.sort()
        p50, p99 = (durations[int(len(durations) * share)] * 1000 for share in (0.5, 0.99))
        print(f"{load.name:<22} {sent * load.units / elapsed:>11,.0f} {p50:>6.1f} ms {p99:>6.1f} ms")


if __name__ == "__main__":
    main()
