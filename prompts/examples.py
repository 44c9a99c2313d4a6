"""Examples from a dataset inside a prompt: `@@@promptlabExamples:dataset=Capitals|split=few-shot|k=3|pick=first@@@`.

Whoever fetches the prompt gets the examples written out, so that programs need to know nothing of it. Which items they
are is worked out above (`datasets.few_shot`, which offers itself by `provide`): prompts know no datasets.

Parts of a tag, in any order: `dataset` (its name; the only one that must be there), `split` (items whose metadata say
`split` so), `k` (3), `pick` (`first`, `random` with `seed`, `similar` to what is asked), `at` (the dataset as it was at
that moment, ISO 8601), `format` (how an example is written into a text; `\\n` breaks a line).
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _

from common.errors import Invalid
from prompts import templates
from prompts.templates import texts

PICKS = ("first", "random", "similar")
MOST = 200
FORMAT = "Input: {input}\\nOutput: {output}"
_TAG = re.compile(r"@@@promptlabExamples:(.*?)@@@", re.DOTALL)
_PARTS = frozenset({"dataset", "split", "k", "pick", "seed", "at", "format"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a tag asks for. `split` empty: all items; `at` None: the dataset as it is."""

    dataset: str
    split: str = ""
    k: int = 3
    pick: str = "first"
    seed: int = 0
    at: datetime | None = None
    format: str = FORMAT

    def __str__(self) -> str:
        parts = {
            "dataset": self.dataset,
            "split": self.split,
            "k": str(self.k),
            "pick": self.pick,
            "seed": str(self.seed) if self.pick == "random" else "",
            "at": self.at.isoformat() if self.at else "",
            "format": self.format if self.format != FORMAT else "",
        }
        return f"@@@promptlabExamples:{'|'.join(f'{name}={value}' for name, value in parts.items() if value)}@@@"


@dataclass(frozen=True, slots=True)
class Example:
    """An item shown as an example; JSON values."""

    item_id: str
    input: Any
    output: Any


# (project, block, what is asked or None) -> the examples in their order. Raises Invalid for what cannot be had.
Chooser = Callable[[str, Block, str | None], Sequence[Example]]
_choosers: list[Chooser] = []


def provide(chooser: Chooser) -> None:
    """Offer to choose examples; the room of the datasets does when it starts."""
    _choosers[:] = [chooser]


def blocks(content: Any) -> list[Block]:
    """What the tags of a text or of messages ask for, each once, in order. Raises Invalid for a tag it cannot read."""
    found = (_parse(match[1]) for text in texts(content) for match in _TAG.finditer(text))
    return list(dict.fromkeys(found))


def stand_in(content: Any) -> bool:
    """Whether a text or messages hold such tags."""
    return any(_TAG.search(text) for text in texts(content))


def fill(project_id: str, content: Any, about: str | None = None, *, literal: bool = False) -> Any:
    """The text, or the messages, with their tags replaced by examples.

    A message that is nothing but a tag becomes a question and an answer for each example; inside a text they are
    written out by the tag's `format`. `about` is the text of what is asked: without it, `similar` takes the first ones.
    `literal` marks the examples' own texts, for whoever fills in variables afterwards (`prompts.templates.fill`): what
    looks like one in them is none. Raises Invalid.
    """
    say = partial(_said, literal)
    chosen = {
        block: [(say(one.input), say(one.output)) for one in choose(project_id, block, about)]
        for block in blocks(content)
    }
    if not chosen:
        return content
    if isinstance(content, str):
        return _written(content, chosen)
    filled: list[Any] = []
    for message in content:
        text = message.get("content")
        if not isinstance(text, str):
            filled.append(message)
        elif (whole := _TAG.fullmatch(text.strip())) is not None:
            filled += _turns(chosen[_parse(whole[1])])
        else:
            filled.append({**message, "content": _written(text, chosen)})
    return filled


def bound(content: Any, at: datetime) -> Any:
    """The text, or the messages, with every tag that names no moment bound to this one. Raises Invalid."""

    def written(match: re.Match[str]) -> str:
        block = _parse(match[1])
        return str(replace(block, at=block.at or at))

    if isinstance(content, str):
        return _TAG.sub(written, content)
    return [
        {**message, "content": _TAG.sub(written, message["content"])}
        if isinstance(message.get("content"), str)
        else message
        for message in content
    ]


def choose(project_id: str, block: Block, about: str | None = None) -> Sequence[Example]:
    """The examples that a block stands for. Raises Invalid."""
    if not _choosers:
        raise Invalid(_("There are no datasets here to take examples from."), "prompt")
    return _choosers[0](project_id, block, about)


def _said(literal: bool, value: Any) -> str:
    text = as_text(value)
    return templates.literal(text) if literal else text


def _turns(examples: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        message
        for asked, answered in examples
        for message in ({"role": "user", "content": asked}, {"role": "assistant", "content": answered})
    ]


def _written(text: str, chosen: dict[Block, list[tuple[str, str]]]) -> str:
    def lines(match: re.Match[str]) -> str:
        block = _parse(match[1])
        form = block.format.replace("\\n", "\n")
        return "\n\n".join(_in_form(form, example) for example in chosen[block])

    return _TAG.sub(lines, text)


def _in_form(form: str, example: tuple[str, str]) -> str:
    values = dict(zip(("{input}", "{output}"), example, strict=True))
    return re.sub(r"\{input\}|\{output\}", lambda match: values[match[0]], form)


def _parse(inner: str) -> Block:
    given = dict(part.partition("=")[::2] for part in inner.split("|"))
    if unknown := [name for name in given if name not in _PARTS]:
        raise Invalid(
            _("An examples tag cannot hold “%(unknown)s”; it may hold %(known)s.")
            % {"unknown": unknown[0][:100], "known": ", ".join(sorted(_PARTS))},
            "prompt",
        )
    if not given.get("dataset"):
        raise Invalid(_("An examples tag must name its dataset: dataset=…"), "prompt")
    pick = given.get("pick", "first")
    if pick not in PICKS:
        raise Invalid(
            _("pick of an examples tag must be one of %(picks)s, not “%(given)s”.")
            % {"picks": ", ".join(PICKS), "given": pick[:100]},
            "prompt",
        )
    if pick == "similar" and not given.get("split"):
        raise Invalid(
            _("An examples tag with pick=similar needs a split: otherwise every item would be an example."), "prompt"
        )
    return Block(
        dataset=given["dataset"],
        split=given.get("split", ""),
        k=_number("k", given.get("k", "3"), 1, MOST),
        pick=pick,
        seed=_number("seed", given.get("seed", "0"), 0, 2**31 - 1),
        at=_moment(given["at"]) if given.get("at") else None,
        format=given.get("format") or FORMAT,
    )


def _number(name: str, text: str, lowest: int, highest: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 11 and lowest <= int(text) <= highest:
        return int(text)
    raise Invalid(
        _("%(name)s of an examples tag must be a whole number from %(lowest)s to %(highest)s, not “%(given)s”.")
        % {"name": name, "lowest": lowest, "highest": highest, "given": text[:100]},
        "prompt",
    )


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or is_naive(moment):
        raise Invalid(
            _("at of an examples tag must be a moment such as 2026-01-31T12:00:00Z, not “%(given)s”.")
            % {"given": text[:100]},
            "prompt",
        )
    return moment


def as_text(value: Any) -> str:
    """A JSON value as it is said to a model: a text as it is, an object that holds one text as that text, else JSON."""
    if isinstance(value, dict) and len(value) == 1:
        [value] = value.values()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
