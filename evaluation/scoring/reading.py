"""A judge's words, read: the value it gives and why, out of JSON or, where there is none, out of text."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.definitions import Output
from evaluation.scoring.fences import json_blocks
from evaluation.scoring.metrics.numbers import numbers

MAX_REASONING = 10_000
MAX_READ = 200_000
_THOUGHT = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_NAMES = ("score", "value", "rating", "verdict", "оценка", "вердикт")
# "Score: 4", "**Оценка** = «да»"; the last one counts, because reasoning comes before it.
_TOLD = re.compile(rf"(?:{'|'.join(_NAMES)})[\s\"'*_`]*[:=—-][\s\"'*_`«]*([^\n\"'*_`»]+)", re.IGNORECASE)
_YES = frozenset({"true", "yes", "1", "да", "верно", "истина"})
_NO = frozenset({"false", "no", "0", "нет", "неверно", "ложь"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said: numbers, or labels of categories (several where that is allowed), and why."""

    values: tuple[float | str, ...]
    reasoning: str = ""


class Unreadable(Exception):
    """There is no value in what the judge said, or one that its output does not allow; the sentence says which."""


def read_verdict(text: str, output: Output) -> Verdict:
    """The verdict in a judge's answer. Raises Unreadable."""
    # The reasoning comes first: of what is too long the end is read.
    if len(text) > MAX_READ and _whole_object(text) is None:
        text = text[-MAX_READ:]
    text = _without_thoughts(text).strip()
    if not text:
        raise Unreadable("the answer is empty")
    for found in _objects(text):
        lowered = {str(key).casefold(): value for key, value in found.items()}
        for name in _NAMES:
            if name in lowered:
                reasoning = lowered.get("reasoning") or lowered.get("explanation") or ""
                return Verdict(_values(lowered[name], output), str(reasoning)[:MAX_REASONING])
    told = _TOLD.findall(text)
    if told:
        return Verdict(_values(told[-1].strip(" ."), output), text[:MAX_REASONING])
    return Verdict(_values(text.strip(" .\"'`*«»\n"), output))


def _whole_object(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_thoughts(text: str) -> str:
    """The text without what stands between <think> and </think>; one that is never closed stays."""
    kept: list[str] = []
    end, begin = 0, -1
    for tag in _THOUGHT.finditer(text):
        if not tag[1]:
            begin = tag.start() if begin < 0 else begin
        elif begin >= 0:
            kept.append(text[end:begin])
            end, begin = tag.end(), -1
    return "".join([*kept, text[end:]])


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in a text: all of it, what is fenced, then whatever begins with a brace, the last one first."""
    for candidate in (text, *reversed(list(json_blocks(text)))):
        value = _whole_object(candidate)
        if value is not None:
            yield value
    decoder, text = json.JSONDecoder(strict=False), text[-MAX_READ:]
    starts = [match.start() for match in re.finditer(r"\{", text)][-200:]
    for start in reversed(starts):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _values(given: Any, output: Output) -> tuple[float | str, ...]:
    match output.data_type:
        case "NUMERIC":
            return (_number(given, output),)
        case "BOOLEAN":
            return (_truth(given),)
    return _labels(given, output)


def _number(given: Any, output: Output) -> float:
    number: float | None = None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        number = float(given) if abs(given) < 1e300 else None
    elif isinstance(given, str) and len(found := numbers(given[:200])) == 1:
        number = float(found[0])
    if number is None or not math.isfinite(number):
        raise Unreadable(f"{_shown(given)} is not a number")
    low, high = output.min_value, output.max_value
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"{'−∞' if low is None else f'{low:g}'} to {'∞' if high is None else f'{high:g}'}"
        raise Unreadable(f"{number:g} is not within {bounds}")
    return number


def _truth(given: Any) -> float:
    word = str(given).strip().casefold()
    word = word if word in _YES | _NO else (re.findall(r"\w+", word) or [""])[0]
    if word in _YES:
        return 1.0
    if word in _NO:
        return 0.0
    raise Unreadable(f"{_shown(given)} is neither true nor false")


def _labels(given: Any, output: Output) -> tuple[str, ...]:
    labels = {label.casefold(): label for label in output.categories or ()}
    parts = given if isinstance(given, list) else [given]
    if isinstance(given, str) and output.multiple and given.strip().casefold() not in labels:
        parts = [part for part in re.split(r"[,;\n]", given) if part.strip()]
    found = []
    for one in parts:
        label = labels.get(str(one).strip(" .\"'«»").casefold())
        if label is None:
            raise Unreadable(f"{_shown(one)} is none of {', '.join(labels.values())[:500]}")
        found.append(label)
    if len(set(found)) != 1 and not output.multiple:
        raise Unreadable(f"one category was asked for, not {len(set(found))}")
    return tuple(dict.fromkeys(found))


def _shown(given: Any) -> str:
    return repr(given)[:100]
