"""Two texts word by word: what was expected against what was said."""

import json
import re
from dataclasses import dataclass

from rapidfuzz.distance import Indel

# Words, runs of white space and single signs: a changed comma does not colour its neighbour.
PIECES = re.compile(r"\w+|\s+|[^\w\s]")
# Longer texts are shown without marks: nobody reads two thousand coloured words, and the comparison is quadratic.
MAX_PIECES = 4000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: `kind` is "same", "missing" (only expected) or "added" (only said)."""

    kind: str
    text: str


def plain(json_text: str | None) -> str:
    """A stored value as text to compare: a string itself, anything else as indented JSON."""
    if json_text is None:
        return ""
    value = json.loads(json_text)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def differences(expected: str, said: str) -> list[Piece]:
    """The pieces of both texts in reading order; texts too long to compare come as one missing and one added piece."""
    if expected == said:
        return [Piece("same", said)] if said else []
    before, after = PIECES.findall(expected), PIECES.findall(said)
    if len(before) > MAX_PIECES or len(after) > MAX_PIECES:
        return [Piece("added", said)]
    found: list[Piece] = []
    for tag, start, end, other_start, other_end in Indel.opcodes(before, after):
        if tag == "equal":
            found.append(Piece("same", "".join(before[start:end])))
        if tag in ("delete", "replace"):
            found.append(Piece("missing", "".join(before[start:end])))
        if tag in ("insert", "replace"):
            found.append(Piece("added", "".join(after[other_start:other_end])))
    return found
