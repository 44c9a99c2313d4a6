"""The seam between media and the place of their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

LIFETIME = timedelta(hours=1)  # of addresses, for sending and for fetching (api.md, section 5)


@dataclass(frozen=True, slots=True)
class Content:
    """One file: the name it is kept under, and what it must turn out to be. `sha256` is base64; length in bytes."""

    key: str
    content_type: str
    content_length: int
    sha256: str
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to fetch a content without any other key, and until when."""

    url: str
    expires_at: datetime


class Files(Protocol):
    """Five things done with files. `origin` is this server as the client knows it: `https://host`."""

    def upload_address(self, content: Content, origin: str) -> str:
        """Where to PUT the bytes; anything but this content is refused there."""

    def download_address(self, content: Content, origin: str) -> Address:
        """Where to GET the bytes."""

    def holds(self, content: Content) -> bool:
        """Whether the whole content is there."""

    def put(self, key: str, content_type: str, data: bytes) -> None:
        """Keep a file of our own making."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete files; those that are not there are no fault."""
