"""Values on their way to `records.JsonText`: kept as the text the client sent, made safe to store and to embed.

What changes, and nothing else: `\\u` escapes of readable characters become the characters (clients send Cyrillic
ASCII-escaped), a string that holds JSON becomes that JSON (wire notes, sections 0.4 and 0.5), and what no strict reader
accepts is mended: a lone surrogate becomes U+FFFD, `NaN` and the infinities become null. Key order, spacing and big
numbers stay; NUL stays escaped.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from tracing.records import JsonText

# Deeper values would exhaust the stack of some reader later on; real ones stay below 50.
MAX_DEPTH = 100

_RAW = msgspec.json.Decoder(msgspec.Raw)
_STRING = msgspec.json.Decoder(str)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MALFORMED = (msgspec.DecodeError, UnicodeError, RecursionError)
_JSON_STARTS = frozenset('{["-0123456789tfn')

# Escapes that must stay: control characters, quote, backslash. Escaped backslashes before them are stepped over.
_STAYING = re.compile(r"(?<!\\)((?:\\\\)*+)\\u(00(?:[01][0-9a-fA-F]|22|5[cC]|7[fF]))")
# Anything but a lone surrogate; a pair of them is an astral character.
_SOUND = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}|\\", re.DOTALL)
# Possessive, so that a string of many megabytes needs no memory to go back on.
_STRING_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NOT_NUMBERS = re.compile(_STRING_TEXT + rb"|(?P<number>-?(?:NaN|Infinity))", re.DOTALL)
_STRINGS = re.compile(_STRING_TEXT, re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def from_raw(raw: bytes | msgspec.Raw) -> JsonText | None:
    """One JSON value as it stood in a body; None for absent and null. Raises UnicodeDecodeError for broken UTF-8."""
    text = str(memoryview(raw), "utf-8") if raw else "null"
    if text == "null":
        return None
    if text[0] == '"' and (held := held_json(_STRING.decode(text))) is not None:
        return None if held == "null" else held
    return readable(text)


def from_text(text: str) -> JsonText:
    """A value given as text: the JSON it holds, otherwise the text as a JSON string."""
    return _short_from_text(text) if len(text) <= SHORT else _from_text(text)


def _from_text(text: str) -> JsonText:
    held = held_json(text)
    return quote(text) if held is None else held


# SDKs repeat short values, metadata of the trace above all, on every span.
SHORT = 80
_short_from_text = lru_cache(maxsize=8192)(_from_text)


def from_value(value: Any) -> JsonText | None:
    """A plain Python value (of an attribute): text as `from_text`, other values as JSON."""
    if value is None:
        return None
    return from_text(value) if isinstance(value, str) else dump(value)


def dump(value: Any) -> JsonText:
    """JSON of plain values; bytes become base64, what is no number null."""
    return msgspec.json.encode(value).decode()


def quote(text: str) -> JsonText:
    return msgspec.json.encode(text).decode()


def metadata(raw: bytes | msgspec.Raw) -> dict[str, JsonText] | None:
    """Metadata of an event: one JSON text per key; what is no object stands under the key "metadata"."""
    whole = from_raw(raw)
    return None if whole is None else split_metadata(whole)


def split_metadata(whole: JsonText) -> dict[str, JsonText]:
    """The parts of a metadata value; each string among them that holds JSON is decoded, once."""
    if whole[0] != "{":
        return {"metadata": whole}
    return {key.replace("\0", "\ufffd"): from_raw(value) or "null" for key, value in _OBJECT.decode(whole).items()}


def held_json(text: str) -> JsonText | None:
    """The JSON text that a string holds, or None when it is plain text."""
    stripped = text.strip()
    if not stripped or stripped[0] not in _JSON_STARTS:
        return None
    try:
        _RAW.decode(stripped)
    except _MALFORMED:
        # "nothing" and "3 apples" end here too; only escapes can be mended.
        if "\\u" not in stripped or (mended := mend(stripped.encode("utf-8", "replace"))) is None:
            return None
        return held_json(mended.decode())
    return None if deeper_than(stripped, MAX_DEPTH) else readable(stripped)


def readable(text: JsonText) -> JsonText:
    """Escaped readable characters become themselves."""
    if "\\u" not in text:
        return text
    paired = "\\ud8" in text or "\\uD8" in text or "\\ud9" in text or "\\uD9" in text
    # The codec knows only `\uXXXX` and steps over escaped backslashes; what must stay is escaped once more for it.
    text = _STAYING.sub(r"\1\\u005cu\2", text)
    text = text.encode("raw_unicode_escape").decode("raw_unicode_escape")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if paired else text


def mend(body: bytes) -> bytes | None:
    """JSON with broken UTF-8, lone surrogates, NaN and infinities replaced; None when there was nothing to mend."""
    mended = body.decode("utf-8", "replace").encode()
    if b"\\ud" in mended or b"\\uD" in mended:
        mended = b"".join(_without_lone_surrogates(mended))
    if b"NaN" in mended or b"Infinity" in mended:
        mended = _NOT_NUMBERS.sub(lambda found: b"null" if found["number"] else found[0], mended)
    return None if mended == body else mended


def _without_lone_surrogates(body: bytes) -> Iterator[bytes]:
    # By hand, because a substitution would try again at every position behind the last one.
    position = 0
    while position < len(body):
        sound = _SOUND.match(body, position)
        end = sound.end() if sound else position
        yield body[position:end]
        fault = _ESCAPE.match(body, end)
        if fault is None:
            return
        yield rb"\ufffd" if len(fault[0]) > 1 else fault[0]
        position = fault.end()


def deeper_than(text: str | bytes, limit: int) -> bool:
    """Whether valid JSON nests deeper than `limit` arrays and objects."""
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened <= limit:
        return False
    # Only brackets are left; each round takes away the innermost pairs.
    raw = text.encode() if isinstance(text, str) else text
    brackets = _STRINGS.sub(b"", raw).translate(_BRACKETS, _NOT_BRACKETS)
    for _ in range(limit):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
