"""What changed between two versions, word by word."""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prompts import templates
from prompts.models import PromptVersion

# Longer stretches (words of one side times words of the other) are shown as replaced whole: comparing takes that.
MAX_PRODUCT = 4_000_000
_WORD = re.compile(r"\d+(?:[.,:]\d+)+|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that is in both versions, only in the new, or only in the old one."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A message of a chat prompt (or the whole text of a text prompt, with no role) and what changed in it."""

    role: tuple[Change, ...]
    text: tuple[Change, ...]

    @property
    def changed(self) -> bool:
        return any(part.kind != "same" for part in (*self.role, *self.text))


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions held against each other."""

    messages: tuple[MessageChange, ...]
    config: tuple[Change, ...]

    @property
    def content_changed(self) -> bool:
        return any(message.changed for message in self.messages)

    @property
    def config_changed(self) -> bool:
        return any(part.kind != "same" for part in self.config)


def compare(old: PromptVersion, new: PromptVersion) -> Difference:
    """What makes `new` out of `old`; both are versions of one prompt."""
    messages = _compare_messages(_messages(old.body), _messages(new.body))
    return Difference(messages, compare_texts(_pretty(old.settings), _pretty(new.settings)))


def compare_texts(old: str, new: str) -> tuple[Change, ...]:
    """First by lines, then by words where lines differ."""
    changes: list[Change] = []
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, old_from, old_to, new_from, new_to in _opcodes(old_lines, new_lines):
        before, after = "".join(old_lines[old_from:old_to]), "".join(new_lines[new_from:new_to])
        changes += [Change("same", before)] if kind == "equal" else _compare_words(before, after)
    return _joined(changes)


def _compare_words(old: str, new: str) -> list[Change]:
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    if len(old_words) * len(new_words) > MAX_PRODUCT:
        return [Change("removed", old), Change("added", new)]
    changes: list[Change] = []
    for kind, old_from, old_to, new_from, new_to in _opcodes(old_words, new_words):
        before, after = "".join(old_words[old_from:old_to]), "".join(new_words[new_from:new_to])
        changes += [Change("same", before)] if kind == "equal" else [Change("removed", before), Change("added", after)]
    return changes


def _joined(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Neighbours of one kind become one. A blank between two changes belongs to them: `old words` → `new text` reads
    better as two phrases than as four words."""
    joined: list[Change] = []
    pending = {"removed": "", "added": ""}

    def flush() -> None:
        joined.extend(Change(kind, pending[kind]) for kind in ("removed", "added") if pending[kind])  # type: ignore[arg-type]
        pending.update(removed="", added="")

    for position, change in enumerate(changes):
        between = change.kind == "same" and change.text.strip(" ") == "" and 0 < position < len(changes) - 1
        if change.kind == "same" and not between:
            flush()
            joined.append(change)
        elif between:
            pending["removed"] += change.text
            pending["added"] += change.text
        else:
            pending[change.kind] += change.text
    flush()
    return tuple(change for change in joined if change.text)


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _messages(body: Any) -> list[tuple[str, str]]:
    """(role, text) of every message; what else a message holds is shown as JSON below its text."""
    if isinstance(body, str):
        return [("", body)]
    shown = []
    for message in body:
        if templates.is_placeholder(message):
            shown.append(("placeholder", str(message["name"])))
            continue
        more = {key: value for key, value in message.items() if key not in ("role", "content", "type")}
        text = message["content"] + (f"\n{_pretty(more)}" if more else "")
        shown.append((message["role"], text))
    return shown


def _compare_messages(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> tuple[MessageChange, ...]:
    changes: list[MessageChange] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        before, after = old[old_from:old_to], new[new_from:new_to]
        pairs = min(len(before), len(after))
        changes += [_pair(*both) for both in zip(before[:pairs], after[:pairs], strict=True)]
        changes += [_alone("removed", message) for message in before[pairs:]]
        changes += [_alone("added", message) for message in after[pairs:]]
    return tuple(changes)


def _pair(old: tuple[str, str], new: tuple[str, str]) -> MessageChange:
    role = (Change("same", old[0]),) if old[0] == new[0] else (Change("removed", old[0]), Change("added", new[0]))
    return MessageChange(role, compare_texts(old[1], new[1]))


def _alone(kind: Literal["added", "removed"], message: tuple[str, str]) -> MessageChange:
    role, text = message
    return MessageChange((Change(kind, role),), (Change(kind, text),))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
