"""The public API over HTTP, with nothing but the standard library: the demo needs no SDK."""

import base64
import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

TRIES = 5
PAUSE = 1.0  # seconds; the web server may be starting
BATCH = 100


class Refused(Exception):
    """The server did not take a request, or could not be reached; the text says which and why."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Wire:
    """Calls of one project. Answers are decoded JSON."""

    def __init__(self, base_url: str, public_key: str, secret_key: str) -> None:
        self._base = f"{base_url.rstrip('/')}/api/public"
        self._authorization = "Basic " + base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def find(self, path: str, **query: Any) -> Any:
        """What `get` answers, or None where there is nothing."""
        try:
            return self.get(path, **query)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def post(self, path: str, body: Any) -> Any:
        return self._call("POST", path, body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def ingest(self, events: list[dict[str, Any]]) -> None:
        """Send events as SDK 2 batches them. One refused event is Refused."""
        for start in range(0, len(events), BATCH):
            answer = self.post("ingestion", {"batch": events[start : start + BATCH]})
            if answer["errors"]:
                raise Refused(f"POST ingestion: {answer['errors'][0]}")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, path, body)
            except Refused as refused:
                if attempt == TRIES or (0 < refused.status < 500 and refused.status != 429):
                    raise
                time.sleep(PAUSE * attempt)
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 (the address is this server's own)
            f"{self._base}/{path}",
            None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            {"Authorization": self._authorization, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(f"{method} {path}: {error.code} {error.read()[:500]!r}", error.code) from error
        except OSError as error:
            raise Refused(f"{method} {path}: {error}") from error
        return json.loads(text) if text else None


def segment(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")
