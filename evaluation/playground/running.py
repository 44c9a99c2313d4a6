"""Answers of a playground as they come: all columns at once over one response, a line of JSON for each piece.

    {"column": 0, "text": "Pa"}                      the answer goes on
    {"column": 0, "done": {…}}                       it is over: figures, tool calls, where its trace is
    {"column": 0, "fault": "…", "field": "model"}    it could not be had, and why

Each call is stored as a trace when it ends, also when the reader hangs up: what was asked of a provider was paid.

A stream takes a thread of the web server for as long as its slowest model. So processes bound their streams, and a
person's calls are bound over all processes: nobody's hanging models close the playground to others.
"""

import asyncio
import json
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError, Invalid
from common.templatetags.promptlab import duration, money
from evaluation.playground.starting import content_of
from evaluation.playground.state import MOST_COLUMNS, Column, State
from llm.calls import Answer, CallFailed, ChatRequest, FailureKind
from llm.client import Client, NoConnection
from llm.clients import Clients
from llm.shared_limits import SharedLimits
from tracing.recorder import RecordedCall, record

log = logging.getLogger("promptlab.playground")

ENVIRONMENT = "playground"
_TRACE = "_trace_"
# A line to a reader who has gone is how one learns of it.
HEARTBEAT = 1.0
_turns = threading.BoundedSemaphore(settings.PLAYGROUND_STREAMS)
# A person's calls at once, in all windows: as many as a playground has columns.
MOST_OF_A_PERSON = MOST_COLUMNS
# Seconds in which a window that was closed, or stopped, gives its places back.
PATIENCE = 3 * HEARTBEAT


@dataclass(frozen=True, slots=True)
class Asked:
    """A column that can be asked."""

    column: int
    request: ChatRequest
    client: Client
    prompt: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a column's call ended; `text` is all that was said until then."""

    asked: Asked
    result: Answer | CallFailed
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A column that was not asked, since the person has as many under way as there may be."""

    column: int


def stream(project_id: str, state: State, chosen: Sequence[int], person: User) -> Iterator[bytes]:
    """The lines about the chosen columns (none: all)."""
    # The lines are made after the request has lost its project's address and its reader's language.
    address = reverse("trace", args=[_TRACE])
    lines = _lines(project_id, state, chosen or range(len(state.columns)), person, address)
    return _in_language(get_language(), lines)


def _in_language(language: str | None, lines: Iterator[bytes]) -> Iterator[bytes]:
    with override(language):
        yield from lines


def _lines(project_id: str, state: State, chosen: Sequence[int], person: User, address: str) -> Iterator[bytes]:
    if not _turns.acquire(blocking=False):
        told = _(
            "All places for waiting playgrounds are taken now. Run this again in a moment; if it happens often, whoever"
            " runs this server can give it more (PROMPTLAB_PLAYGROUND_STREAMS)."
        )
        yield from (_line({"column": place, "fault": told, "field": None}) for place in chosen)
        return
    try:
        yield from _answered(project_id, state, chosen, person, address)
    finally:
        _turns.release()


def _answered(project_id: str, state: State, chosen: Sequence[int], person: User, address: str) -> Iterator[bytes]:
    clients = Clients(project_id)
    asked: list[Asked] = []
    for place in chosen:
        try:
            asked.append(_asked(project_id, state, place, clients))
        except Invalid as error:
            yield _line({"column": place, "fault": error.message, "field": error.field})
    if asked:
        yield from _streamed(project_id, clients, asked, person, address)


def _streamed(project_id: str, clients: Clients, asked: Sequence[Asked], person: User, address: str) -> Iterator[bytes]:
    # The loop stands still while a line is on its way and while a trace is written: the database is not asked inside.
    calls = _Calls(asked, SharedLimits(f"playground-of-{person.pk}", concurrency=MOST_OF_A_PERSON))
    with asyncio.Runner() as runner:
        try:
            while calls.open:
                _give_back_connection()
                event = runner.run(calls.next())
                if event is None:
                    yield b"\n"
                elif isinstance(event, Refused):
                    yield _line({"column": event.column, "fault": _too_many(), "field": None})
                elif isinstance(event, Ended):
                    yield _line({"column": event.asked.column, **_told(project_id, event, person, address)})
                else:
                    yield _line({"column": event[0], "text": event[1]})
        finally:
            for ended in runner.run(calls.stop()):
                _told(project_id, ended, person, address)
            runner.run(clients.close())


def _give_back_connection() -> None:
    """To the pool, which pages need while models think."""
    if not database.in_atomic_block:  # as tests are
        database.close()


class _Calls:
    """The calls under way, and what they bring in the order in which it comes. `open` counts those not told to end."""

    def __init__(self, asked: Sequence[Asked], places: SharedLimits) -> None:
        self.open = len(asked)
        self._asked = asked
        self._places = places
        self._tasks: list[asyncio.Task[None]] = []
        self._queue: asyncio.Queue[tuple[int, str] | Ended | Refused] = asyncio.Queue()

    async def next(self) -> tuple[int, str] | Ended | Refused | None:
        """A piece of a column's text, the end of a call, or None when nothing came for a while."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._call(one)) for one in self._asked]
        try:
            event = await asyncio.wait_for(self._queue.get(), HEARTBEAT)
        except TimeoutError:
            return None
        self.open -= isinstance(event, Ended | Refused)
        return event

    async def stop(self) -> list[Ended]:
        """Hang up on what is still under way; how the calls ended whose end was not told."""
        for task in self._tasks:
            task.cancel()
        for fault in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(fault, Exception):
                log.error("A call of the playground ended by a mistake of ours", exc_info=fault)
        await self._places.close()
        left = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        return [event for event in left if isinstance(event, Ended)]

    async def _call(self, asked: Asked) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                place = await self._places.acquire(0)
        except TimeoutError:
            self._queue.put_nowait(Refused(asked.column))
            return
        try:
            await self._asked_of_model(asked)
        finally:
            self._places.release(place)

    async def _asked_of_model(self, asked: Asked) -> None:
        started, text = datetime.now(UTC), ""
        # What the call is held to be until it ended in another way.
        result: Answer | CallFailed = CallFailed(
            FailureKind.CANCELLED, _("Stopped."), started_at=started, ended_at=started
        )
        try:
            async for piece in asked.client.stream(asked.request):
                if isinstance(piece, Answer):
                    result = piece
                else:
                    text += piece.text
                    self._queue.put_nowait((asked.column, piece.text))
        except CallFailed as failure:
            result = failure
        finally:
            if isinstance(result, CallFailed) and result.kind is FailureKind.CANCELLED:
                result.ended_at = datetime.now(UTC)
            self._queue.put_nowait(Ended(asked, result, text))


