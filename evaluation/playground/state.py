"""What stands in a playground: columns, each a prompt with a model, and the variables that they share."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from common.errors import Invalid
from llm.calls import ChatRequest
from prompts import composition, examples, templates
from prompts.models import Kind

MOST_COLUMNS = 8
MOST_MESSAGES = 100
LONGEST = 2_000_000  # characters of a whole playground
PLACEHOLDER = "placeholder"  # the role of a row that stands for messages


class Message(msgspec.Struct, kw_only=True):
    """A message; of a placeholder, `content` is its name. `more` is JSON text of what else it holds."""

    role: str = "user"
    content: str = ""
    more: str = ""


class Said(msgspec.Struct, kw_only=True):
    """What was answered last: the text, the line of figures below it, and where its trace is."""

    text: str = ""
    told: str = ""
    fault: str = ""
    trace: str = ""


class Column(msgspec.Struct, kw_only=True):
    """A prompt (free, or begun from version `version` of `prompt`), a model, and what was typed for its settings."""

    kind: str = Kind.CHAT.value
    messages: list[Message] = []
    prompt: str = ""
    version: int | None = None
    connection: str = ""
    model: str = ""
    temperature: str = ""
    max_tokens: str = ""
    top_p: str = ""
    seed: str = ""
    more: str = ""  # other parameters, a JSON object
    tools: str = ""  # a JSON list
    response_format: str = ""  # a JSON object
    said: Said = msgspec.field(default_factory=Said)

    @property
    def content(self) -> Any:
        """The prompt as it would be published, without rows that say nothing. Raises Invalid."""
        if self.kind == Kind.TEXT:
            return self.messages[0].content if self.messages else ""
        return [_published(message) for message in self.messages if message.content.strip() or message.more.strip()]

    @property
    def parameters(self) -> dict[str, Any]:
        """What goes into the request beside the messages. Raises Invalid, which names the setting."""
        given: dict[str, Any] = {
            "temperature": _number(self.temperature, "temperature", float),
            "max_tokens": _number(self.max_tokens, "max_tokens", int),
            "top_p": _number(self.top_p, "top_p", float),
            "seed": _number(self.seed, "seed", int),
        }
        parameters = {name: value for name, value in given.items() if value is not None}
        others: dict[str, Any] = _json(self.more, "more", dict, {})
        return parameters | others

    def request(self, project_id: str, variables: Mapping[str, str]) -> ChatRequest:
        """The column as a request: other prompts put in as `prompts.lookup` does it, then examples and variables.

        Raises Invalid for what is missing or no JSON."""
        if not self.model.strip():
            raise Invalid(_("Choose a model."), "model")
        node = composition.Node("", self.prompt, self.version or 0, self.kind, self.content)
        content = examples.fill(project_id, composition.resolve(project_id, node).content, literal=True)
        values: dict[str, Any] = dict(variables)
        for name in templates.placeholders(content):
            values[name] = _json(variables.get(name, ""), name, list, [])
        wanted = [*templates.variables(content), *templates.placeholders(content)]
        if missing := [name for name in wanted if name not in values]:
            raise Invalid(_("Fill in the variable “%(name)s”.") % {"name": missing[0]}, missing[0])
        compiled = templates.compile_prompt(content, values)
        messages = [{"role": "user", "content": compiled}] if isinstance(compiled, str) else compiled
        if not messages:
            raise Invalid(_("There is no message to send."), "messages")
        return ChatRequest(
            model=self.model.strip(),
            messages=messages,
            parameters=self.parameters,
            tools=_json(self.tools, "tools", list, []),
            response_format=_json(self.response_format, "response_format", dict, None),
        )


class State(msgspec.Struct, kw_only=True):
    """A whole playground. `variables` are texts by name; of a placeholder, JSON of its messages."""

    columns: list[Column]
    variables: dict[str, str] = {}


def read(text: str | bytes) -> State:
    """The state in JSON that a browser sent or the database kept. Raises Invalid."""
    if len(text) > LONGEST:
        raise Invalid(_("This is more than a playground can hold."), "columns")
    try:
        state = msgspec.json.decode(text, type=State)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(_("This is no playground: %(error)s") % {"error": error}, "columns") from error
    if not 1 <= len(state.columns) <= MOST_COLUMNS:
        raise Invalid(_("A playground has 1 to %(most)s columns.") % {"most": MOST_COLUMNS}, "columns")
    if any(len(column.messages) > MOST_MESSAGES for column in state.columns):
        raise Invalid(_("A column has up to %(most)s messages.") % {"most": MOST_MESSAGES}, "columns")
    for column in state.columns:
        # It becomes a link on everybody's page.
        column.said.trace = column.said.trace if column.said.trace.startswith("/project/") else ""
    return state


def as_text(state: State) -> str:
    """The state as the database keeps it."""
    return msgspec.json.encode(state).decode()


def rows_of(content: Any) -> tuple[str, list[Message]]:
    """The kind and the rows of a published text or messages."""
    if isinstance(content, str):
        return Kind.TEXT.value, [Message(content=content)]
    return Kind.CHAT.value, [_row(message) for message in content]


def typed(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as a column's settings show them; what has no field of its own stands in `more`."""
    own = ("temperature", "max_tokens", "top_p", "seed")
    settings = {name: str(parameters[name]) for name in own if type(parameters.get(name)) in (int, float)}
    rest = {name: value for name, value in parameters.items() if name not in settings and value is not None}
    return settings | ({"more": pretty(rest)} if rest else {})


def pretty(value: Any) -> str:
    """JSON for editing."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _row(message: Mapping[str, Any]) -> Message:
    if templates.is_placeholder(message):
        return Message(role=PLACEHOLDER, content=str(message.get("name", "")))
    more = {key: value for key, value in message.items() if key not in ("role", "content")}
    content = message.get("content")
    text = content if isinstance(content, str) else "" if content is None else pretty(content)
    return Message(role=str(message.get("role", "user")), content=text, more=pretty(more) if more else "")


def _published(message: Message) -> dict[str, Any]:
    if message.role == PLACEHOLDER:
        return {"type": "placeholder", "name": message.content.strip()}
    more: dict[str, Any] = _json(message.more, "messages", dict, {})
    if more.get("type") == "placeholder":
        raise Invalid(_("A placeholder is a row of its own."), "messages")
    return more | {"role": message.role.strip(), "content": message.content}


def _number(text: str, field: str, kind: type[int] | type[float]) -> int | float | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) >= 2**63:
        raise Invalid(_("%(field)s must be a number, not “%(text)s”.") % {"field": field, "text": text[:100]}, field)
    return number


def _json(text: str, field: str, kind: type, otherwise: Any) -> Any:
    if not text.strip():
        return otherwise
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("%(field)s is not JSON: %(error)s") % {"field": field, "error": error}, field) from error
    if not isinstance(value, kind):
        what = _("a JSON list") if kind is list else _("a JSON object")
        raise Invalid(_("%(field)s must be %(what)s.") % {"field": field, "what": what}, field)
    return value


def config_of(column: Column) -> dict[str, Any]:
    """The config of a version made from a column: its model and settings. Raises Invalid."""
    config: dict[str, Any] = {"model": column.model, **column.parameters} if column.model else dict(column.parameters)
    tools: Sequence[Any] = _json(column.tools, "tools", list, [])
    response_format = _json(column.response_format, "response_format", dict, None)
    beside = {"tools": tools, "response_format": response_format}
    return config | {name: value for name, value in beside.items() if value}
