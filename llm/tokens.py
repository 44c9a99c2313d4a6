"""How many tokens a text has, counted offline: for calls of known models that brought no usage (api.md, section 3.1.2).

An estimate where the maker keeps its tokenizer to itself: such a family is counted with the nearest public encoding.
"""

import importlib.machinery
import importlib.util
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from llm import builtin

# Beyond this many characters the rest is estimated by the density of what was counted (50 ms of work at most).
COUNTED_CHARACTERS = 1_000_000
MESSAGE_TOKENS = 3  # around each chat message, and once more before the answer (OpenAI's cookbook)

# name of the model -> encoding; the first that fits
FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), encoding)
    for pattern, encoding in (
        (r"gpt-4o|gpt-4\.1|gpt-4\.5|gpt-[5-9]|gpt-oss|chatgpt|(?:^|[/:.])o\d", "o200k_base"),
        (r"gpt-?[34]|gpt-3|gpt-35|text-embedding|davinci|babbage|curie|(?:^|/)ada", "cl100k_base"),
        (r"voyage", "voyage3_base"),
        (r"claude|llama|qwen|qwq", "cl100k_base"),
    )
)
OTHERS = "o200k_base"
TOKENIZERS = {"openai": "o200k_base", "claude": "cl100k_base"}


def count(model: str, text: str | None, tokenizer: str | None = None) -> int | None:
    """Tokens of a JSON text as `model` reads it; None for a model that nobody knows.

    A list of chat messages is counted as OpenAI does, with the tokens around each message. `tokenizer` is that of the
    project's definition ("openai" or "claude"), if one priced the model.
    """
    encoding = _encoding(model[: builtin.MAX_NAME], tokenizer)
    if encoding is None or text is None:
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = text
    return _value(_encoder(encoding), value, text)


@lru_cache(maxsize=4096)
def _encoding(model: str, tokenizer: str | None) -> str | None:
    if tokenizer is None and builtin.match(model) is None:
        return None
    name = model.lower()
    named = next((encoding for pattern, encoding in FAMILIES if pattern.search(name)), None)
    return named or TOKENIZERS.get(tokenizer or "", OTHERS)


@cache
def _encoder(encoding: str) -> Any:
    # The package's own import reads every vocabulary into Python dictionaries: a second and 70 MB. Its compiled part
    # alone holds all that counting needs.
    package = importlib.util.find_spec("bpe_openai")
    folder = Path(package.origin or "").parent if package else Path()
    files = (folder / f"_bindings{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES)
    spec = importlib.util.spec_from_file_location("_bindings", next(file for file in files if file.exists()))
    if spec is None or spec.loader is None:
        raise ImportError("bpe_openai has no compiled part for this Python.")
    bindings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bindings)
    return bindings.tokenizer_for_encoding(encoding)


def _value(encoder: Any, value: Any, text: str) -> int:
    messages = value.get("messages") if isinstance(value, dict) else value
    if isinstance(messages, list) and messages and all(_is_message(item) for item in messages):
        return sum(MESSAGE_TOKENS + _message(encoder, message) for message in messages) + MESSAGE_TOKENS
    if _is_message(value):
        return _content(encoder, value)  # an answer: only what the model wrote
    if isinstance(value, str):
        return _text(encoder, value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return sum(_text(encoder, item) for item in value)  # a batch of texts to embed
    return 0 if value is None else _text(encoder, text)


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and not value.keys().isdisjoint(_SAID)


_SAID = ("content", "tool_calls", "function_call")


def _message(encoder: Any, message: dict[str, Any]) -> int:
    name = message.get("name")
    named = 1 + _text(encoder, name) if isinstance(name, str) else 0
    return named + _text(encoder, message["role"]) + _content(encoder, message)


def _content(encoder: Any, message: dict[str, Any]) -> int:
    """Texts of a message and its tool calls; images and sound have no text to count."""
    content = message.get("content")
    if isinstance(content, str):
        used = _text(encoder, content)
    elif isinstance(content, list):
        used = sum(_text(encoder, part) for part in map(_part, content) if part)
    else:
        used = _text(encoder, _json(content)) if content is not None else 0
    calls = [message[key] for key in ("tool_calls", "function_call") if message.get(key)]
    return used + sum(_text(encoder, _json(call)) for call in calls)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _text(encoder: Any, text: str) -> int:
    counted = text[:COUNTED_CHARACTERS]
    try:
        tokens: int = encoder.count(counted)
    except UnicodeEncodeError:  # half of a surrogate pair
        tokens = encoder.count(counted.encode("utf-8", "replace").decode())
    return tokens if len(counted) == len(text) else round(tokens * len(text) / len(counted))
