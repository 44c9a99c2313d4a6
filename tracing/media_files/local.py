"""Files on this machine's disk. What is sent and fetched goes through `tracing.media_files.doors`."""

import base64
import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.core import signing
from django.utils import timezone

from common.errors import Invalid
from tracing.media_files.base import LIFETIME, Address, Content

DOOR = "/api/media/"
UPLOAD, DOWNLOAD = "tracing.media.upload", "tracing.media.download"


class LocalFiles:
    """One file per content, in 256 folders so that none grows huge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def upload_address(self, content: Content, origin: str) -> str:
        return f"{origin}{DOOR}{_ticket(content, UPLOAD)}"

    def download_address(self, content: Content, origin: str) -> Address:
        return Address(f"{origin}{DOOR}{_ticket(content, DOWNLOAD)}", timezone.now() + LIFETIME)

    def holds(self, content: Content) -> bool:
        with contextlib.suppress(OSError):
            return self.path(content.key).stat().st_size == content.content_length
        return False

    def put(self, key: str, content_type: str, data: bytes) -> None:
        self._write(key, [data])

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)

    def receive(self, content: Content, chunks: Iterable[bytes]) -> None:
        """Keep what is sent, if it is the promised content; raises Invalid, and keeps nothing, if it is not."""
        self._write(content.key, chunks, content)

    def path(self, key: str) -> Path:
        """Keys are our own hexadecimal names."""
        return self.folder / key[:2] / key

    def _write(self, key: str, chunks: Iterable[bytes], content: Content | None = None) -> None:
        """Whole or not at all, whatever happens in between."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f"{key}.{secrets.token_hex(6)}.unfinished")
        try:
            with unfinished.open("xb") as file:
                length, digest = 0, hashlib.sha256()
                for chunk in chunks:
                    length += len(chunk)
                    if content and length > content.content_length:
                        raise Invalid(f"More was sent than the promised {content.content_length} bytes.")
                    digest.update(chunk)
                    file.write(chunk)
                if content:
                    _require(content, length, digest.digest())
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)


def read_ticket(ticket: str, purpose: str) -> Content | None:
    """What a signed address is about; None when it is wrong or too old."""
    try:
        return Content(*signing.loads(ticket, salt=purpose, max_age=LIFETIME))
    except signing.BadSignature:
        return None


def _ticket(content: Content, purpose: str) -> str:
    fields = (content.key, content.content_type, content.content_length, content.sha256, content.file_name)
    return signing.dumps(fields, salt=purpose)


def _require(content: Content, length: int, digest: bytes) -> None:
    if length != content.content_length:
        raise Invalid(f"{length} bytes were sent, {content.content_length} were promised.")
    if base64.b64encode(digest).decode() != content.sha256:
        raise Invalid("What was sent has another SHA-256 than was promised.")
