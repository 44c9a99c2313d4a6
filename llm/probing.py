"""What a connection can do, found out by asking: chat, streaming, structured output, tools, the list of models.

All questions are asked at once and cost some hundred tokens together. What came out stays with the connection until
the next test (`LlmConnection.last_test`), as the JSON that `Report.as_json` makes:

    {"at", "model", "findings": [{"ability", "works", "seconds", "words"}], "models": [...]}

The calls of a test are no traces: they say something about the connection, nothing about the project's prompts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from llm.calls import Answer, CallFailed, ChatRequest, Piece
from llm.client import Client, Patience
from llm.connections import LONGEST_NAME, MOST_MODELS
from llm.models import LlmConnection
from llm.payloads import excerpt

PATIENCE = Patience(connect=5.0, answer=45.0, total=50.0, attempts=2, longest_wait=5.0)
ABILITIES = {
    "chat": gettext_lazy("Chat"),
    "streaming": gettext_lazy("Streaming"),
    "json_schema": gettext_lazy("JSON schema"),
    "json_mode": gettext_lazy("JSON mode"),
    "tools": gettext_lazy("Tools"),
    "models": gettext_lazy("List of models"),
}
_QUESTION = "What is the capital of France?"
_SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string"}, "country": {"type": "string"}},
    "required": ["capital", "country"],
    "additionalProperties": False,
}
_TOOL = {
    "type": "function",
    "function": {
        "name": "find_capital",
        "description": "Looks up the capital of a country.",
        "parameters": {
            "type": "object",
            "properties": {"country": {"type": "string"}},
            "required": ["country"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one ability is there; `words` are the model's, or the reason why not."""

    ability: str
    works: bool
    seconds: float
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """The findings about one model of a connection, and the names of all that the provider lists."""

    model: str
    findings: tuple[Finding, ...]
    models: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        findings = [asdict(finding) for finding in self.findings]
        return {
            "at": timezone.now().isoformat(),
            "model": self.model,
            "findings": findings,
            "models": list(self.models),
        }


def test(connection: LlmConnection, model: str) -> Report:
    """Ask everything, and keep the report with the connection. Raises Invalid for what can be no model's name."""
    model = model.strip()
    if not 1 <= len(model) <= LONGEST_NAME or not model.isprintable():
        raise Invalid(_("Name the model to test, as the provider spells it."), "model")
    report = async_to_sync(_probe)(connection, model)
    kept = LlmConnection.objects.filter(project_id=connection.project_id, pk=connection.pk)
    kept.update(last_test=report.as_json())
    return report


class _Lacking(Exception):
    """An answer came, but not of the kind that was asked for."""


async def _probe(connection: LlmConnection, model: str) -> Report:
    client = Client(connection, PATIENCE)
    listed: list[str] = []

    async def list_models() -> str:
        listed.extend(name for name in await client.models() if len(name) <= LONGEST_NAME and name.isprintable())
        if not listed:
            raise _Lacking(_("The list is empty."))
        return ", ".join(listed[:5]) + ("…" if len(listed) > 5 else "")

    probes: dict[str, Callable[[], Awaitable[str]]] = {
        "chat": lambda: _chat(client, model),
        "streaming": lambda: _streaming(client, model),
        "json_schema": lambda: _json_schema(client, model),
        "json_mode": lambda: _json_mode(client, model),
        "tools": lambda: _tools(client, model),
        "models": list_models,
    }
    try:
        findings = await asyncio.gather(*[_find(ability, probe) for ability, probe in probes.items()])
    finally:
        await client.close()
    return Report(model, tuple(findings), tuple(listed[:MOST_MODELS]))


async def _find(ability: str, probe: Callable[[], Awaitable[str]]) -> Finding:
    began = time.monotonic()
    try:
        works, words = True, await probe()
    except CallFailed as failed:
        works, words = False, failed.message
    except _Lacking as lacking:
        works, words = False, str(lacking)
    return Finding(ability, works, round(time.monotonic() - began, 3), excerpt(words))


def _ask(model: str, question: str, **more: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=[{"role": "user", "content": question}], **more)


async def _chat(client: Client, model: str) -> str:
    answer = await client.complete(_ask(model, _QUESTION))
    if not answer.text:
        raise _Lacking(_("The answer is empty."))
    return excerpt(answer.text, 100)


async def _streaming(client: Client, model: str) -> str:
    pieces, usage = 0, False
    async for piece in client.stream(_ask(model, _QUESTION)):
        if isinstance(piece, Piece):
            pieces += 1
        else:
            usage = bool(piece.usage)
    if not pieces:
        raise _Lacking(_("The stream brought no text."))
    told = _("pieces: %(count)s, tokens are told") if usage else _("pieces: %(count)s, tokens are not told")
    return told % {"count": pieces}


async def _json_schema(client: Client, model: str) -> str:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": _SCHEMA}}
    found = _json_of(await client.complete(_ask(model, f"{_QUESTION} Answer in JSON.", response_format=wanted)))
    if set(found) != {"capital", "country"} or not all(isinstance(value, str) for value in found.values()):
        raise _Lacking(_("The answer does not keep to the schema: %(text)s") % {"text": orjson.dumps(found).decode()})
    return orjson.dumps(found).decode()


async def _json_mode(client: Client, model: str) -> str:
    question = f'{_QUESTION} Answer as a JSON object with the key "capital".'
    found = _json_of(await client.complete(_ask(model, question, response_format={"type": "json_object"})))
    return orjson.dumps(found).decode()


async def _tools(client: Client, model: str) -> str:
    question = "Call the tool find_capital for the country France."
    answer = await client.complete(_ask(model, question, tools=[_TOOL], tool_choice="auto"))
    calls = answer.message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        raise _Lacking(_("The tool was not called; the model said: %(text)s") % {"text": excerpt(answer.text, 100)})
    return orjson.dumps(calls[0].get("function") if isinstance(calls[0], dict) else calls[0]).decode()


def _json_of(answer: Answer) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _Lacking(_("The answer is no JSON object: %(text)s") % {"text": excerpt(answer.text, 100)})
    return found