def _asked(project_id: str, state: State, place: int, clients: Clients) -> Asked:
    if not 0 <= place < len(state.columns):
        raise Invalid(_("There is no such column."), "column")
    column = state.columns[place]
    if not clients.connections:
        raise NoConnection(_("The project has no LLM connection. Add one under Settings."), "connection")
    connection = next((one for one in clients.connections if one.pk == column.connection), None)
    if connection is None:
        raise NoConnection(_("Choose a connection."), "connection")
    request = column.request(project_id, state.variables)
    return Asked(place, request, clients.named(connection.provider), _prompt(project_id, column))


def _prompt(project_id: str, column: Column) -> tuple[str, int] | None:
    """The version that the column shows, unless it was changed since."""
    if not column.prompt or column.version is None:
        return None
    try:
        same = content_of(project_id, column.prompt, column.version) == column.content
    except DomainError:
        return None
    return (column.prompt, column.version) if same else None


def _told(project_id: str, ended: Ended, person: User, address: str) -> dict[str, Any]:
    """Store the call and say how it ended."""
    asked, result = ended.asked, ended.result
    trace_id = uuid.uuid4().hex
    call = RecordedCall(
        trace_id=trace_id,
        observation_id=uuid.uuid4().hex[:16],
        name=asked.prompt[0] if asked.prompt else "playground",
        request=asked.request,
        result=result,
        prompt=asked.prompt,
        environment=ENVIRONMENT,
        user_id=person.email,
        metadata={"connection": asked.client.connection.provider},
        output=ended.text or None,
    )
    try:
        [cost] = record(project_id, [call])
        trace = address.replace(_TRACE, trace_id)
    except DomainError as error:  # the answer was had, whatever happens to its trace
        cost, trace = None, ""
        if isinstance(result, Answer):
            done = _done(result, None, "")
            return {"done": done | {"told": f"{done['told']} · {error.message}"}}
    if isinstance(result, CallFailed):
        return {"fault": result.message, "kind": result.kind.value, "trace": trace}
    return {"done": _done(result, cost, trace)}


def _too_many() -> str:
    return _(
        "You have %(most)s answers under way in all your windows, and no more may be at once. Stop one of them or wait"
        " for it, then run this column again."
    ) % {"most": MOST_OF_A_PERSON}


def _done(answer: Answer, cost: float | None, trace: str) -> dict[str, Any]:
    return {
        "text": answer.text,
        "tool_calls": answer.message.get("tool_calls") or [],
        "told": " · ".join(_figures(answer, cost)),
        "trace": trace,
    }


def _figures(answer: Answer, cost: float | None) -> Iterator[str]:
    """What stands below an answer. What the provider did not tell and nobody can price is said to be unknown."""
    tokens = [answer.usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    if tokens == [None, None]:
        yield _("tokens unknown")
    else:
        asked, said = ("?" if number is None else number for number in tokens)
        yield _("%(asked)s + %(said)s tokens") % {"asked": asked, "said": said}
    yield duration(answer.latency)
    if answer.first_token_at:
        waited = (answer.first_token_at - answer.started_at).total_seconds()
        yield _("first word after %(time)s") % {"time": duration(waited)}
    yield _("cost unknown") if cost is None else money(cost)
    if answer.finish_reason not in (None, "stop"):
        yield answer.finish_reason


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
