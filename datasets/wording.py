"""Two texts word by word: what was expected against what was said."""

import json
import re
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from common.content import read_content

# Words, runs of white space and single signs: a changed comma does not colour its neighbour.
PIECES = re.compile(r"\w+|\s+|[^\w\s]")
# Longer texts are shown without marks: nobody reads two thousand coloured words, and the comparison is quadratic.
MAX_PIECES = 4000
# Characters of JSON that still stand in one line.
LINE = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: `kind` is "same", "missing" (only expected) or "added" (only said)."""

    kind: str
    text: str


def plain(json_text: str | None) -> str:
    """A stored value as text to read and compare.

    A text itself, the words of a single message, messages as lines led by their roles, else JSON: in one line while it
    is short.
    """
    if json_text is None:
        return ""
    content = read_content(json_text)
    if content.kind in ("text", "empty"):
        return content.text
    if (
        content.kind == "messages"
        and content.rest is None
        and not any(one.extra or one.images for one in content.messages)
    ):
        if len(content.messages) == 1:
            return content.messages[0].text
        return "\n".join(f"{message.role}: {message.text}" for message in content.messages)
    line = json.dumps(content.value, ensure_ascii=False)
    return line if len(line) <= LINE else json.dumps(content.value, ensure_ascii=False, indent=2)


def differences(expected: str, said: str) -> list[Piece]:
    """The pieces of both texts in reading order; texts too long to compare come as one missing and one added piece."""
    if expected == said:
        return [Piece("same", said)] if said else []
    before, after = PIECES.findall(expected), PIECES.findall(said)
    if len(before) > MAX_PIECES or len(after) > MAX_PIECES:
        return [Piece("added", said)]
    found: list[Piece] = []
    missing = added = ""
    for step in Indel.opcodes(before, after):
        if step.tag == "equal":
            found += _changed(missing, added)
            missing = added = ""
            found.append(Piece("same", "".join(before[step.src_start : step.src_end])))
        elif step.tag == "delete":
            missing += "".join(before[step.src_start : step.src_end])
        else:
            added += "".join(after[step.dest_start : step.dest_end])
    return found + _changed(missing, added)


def _changed(missing: str, added: str) -> list[Piece]:
    """What went before what came, wherever both stand at one place."""
    return [Piece(kind, text) for kind, text in (("missing", missing), ("added", added)) if text]
