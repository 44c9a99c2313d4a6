"""`POST /otel/v1/traces`: spans of OpenTelemetry exporters (api.md, section 4)."""

from collections.abc import Iterator, Sequence

from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from common.api.views import PublicView
from common.errors import Invalid
from tracing.api import otlp_wire
from tracing.api.bodies import batch_of
from tracing.api.doors import Door
from tracing.api.otlp_wire import Export
from tracing.ingestion import spans
from tracing.ingestion.misunderstood import Misunderstood, told
from tracing.ingestion.pipeline import store_changes
from tracing.rejected import Refusal

NEWEST_VERSION = 4


class OtlpTracesView(Door):
    """Stores what is sound in an export and tells of the rest; 400 when nothing is, or nothing can be read."""

    door = "otel"

    def post(self, request: Request) -> HttpResponse:
        _check_version(request.headers.get("x-langfuse-ingestion-version"))
        content_type = encoding(request.headers.get("Content-Type", ""))
        with batch_of(request) as body:
            self.body = body
            export, misunderstood = accept(self.project_id, body, content_type)
        self.tell(export.accepted, list(_refusals(export, misunderstood, body, content_type)))
        return HttpResponse(otlp_wire.encode_response(export, content_type), content_type=content_type)


def accept(project_id: str, body: bytes, content_type: str) -> tuple[Export, list[Misunderstood]]:
    """Store what is sound in an export, and tell what was left out of it; raises Invalid when nothing is sound."""
    misunderstood: list[Misunderstood] = []
    export = otlp_wire.DECODERS[content_type](body) if body else Export()
    if export.refused and not export.accepted:
        raise Invalid(f"No span could be read. {export.message}")
    if export.accepted:
        store_changes(project_id, spans.translate(export.sources, misunderstood), whole=True)
    return export, misunderstood


def _refusals(
    export: Export, misunderstood: Sequence[Misunderstood], body: bytes, content_type: str
) -> Iterator[Refusal]:
    if export.refused:
        yield Refusal(export.message, body, content_type=content_type, count=export.refused)
    if misunderstood:
        spans_of_it = len({fault.where.partition(": ")[0] for fault in misunderstood})
        yield Refusal(told(misunderstood), body, 200, "misunderstood", content_type=content_type, count=spans_of_it)


class OtlpMetricsView(PublicView):
    """`POST /otel/v1/metrics`: accepted and not kept, so that exporters that send both do not retry for ever."""

    def post(self, request: Request) -> HttpResponse:
        return HttpResponse(b"{}", content_type=otlp_wire.JSON)


def encoding(sent: str) -> str:
    """The encoding that a content type names; raises ParseError for others."""
    for known in otlp_wire.DECODERS:
        if known in sent.lower():
            return known
    raise ParseError(f"Invalid content type '{sent[:100]}'. Send {' or '.join(otlp_wire.DECODERS)}.")


def _check_version(sent: str | None) -> None:
    if sent is None or (sent.isascii() and sent.isdigit() and len(sent) < 10 and int(sent) <= NEWEST_VERSION):
        return
    raise ParseError(f"x-langfuse-ingestion-version must be a number up to {NEWEST_VERSION}, not '{sent[:50]}'.")
