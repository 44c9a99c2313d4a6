"""How texts refer to media: `@@@langfuseMedia:type=<type>|id=<22 characters>|source=<where from>@@@` (wire notes,
section 7). The text stays as the client wrote it; readers resolve it."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from common.content import MEDIA_MARK

_ID = re.compile(r"@@@langfuseMedia:[^@]{0,200}?\bid=([A-Za-z0-9_-]{22})(?=[|@])")
_WHOLE = re.compile(r"@@@langfuseMedia:[^@]{0,200}?\bid=([A-Za-z0-9_-]{22})(?:\|[^@]{0,200})?@@@")
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """A string that is a reference and nothing else, and where it stands: `$['image'][0]`."""

    text: str
    media_id: str
    path: str


def mentioned(texts: Iterable[str | None]) -> set[str]:
    """The ids of all media that the texts mention anywhere; cheap where there are none."""
    return {media_id for text in texts if text and MEDIA_MARK in text for media_id in _ID.findall(text)}


def references(json_text: str | None) -> list[Reference]:
    """The strings of a JSON text that are references as a whole: clients put an object in the place of each."""
    if not json_text or MEDIA_MARK not in json_text:
        return []
    try:
        return list(_walk(json.loads(json_text), "$", 0))
    except (ValueError, RecursionError):
        return []


def _walk(value: Any, path: str, depth: int) -> Iterator[Reference]:
    if isinstance(value, str):
        if found := _WHOLE.fullmatch(value):
            yield Reference(value, found[1], path)
    elif depth < MAX_DEPTH and isinstance(value, dict):
        for key, inner in value.items():
            # The spelling that clients read: keys of digits alone as places in a list, quotes not escaped.
            step = f"[{key}]" if key.isascii() and key.isdigit() else f"['{key}']"
            yield from _walk(inner, path + step, depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{position}]", depth + 1)
