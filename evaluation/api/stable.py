"""What `v2/evaluators` and `v2/evaluation-rules` have in common (Python SDK 5.0.4; api.md, section 9)."""

from typing import Any

import msgspec

from accounts.models import User
from common.api.fields import WireStruct
from common.api.structured import CODES, StructuredView
from evaluation.api.base import EvaluationView
from evaluation.mapping import Mapped

# All that the SDK's enumeration of codes knows: another word would break its reading of the refusal.
KNOWN_CODES = frozenset(
    {
        "authentication_failed",
        "access_denied",
        "invalid_request",
        "invalid_query",
        "invalid_body",
        "resource_not_found",
        "conflict",
        "rate_limited",
        "method_not_allowed",
        "internal_error",
    }
)


class StableView(StructuredView, EvaluationView):
    """Structured refusals in the words that SDKs know; what cannot run answers 412, as they expect."""

    def status(self, error: Exception, plain: int) -> int:
        status = super().status(error, plain)
        return 412 if status == 422 else status

    def code(self, error: Exception, status: int) -> str:
        code = super().code(error, status)
        if code in KNOWN_CODES:
            return code
        return "invalid_body" if status == 400 else CODES.get(status, "internal_error")


class MappedBody(WireStruct, frozen=True):
    """One variable of a mapping, in both dialects."""

    variable: str
    source: str
    json_path: str | None = None

    def mapped(self) -> Mapped:
        return Mapped(self.variable, self.source, self.json_path)


def mapping_of(bodies: list[MappedBody] | None) -> tuple[Mapped, ...] | None:
    """A mapping as it was sent; None: none was."""
    return None if bodies is None else tuple(body.mapped() for body in bodies)


def mapping_shape(mapping: Any) -> list[dict[str, Any]] | None:
    """A mapping on the wire, in both dialects."""
    if mapping is None:
        return None
    return [
        {"variable": one.variable, "source": one.source} | ({"jsonPath": one.json_path} if one.json_path else {})
        for one in mapping
    ]


def creator(user: User | None) -> dict[str, Any] | None:
    """Who made it, when it was a person."""
    return None if user is None else {"id": user.pk, "name": user.name or None}


def given(body: WireStruct) -> dict[str, Any]:
    """The fields that were sent."""
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
