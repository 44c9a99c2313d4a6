"""`POST /ingestion`: batches of JSON events (api.md, section 3)."""

from typing import Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.views import PublicView
from tracing.api.bodies import batch_of
from tracing.ingestion import events, jsontext
from tracing.ingestion.events import Outcome
from tracing.ingestion.pipeline import store_changes

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


_DECODER = msgspec.json.Decoder(Envelope)


class IngestionView(PublicView):
    """Answers 207 with what became of each event, in the order sent; only a broken envelope is refused whole."""

    scope = "scores"

    def post(self, request: Request) -> Response:
        only = events.SCORE_EVENTS if request.auth.kind == "scores" else None  # type: ignore[union-attr]
        with batch_of(request) as body:
            envelope = read_envelope(body)
            batch = events.translate(envelope.batch, only=only, sdk=envelope.sdk)
            batch.settle_scores(self.project_id)
            store_changes(self.project_id, batch.changes)
        return Response(answer(batch.outcomes), status=207)


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
