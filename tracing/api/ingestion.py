"""`POST /ingestion`: batches of JSON events (api.md, section 3)."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from tracing.api.bodies import batch_of
from tracing.api.doors import Door, client_of
from tracing.ingestion import events, jsontext
from tracing.ingestion.events import Outcome
from tracing.ingestion.misunderstood import told
from tracing.ingestion.pipeline import store_changes
from tracing.rejected import Refusal

# Class names of refusals on the wire, by status.
NAMES = {400: "InvalidRequestError", 401: "Access Scope Denied"}


class Envelope(msgspec.Struct):
    batch: list[msgspec.Raw]
    metadata: Any = None

    @property
    def sdk(self) -> str:
        """What the client calls itself."""
        name = self.metadata.get("sdk_name") if isinstance(self.metadata, dict) else None
        return name if isinstance(name, str) else ""


class Typed(msgspec.Struct):
    """As much of an event as names its kind."""

    type: Any = ""


_DECODER = msgspec.json.Decoder(Envelope)


class IngestionView(Door):
    """Answers 207 with what became of each event, in the order sent; only a broken envelope is refused whole."""

    door = "ingestion"
    scope = "scores"

    def post(self, request: Request) -> Response:
        only = events.SCORE_EVENTS if request.auth.kind == "scores" else None  # type: ignore[union-attr]
        with batch_of(request) as body:
            self.body = body
            envelope = read_envelope(body)
            self.client = client_of(request, envelope.metadata)
            outcomes = accept(self.project_id, envelope, only)
        stored = sum(outcome.status == 201 for outcome in outcomes)
        self.tell(stored, list(refused(envelope, outcomes)))
        return Response(answer(outcomes), status=207)


def accept(project_id: str, envelope: Envelope, only: Collection[str] | None = None) -> list[Outcome]:
    """Store what is sound in a batch; answers what became of each event, in the order sent."""
    batch = events.translate(envelope.batch, only=only, sdk=envelope.sdk)
    batch.settle_scores(project_id)
    store_changes(project_id, batch.changes)
    return batch.outcomes


def refused(envelope: Envelope, outcomes: Sequence[Outcome]) -> Iterator[Refusal]:
    """Each event that was refused, or of which something was left out, with what was sent."""
    for raw, outcome in zip(envelope.batch, outcomes, strict=True):
        if outcome.status != 201:
            body = bytes(memoryview(raw))
            yield Refusal(outcome.message, body, outcome.status, event_type=_type_of(body), event_id=outcome.id)
        elif outcome.misunderstood:
            body = bytes(memoryview(raw))
            reason = told(outcome.misunderstood)
            yield Refusal(reason, body, 201, "misunderstood", event_type=_type_of(body), event_id=outcome.id)


def _type_of(event: bytes) -> str:
    try:
        sent = msgspec.json.decode(event, type=Typed).type
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return sent if isinstance(sent, str) else ""


def read_envelope(body: bytes) -> Envelope:
    """Raises ParseError for what is no envelope."""
    try:
        return _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise ParseError(f'The body must be an object with a list "batch": {error}.') from error
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if (mended := jsontext.mend(body)) is None:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        return read_envelope(mended)


def answer(outcomes: list[Outcome]) -> dict[str, Any]:
    return {
        "successes": [{"id": outcome.id, "status": 201} for outcome in outcomes if outcome.status == 201],
        "errors": [
            {"id": outcome.id, "status": outcome.status, "message": outcome.message, "error": NAMES[outcome.status]}
            for outcome in outcomes
            if outcome.status != 201
        ],
    }
