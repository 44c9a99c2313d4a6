"""Sending media as the SDKs do: promise, PUT without a key, report."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import Api

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ff1f0003020180c5ab0d"
    "3c0000000049454e44ae426082"
)


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def media_id(content: bytes) -> str:
    """As clients compute it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()[:22]


def reference(content: bytes, content_type: str = "image/png", source: str = "bytes") -> str:
    return f"@@@langfuseMedia:type={content_type}|id={media_id(content)}|source={source}@@@"


def promise(content: bytes = PNG, content_type: str = "image/png", **more: Any) -> dict[str, Any]:
    body = {
        "contentType": content_type,
        "contentLength": len(content),
        "sha256Hash": sha256(content),
        "traceId": "trace-1",
        "field": "input",
    }
    return {name: value for name, value in (body | more).items() if value is not None}


def put(address: str, content: bytes, content_type: str = "image/png", **headers: str) -> Any:
    """Without any key, as it is in the wild."""
    given = {
        "CONTENT_TYPE": content_type,
        "HTTP_X_AMZ_CHECKSUM_SHA256": sha256(content),
        "HTTP_X_MS_BLOB_TYPE": "BlockBlob",
    } | headers
    return Api(None).client.generic("PUT", urlsplit(address).path, content, content_type, **given)


@dataclass(frozen=True)
class Fetched:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def fetch(address: str, **headers: str) -> Fetched:
    return read(Api(None).client.get(urlsplit(address).path, **headers))


def read(answer: Any) -> Fetched:
    """An answer read to its end, which closes its file."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return Fetched(answer.status_code, answer.headers, body)


@dataclass(frozen=True)
class Sent:
    media_id: str
    url: str


def send(api: Api, content: bytes = PNG, content_type: str = "image/png", **more: Any) -> Sent:
    """The whole way; fails when any step is refused."""
    promised = api.post("media", promise(content, content_type, **more))
    assert promised.status_code == 201, promised.content
    if address := promised.json()["uploadUrl"]:
        answer = put(address, content, content_type)
        assert answer.status_code == 200, answer.content
        report(api, promised.json()["mediaId"])
    found = api.get(f"media/{promised.json()['mediaId']}").json()
    return Sent(found["mediaId"], found["url"])


def report(api: Api, which: str, status: int = 200, error: str | None = None) -> Any:
    body = {"uploadedAt": "2026-01-31T12:00:00Z", "uploadHttpStatus": status, "uploadTimeMs": 3}
    return api.patch(f"media/{which}", body | ({"uploadHttpError": error} if error else {}))
