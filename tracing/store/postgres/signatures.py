"""Which packs may hold a text: a search need not expand the others.

A signature has a bit for each three letters that follow one another in a word of the pack (lower case, any script), set
where a hash puts it; two to four bits of room for each. A text can only be in packs that have the bits of all its
threes. Signatures are made by the workers a little after the packs; a pack without one may hold anything.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from zlib import crc32

from django.db import transaction

from tracing.store.postgres import packs
from tracing.store.postgres.arrays import array
from tracing.store.postgres.packs import Part
from tracing.store.postgres.sql import fetch, run

_WORDS = re.compile(r"\w+")
# Ids nobody chose. Their threes would fill a signature and tell nothing: they are known by how they begin.
_RANDOM = re.compile(r"[0-9a-f]{8}[0-9a-f-]{8,28}")
_BEGINNING = 8
_ONE = ord("1")
_PROBES = 4  # bits for the beginning of a random id
SMALLEST = 64  # bytes
BATCH = 100
MOST = 20_000  # in one run

_UNSIGNED = (
    "SELECT project_id, id, body, rest FROM tracing_pack WHERE signature IS NULL ORDER BY id LIMIT %s"
    " FOR UPDATE SKIP LOCKED"
)
_SIGN = (
    "UPDATE tracing_pack pack SET signature = signed.signature"
    " FROM unnest(%b::text[], %b::bigint[], %b::bytea[]) AS signed(project_id, id, signature)"
    " WHERE pack.project_id = signed.project_id AND pack.id = signed.id"
)
_ALL = "SELECT id, signature FROM tracing_pack WHERE project_id = (SELECT %s) AND id < %s ORDER BY id DESC LIMIT 5000"


def words(text: str) -> set[str]:
    """The words of a text, in lower case."""
    return set(_WORDS.findall(text.lower()))


def sign() -> int:
    """Sign packs that have no signature, oldest first, some at a time; how many. Several may do so at once."""
    signed = 0
    while signed < MOST:
        with transaction.atomic():
            rows = fetch(_UNSIGNED, (BATCH,))
            if rows:
                projects, ids, *_ = zip(*rows, strict=True)
                made = [signature(packs.decode(body, rest)) for *_, body, rest in rows]
                run(_SIGN, (array("text", projects), array("bigint", ids), array("bytea", made)))
        signed += len(rows)
        if len(rows) < BATCH:
            break
    return signed


def signature(parts: Iterable[Part]) -> bytes:
    """Of a pack with these parts."""
    random: list[list[int]] = []
    said: list[str] = []
    for part in parts:
        for id in (part.key[1:], part.home or ""):
            if _RANDOM.fullmatch(id):
                random.append(_beginning(id))
            else:
                said.append(id)
        said.extend(texts(part))
    hashes = _threes(" ".join(said)).union(*random)
    size = SMALLEST
    while size * 8 < 2 * len(hashes):
        size *= 2
    digits = bytearray(b"0") * (size * 8)  # of a binary number, its lowest first
    mask = len(digits) - 1
    for hash in hashes:
        digits[hash & mask] = _ONE
    return int(digits[::-1], 2).to_bytes(size, "little")


def texts(part: Part) -> Iterator[str]:
    """Everything in a part that a search or a filter may look for, ids excepted."""
    yield from part.names
    if isinstance(part.input, str):
        yield part.input
    if isinstance(part.output, str):
        yield part.output
    for key, text in (part.metadata or {}).items():
        yield key
        yield text


def may_hold(project_id: str, text: str) -> Iterator[int] | None:
    """The packs of a project that may hold the text, newest first; None when the text says too little to tell."""
    ways = [_threes(text)]
    if _RANDOM.match(text.lower()) or re.fullmatch(r"[0-9a-f]{8,16}", text.lower()):
        ways.append(set(_beginning(text.lower())))
    return _holding(project_id, [sorted(way) for way in ways]) if ways[0] else None


def _holding(project_id: str, ways: list[list[int]]) -> Iterator[int]:
    before = 2**63 - 1
    while rows := fetch(_ALL, (project_id, before)):
        for id, bits in rows:
            if bits is None or any(_has_all(bits, way) for way in ways):
                yield id
        before = rows[-1][0]


def _has_all(bits: bytes, hashes: list[int]) -> bool:
    mask = len(bits) * 8 - 1
    return all(bits[(hash & mask) >> 3] >> (hash & 7) & 1 for hash in hashes)


def _threes(text: str) -> set[int]:
    """The hashes of a text. Told apart at blanks first: of what is said often, once is enough."""
    return set().union(*map(_threes_of, set(text.lower().split())))


def _threes_of(token: str) -> tuple[int, ...]:
    return _threes_of_short(token) if len(token) < 50 else _hashed(token)


@lru_cache(maxsize=32_768)
def _threes_of_short(token: str) -> tuple[int, ...]:
    """Of what is said often, remembered."""
    return _hashed(token)


def _hashed(token: str) -> tuple[int, ...]:
    return tuple(
        crc32(word[start : start + 3].encode("utf-8", "replace"))
        for word in _WORDS.findall(token)
        for start in range(len(word) - 2)
    )


def _beginning(id: str) -> list[int]:
    return [crc32(f"{probe}^{id[:_BEGINNING]}".encode()) for probe in range(_PROBES)]
