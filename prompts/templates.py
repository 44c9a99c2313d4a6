"""Variables and placeholders: `{{name}}` in texts and `{type: "placeholder", name}` among messages.

Found and filled in as the Python SDK does it (`langfuse/model.py`, TemplateParser): whatever stands between `{{` and
the next `}}` is a name, blanks around it do not count; a variable without a value stays as it is, None becomes "".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
# What stands between these two, which are no characters of any text (Unicode 23.7), is no template.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_LITERAL = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
# What is worth showing as a variable: in `{{ "key": "value" }}` nobody means one, although it could be filled in.
_NAME = re.compile(r"\w[\w.\- ]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `variable` is set where it is a `{{variable}}`."""

    text: str
    variable: str = ""


def is_placeholder(message: Mapping[str, Any]) -> bool:
    """Whether a message stands for messages that the caller brings."""
    return message.get("type") == "placeholder"


def texts(content: str | Sequence[Mapping[str, Any]]) -> list[str]:
    """The texts of a prompt in which variables may stand."""
    if isinstance(content, str):
        return [content]
    return [message["content"] for message in content if isinstance(message.get("content"), str)]


def literal(text: str) -> str:
    """The text marked so that nothing in it is a variable, until `fill` has put it in."""
    return _OPEN + text.replace(_OPEN, "").replace(_CLOSE, "") + _CLOSE


def plain(content: Any) -> Any:
    """A text or messages without the marks of `literal`, for showing them."""
    if isinstance(content, str):
        return _LITERAL.sub(r"\1", content)
    texts_of = (message.get("content") for message in content)
    return [
        {**message, "content": plain(text)} if isinstance(text, str) else message
        for message, text in zip(content, texts_of, strict=True)
    ]


def variables(content: str | Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the variables, each once, in order of appearance."""
    parts = (part for text in texts(content) for part in _LITERAL.split(text)[::2])
    found = (match[1].strip() for part in parts for match in _VARIABLE.finditer(part))
    return list(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


def placeholders(content: str | Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the placeholders among the messages."""
    if isinstance(content, str):
        return []
    return list(dict.fromkeys(message["name"] for message in content if is_placeholder(message)))


def pieces(text: str) -> list[Piece]:
    """The text cut at its variables, for showing them."""
    cut: list[Piece] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        if not _NAME.fullmatch(match[1].strip()):
            continue
        cut += [Piece(text[at : match.start()])] if match.start() > at else []
        cut.append(Piece(match[0], match[1].strip()))
        at = match.end()
    return [*cut, Piece(text[at:])] if at < len(text) else cut


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The text with its variables replaced, and what is `literal` as it is."""

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name not in values:
            return match[0]
        return "" if values[name] is None else str(values[name])

    parts = _LITERAL.split(text)
    parts[::2] = [_VARIABLE.sub(value, part) for part in parts[::2]]
    return "".join(parts)


def compile_prompt(content: str | Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> str | list[dict[str, Any]]:
    """A text with its variables filled in, or `{role, content}` messages.

    A placeholder is replaced by the list of messages under its name, in whose texts variables are filled in as well;
    one without a value stays. What is not a list of messages becomes one message of the role NOT_GIVEN, as in the SDK.
    """
    if isinstance(content, str):
        return fill(content, values)
    compiled: list[dict[str, Any]] = []
    for message in content:
        if not is_placeholder(message):
            compiled.append({"role": message["role"], "content": fill(message["content"], values)})
        elif message["name"] not in values:
            compiled.append(dict(message))
        else:
            compiled += _expand(values[message["name"]], values)
    return compiled


def _expand(given: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        return [{"role": "NOT_GIVEN", "content": str(given)}]
    return [
        {**entry, "role": entry.get("role", "NOT_GIVEN"), "content": _fill_content(entry.get("content", ""), values)}
        if isinstance(entry, dict)
        else {"role": "NOT_GIVEN", "content": str(given)}
        for entry in given
    ]


def _fill_content(content: Any, values: Mapping[str, Any]) -> Any:
    # Content in parts (texts and images) goes through untouched.
    return fill(content, values) if isinstance(content, str) else content
