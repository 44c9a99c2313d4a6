"""Texts in packs: what one write says at length stands together in one compressed row.

A pack holds a part for each trace and observation of the write that has texts: input, output, metadata, parameters of
the model, usage and cost as the client told them, and the names a search looks at. Together they compress three to
four times, each alone hardly at all. Rows point at packs (`pack`, and `earlier` for what was said before); within a
pack a part is found by its key.

A text longer than LONG stands apart (`rest`), so that lists, which want one line of it, read and expand little.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import msgspec
import zstandard

from tracing.store.postgres.sql import Binary, fetch, plain, run
from tracing.store.previews import preview

LEVEL = 6  # a twentieth less room than 3, for 13 µs more of each span
LONG = 16_384  # characters
MOST = 256 * 1024  # characters in one pack, roughly; a longer text makes it larger

TRACE, OBSERVATION = "t", "o"  # the first letter of a key; the id follows

_ADD = "INSERT INTO tracing_pack (project_id, body, rest) VALUES (%s, %b::bytea, %b::bytea) RETURNING id"
_READ = "SELECT id, body, {} FROM tracing_pack WHERE project_id = (SELECT %s) AND id = ANY(%s)"

_LOCK = "SELECT id, body, rest FROM tracing_pack WHERE project_id = (SELECT %s) AND id = ANY(%s) ORDER BY id FOR UPDATE"
_DROP = "DELETE FROM tracing_pack WHERE project_id = (SELECT %s) AND id = ANY(%s)"
_CHANGE = "UPDATE tracing_pack SET body = %b::bytea, rest = %b::bytea WHERE project_id = %s AND id = %s"


class Long(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Stands for a text that is in the `rest`."""

    line: str  # its preview


class Part(msgspec.Struct, array_like=True, gc=False):
    """What one write says of one trace or observation. Texts are JSON texts; usage and cost are JSON objects."""

    key: str
    home: str | None = None  # the trace of an observation
    names: tuple[str, ...] = ()
    input: str | Long | None = None
    output: str | Long | None = None
    metadata: dict[str, str] | None = None
    parameters: str | None = None
    usage: str | None = None
    cost: str | None = None

    @property
    def fingerprint(self) -> int:
        """What it says, in 64 bits."""
        return int.from_bytes(hashlib.blake2b(_encoded(self), digest_size=8).digest(), signed=True)

    @property
    def size(self) -> int:
        """In characters, about."""
        texts = sum(len(text) for text in (self.input, self.output) if isinstance(text, str))
        return texts + sum(map(len, (self.metadata or {}).values()))


def key(kind: str, id: str) -> str:
    """Of the part of a trace or observation."""
    return kind + (id if id.isprintable() else plain(id))


def merged(parts: Sequence[Part]) -> Part:
    """One part that says what these say in this order."""
    last = parts[-1]
    whole = Part(last.key, last.home, tuple(dict.fromkeys(name for part in parts for name in part.names)))
    for part in parts:
        for name in ("input", "output", "parameters", "usage", "cost"):
            if (said := getattr(part, name)) is not None:
                setattr(whole, name, said)
        if part.metadata:
            whole.metadata = {**(whole.metadata or {}), **part.metadata}
    return whole


_DECODER = msgspec.msgpack.Decoder(list[Part])
# key: input and output, where they are long
_Rest = dict[str, tuple[str | None, str | None]]
_REST_DECODER = msgspec.msgpack.Decoder(_Rest)


def add(project_id: str, parts: Iterable[Part]) -> dict[str, int]:
    """Store the parts; answers with the pack of each key."""
    packs: dict[str, int] = {}
    for some in _portions(parts):
        body, rest = encode(some)
        [(id,)] = fetch(_ADD, (project_id, Binary(body), rest and Binary(rest)), prepare=True)
        packs.update((part.key, id) for part in some)
    return packs


def read(project_id: str, ids: Sequence[int], *, whole: bool) -> dict[int, dict[str, Part]]:
    """The parts of these packs by key; with `whole` the long texts in their places."""
    if not ids:
        return {}
    rows = fetch(_READ.format("rest" if whole else "NULL"), (project_id, list(ids)))
    return {id: {part.key: part for part in decode(body, rest)} for id, body, rest in rows}


def lock(project_id: str, ids: Sequence[int]) -> dict[int, dict[str, Part]]:
    """As `read`, whole, and nobody else changes the packs until the transaction ends. They are locked by id, and after
    everything else that a transaction locks."""
    rows = fetch(_LOCK, (project_id, list(ids))) if ids else []
    return {id: {part.key: part for part in decode(body, rest)} for id, body, rest in rows}


def forget(project_id: str, keys: Mapping[int, Set[str]]) -> None:
    """Take the parts of these keys out of these packs; a pack of which nothing is left goes."""
    emptied, kept = [], []
    for id, parts in lock(project_id, sorted(keys)).items():
        left = [part for part in parts.values() if part.key not in keys[id]]
        if not left:
            emptied.append(id)
        elif len(left) < len(parts):
            kept.append((id, *encode(left)))
    drop(project_id, emptied)
    for id, body, rest in kept:
        run(_CHANGE, (Binary(body), rest and Binary(rest), project_id, id))


def drop(project_id: str, ids: Sequence[int]) -> None:
    """Delete whole packs."""
    if ids:
        run(_DROP, (project_id, list(ids)))


def encode(parts: Sequence[Part]) -> tuple[bytes, bytes | None]:
    """Body and rest of a pack."""
    rest: _Rest = {}
    short = []
    for part in parts:
        given, answered = _long(part.input), _long(part.output)
        if given or answered:
            rest[part.key] = given, answered
            part = msgspec.structs.replace(
                part,
                input=Long(preview(given) or "") if given else part.input,
                output=Long(preview(answered, answer=True) or "") if answered else part.output,
            )
        short.append(part)
    return _packed(short), _packed(rest) if rest else None


def decode(body: bytes, rest: bytes | None = None) -> list[Part]:
    """The parts of a pack."""
    parts = _DECODER.decode(zstandard.decompress(body))
    if rest:
        long = _REST_DECODER.decode(zstandard.decompress(rest))
        for part in parts:
            given, answered = long.get(part.key, (None, None))
            part.input = part.input if given is None else given
            part.output = part.output if answered is None else answered
    return parts


def _long(text: str | Long | None) -> str | None:
    return text if isinstance(text, str) and len(text) > LONG else None


def _packed(value: object) -> bytes:
    return zstandard.compress(_encoded(value), LEVEL)


def _encoded(value: object) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(_storable(msgspec.to_builtins(value)))


def _storable(value: object) -> object:
    """Without lone surrogates and NUL, as everything else that is stored."""
    if isinstance(value, dict):
        return {plain(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else plain(value)


def _portions(parts: Iterable[Part]) -> Iterator[list[Part]]:
    some: list[Part] = []
    size = 0
    for part in parts:
        if some and size + part.size > MOST:
            yield some
            some, size = [], 0
        some.append(part)
        size += part.size
    if some:
        yield some
