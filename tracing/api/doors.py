"""What the doors of ingestion have in common.

They know their client, count what it sends, and write down what they refuse.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.parsing import read_body
from common.api.views import PublicView
from tracing import clients, rejected
from tracing.clients import Client
from tracing.rejected import Refusal

# Refusals of whole requests that are a client's mistake. Others (401, 429, 503) leave the data with the client.
TOLD = frozenset({400, 403, 409, 413, 415, 422})


class Door(PublicView):
    """Base of the views that take in measured things. A subclass sets `body` once it has it unpacked."""

    door: ClassVar[str]
    body: bytes | None = None
    client = Client()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.client = client_of(request)

    def tell(self, accepted: int, refusals: Sequence[Refusal] = ()) -> None:
        """Count what was taken in, and write down what was not, or not wholly."""
        clients.count(
            self.project_id,
            self.door,
            self.client,
            accepted=accepted,
            refused=sum(refusal.count for refusal in refusals if refusal.kind == "refused"),
            misunderstood=sum(refusal.count for refusal in refusals if refusal.kind == "misunderstood"),
        )
        if refusals:
            rejected.record(self.project_id, self.door, self.client, refusals)

    def handle_exception(self, error: Exception) -> Response:
        response = super().handle_exception(error)
        # Among what is told there is nothing that a key would have been missing for.
        if response.status_code in TOLD and self.request.method == "POST" and self.project_id:
            self.tell(0, [self._whole_refusal(response)])
        return response

    def _whole_refusal(self, response: Response) -> Refusal:
        return Refusal(
            reason=_sentence(response.data),
            body=self.body if self.body is not None else _seen(self.request),
            status=response.status_code,
            content_type=self.request.headers.get("Content-Type", ""),
        )


def client_of(request: Request, said: Any = None) -> Client:
    """What a client calls itself: by the headers of the SDKs, by what its body says (`said`, the metadata of a JSON
    batch), or by its user agent (wire notes, sections 1 and 2)."""
    said = said if isinstance(said, dict) else {}
    name = request.headers.get("x-langfuse-sdk-name") or said.get("sdk_name")
    version = request.headers.get("x-langfuse-sdk-version") or said.get("sdk_version")
    if not name:
        product = request.headers.get("User-Agent", "").partition(" ")[0]
        name, _, version = product.partition("/")
    return Client(_short(name), _short(version))


def _short(value: Any) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:100] if isinstance(value, str) else ""


def _sentence(data: Any) -> str:
    """What a refusal says, in one line, from the body of the answer."""
    if not isinstance(data, dict):
        return str(data)
    issues = data.get("error")
    if isinstance(issues, list):
        parts = [f"{'.'.join(map(str, issue.get('path', [])))}: {issue.get('message', '')}" for issue in issues]
        return " ".join(parts)
    return str(data.get("message", ""))


def _seen(request: HttpRequest | Request) -> bytes:
    """The body of a request that was refused before anybody unpacked it; empty when it is too large to be read."""
    try:
        return read_body(request)
    except Exception:  # too large, cut off, or read already: the refusal is told without it
        return b""
