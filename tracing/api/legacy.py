"""Writers of one thing at a time, from before there were batches: `POST /traces`, `POST` and `PATCH` of `/spans` and
`/generations`, `POST /events` (api.md, sections 5 and 10).

A body is that of the ingestion event of the same name, and is read and stored as such. The answer is the thing as it is
stored, under the id that was sent or made for it.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Invalid
from llm.pricing import book
from tracing.api.bodies import batch_of
from tracing.api.doors import Door
from tracing.api.serializing import observation, trace_row
from tracing.ingestion import events, jsontext
from tracing.ingestion.misunderstood import told
from tracing.ingestion.pipeline import store_changes
from tracing.rejected import Refusal
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ID: msgspec.json.Decoder[str | None] = msgspec.json.Decoder(str | None)
# Groups of a trace's fields that the answer has; what belongs to it is not looked up.
TRACE_FIELDS = ("core", "io")


class Writer(Door):
    """Base of the writers. A subclass names its events and the other names that its id has had in updates."""

    door = "ingestion"
    creates: ClassVar[str]
    updates: ClassVar[str] = ""
    also_id: ClassVar[str] = ""

    def post(self, request: Request) -> Response:
        return Response(self._write(request, self.creates))

    def _write(self, request: Request, kind: str) -> Any:
        with batch_of(request) as body:
            self.body = body
            fields = _fields(body)
            written = self._id_of(fields) or _made_id(kind)
            fields["id"] = msgspec.Raw(msgspec.json.encode(written))
            event_id = str(uuid.uuid4())
            event = {"id": event_id, "type": kind, "timestamp": datetime.now(UTC), "body": fields}
            self.body = msgspec.json.encode(event)  # so that it can be sent again once it is mended
            batch = events.translate([msgspec.Raw(self.body)])
            (outcome,) = batch.outcomes
            if outcome.message:
                raise Invalid(outcome.message.removeprefix("body."))
            store_changes(self.project_id, batch.changes)
        parts = outcome.misunderstood
        self.tell(1, [Refusal(told(parts), self.body, 201, "misunderstood", kind, event_id)] if parts else [])
        return self.stored(written)

    def _id_of(self, fields: dict[str, msgspec.Raw]) -> str:
        """The id that was sent; empty without one."""
        for name in filter(None, ("id", self.also_id)):
            try:
                if name in fields and (sent := _ID.decode(fields[name])):
                    return sent
            except msgspec.ValidationError:
                raise Invalid(f"{name}: must be a text.", name) from None
        return ""

    def stored(self, written: str) -> Any:
        """The observation as it is now."""
        query = ObservationQuery(project_id=self.project_id, ids=(written,), window=Cursor(limit=1), with_bodies=True)
        return observation(store().observations(query).rows[0], book(self.project_id))


class TraceWriter(Writer):
    """`POST /traces`."""

    creates = "trace-create"

    def stored(self, written: str) -> Any:
        """The trace as it is now."""
        detail = store().get_trace(self.project_id, written)
        assert detail is not None, "A trace that has just been stored is there."
        return trace_row(detail.trace, TRACE_FIELDS)


class Updater(Writer):
    """Base of the writers that also change what is there."""

    def patch(self, request: Request) -> Response:
        return Response(self._write(request, self.updates))


class SpansView(Updater):
    """`POST, PATCH /spans`."""

    creates, updates, also_id = "span-create", "span-update", "spanId"


class GenerationsView(Updater):
    """`POST, PATCH /generations`."""

    creates, updates, also_id = "generation-create", "generation-update", "generationId"


class EventsView(Writer):
    """`POST /events`."""

    creates = "event-create"


def _fields(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _FIELDS.decode(body)
    except msgspec.ValidationError as error:
        raise ParseError(f"The body must be a JSON object: {error}.") from error
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if (mended := jsontext.mend(body)) is None:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        return _fields(mended)


def _made_id(kind: str) -> str:
    if kind.endswith("-update"):
        raise Invalid("id: is required; it says what is to be changed.", "id")
    return uuid.uuid4().hex
