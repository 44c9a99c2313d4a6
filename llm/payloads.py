"""What comes from providers, read with patience: whole answers, and streams put together from their chunks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


class NoAnswer(Exception):
    """It is no answer of a model; the message says why."""


class CutShort(Exception):
    """A stream that ended before it said that it was at its end."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer without the circumstances of its call; the names are those of `llm.calls.Answer`."""

    text: str
    message: Mapping[str, Any]
    model: str
    finish_reason: str | None
    usage: Mapping[str, Any]
    cost: float | None

    @property
    def tokens(self) -> int | None:
        """All that the provider counted."""
        total = self.usage.get("total_tokens")
        return total if isinstance(total, int) and 0 <= total < 2**31 else None


def read_answer(body: bytes) -> Said:
    """The body of a chat completion. Raises NoAnswer."""
    try:
        payload = orjson.loads(body)
    except ValueError:
        raise NoAnswer(f"no JSON: {excerpt(body.decode(errors='replace'))}") from None
    if not isinstance(payload, dict):
        raise NoAnswer(f"no JSON object: {excerpt(body.decode(errors='replace'))}")
    if payload.get("error"):  # some gateways fail with 200
        raise NoAnswer(words_of(payload))
    choice = _first(payload.get("choices"))
    message = choice.get("message") if choice else None
    if not isinstance(message, dict):
        raise NoAnswer(f"no choices: {excerpt(body.decode(errors='replace'))}")
    usage = _object(payload.get("usage"))
    return Said(
        text=text_of(message),
        message=message,
        model=_text(payload.get("model")),
        finish_reason=_text(choice.get("finish_reason")) or None if choice else None,
        usage=usage,
        cost=_amount(usage.get("cost")),
    )


def model_names(body: bytes) -> list[str]:
    """The names in a list of models (`{"data": [{"id"}]}`; a bare list at Together). Raises NoAnswer."""
    try:
        payload = orjson.loads(body)
    except ValueError:
        raise NoAnswer(f"no JSON: {excerpt(body.decode(errors='replace'))}") from None
    listed = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(listed, list):
        raise NoAnswer(f"no list of models: {excerpt(body.decode(errors='replace'))}")
    names = (_text(_object(model).get("id")).removeprefix("models/") for model in listed)  # Google's prefix
    return sorted({name for name in names if name.strip()})


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message: its content, the texts among its parts, or what the model refused with."""
    content = message.get("content")
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        content = "".join(filter(None, map(_text, texts)))
    return _text(content) or _text(message.get("refusal"))


def words_of(payload: Any) -> str:
    """What the provider says for itself in an error's body, in whichever of the usual shapes; empty if nothing."""
    if isinstance(payload, list):  # Google
        payload = payload[0] if payload else None
    if not isinstance(payload, dict):
        return excerpt(payload) if isinstance(payload, str) else ""
    error = payload.get("error", payload)
    if isinstance(error, str):
        return excerpt(error)
    if not isinstance(error, dict):
        return ""
    words = next((error[name] for name in ("message", "detail", "error") if error.get(name)), "")
    raw = _object(error.get("metadata")).get("raw")  # OpenRouter: what the provider behind it said
    words = words if isinstance(words, str) else orjson.dumps(words, default=str).decode()
    return excerpt(f"{words} {raw}" if isinstance(raw, str) else words)


def excerpt(text: str, longest: int = 500) -> str:
    """The text on one line, without what cannot be shown."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text[:5000]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


@dataclass
class Gathering:
    """An answer that comes in chunks, or whole after all. `add` takes each one and tells the text that it brings."""

    begun: bool = False  # something of the answer itself has come
    finish_reason: str | None = None
    _whole: Said | None = None
    _model: str = ""
    _usage: Mapping[str, Any] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)
    _calls: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, chunk: Any) -> str:
        if isinstance(chunk, Said):
            self._whole, self.begun = chunk, True
            return chunk.text
        if not isinstance(chunk, dict):
            raise NoAnswer(f"no JSON object: {excerpt(str(chunk))}")
        self._model = self._model or _text(chunk.get("model"))
        self._usage = _object(chunk.get("usage")) or self._usage
        choice = _first(chunk.get("choices"))
        if choice is None:
            return ""
        self.finish_reason = _text(choice.get("finish_reason")) or self.finish_reason
        delta = _object(choice.get("delta"))
        for name in ("refusal", "reasoning_content", "reasoning"):
            self._say(name, _text(delta.get(name)))
        for call in delta.get("tool_calls") or ():
            self._call(call)
        text = text_of({"content": delta.get("content")})
        self._say("content", text)
        return text

    def said(self) -> Said:
        """The whole answer. Raises NoAnswer when there was none, CutShort when its end is missing."""
        if self._whole is not None:
            return self._whole
        if self.finish_reason is None:
            raise CutShort if self.begun else NoAnswer("a stream without a single choice")
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message |= {name: "".join(texts) for name, texts in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [self._calls[index] for index in sorted(self._calls)]
        elif message["content"] is None and "refusal" not in message:
            message["content"] = ""
        return Said(
            text=text_of(message),
            message=message,
            model=self._model,
            finish_reason=self.finish_reason,
            usage=self._usage,
            cost=_amount(self._usage.get("cost")),
        )

    def _say(self, name: str, text: str) -> None:
        if text:
            self.begun = True
            self._texts.setdefault(name, []).append(text)

    def _call(self, part: Any) -> None:
        if not isinstance(part, dict):
            return
        self.begun = True
        index = part.get("index")
        index = index if isinstance(index, int) else len(self._calls)
        call = self._calls.setdefault(index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call["id"] = call["id"] or _text(part.get("id"))
        function = _object(part.get("function"))
        call["function"]["name"] += _text(function.get("name"))
        call["function"]["arguments"] += _text(function.get("arguments"))


def _first(choices: Any) -> dict[str, Any] | None:
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _amount(value: Any) -> float | None:
    """US dollars, as OpenRouter and LiteLLM tell them in the usage."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
