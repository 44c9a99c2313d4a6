"""A call of a model as plain values: what is asked, what came back, why it failed (`llm.client` makes them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a model is asked, in the shapes of OpenAI's chat completions, which every provider here is reached by.

    `parameters` go into the request's body by their names (`temperature`, `max_tokens`, `seed`, `stop`…).
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Any = None
    response_format: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answered. `usage` and `message` are as the provider gave them (OpenAI's names); times are aware.

    `cost` is what the provider itself says that the call cost, in US dollars (OpenRouter, LiteLLM); mostly None.
    `attempts` counts the requests that were sent, the successful one included.
    """

    text: str
    message: Mapping[str, Any]
    model: str
    started_at: datetime
    ended_at: datetime
    first_token_at: datetime | None = None
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    attempts: int = 1

    @property
    def latency(self) -> float:
        """Seconds from the request that was answered to the end of its answer."""
        return (self.ended_at - self.started_at).total_seconds()


class FailureKind(StrEnum):
    """Why a call failed, as far as a caller has to tell one from another."""

    AUTH = "auth"  # the key is refused
    NO_CREDIT = "no_credit"  # the account with the provider is empty: nothing will be answered until somebody pays
    RATE_LIMITED = "rate_limited"  # the provider said so until the last attempt
    TIMEOUT = "timeout"
    SERVER = "server"  # the provider failed, 5xx
    CONNECTION = "connection"  # nobody answered at that address, or the connection was cut before the answer was whole
    BAD_REQUEST = "bad_request"  # the provider refuses this very request, 4xx
    NOT_FOUND = "not_found"  # no such model or address
    INVALID_ANSWER = "invalid_answer"  # an answer came that is none: no JSON, no choices
    FORBIDDEN_HOST = "forbidden_host"  # a private address that the instance's admin does not allow
    CANCELLED = "cancelled"  # whoever asked hung up
    UNREADABLE_KEY = "unreadable_key"  # sealed under another PROMPTLAB_ENCRYPTION_KEY


# The same request may succeed later; sent again as it is, the others fail again.
RETRYABLE = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.TIMEOUT,
        FailureKind.SERVER,
        FailureKind.CONNECTION,
        FailureKind.INVALID_ANSWER,
    }
)


class CallFailed(Exception):
    """A call that brought no answer. `message` is a sentence for people; `status` the provider's, if it gave one.

    `retry_after` is the provider's word on when to come back, in seconds from `ended_at`.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        started_at: datetime,
        ended_at: datetime,
        attempts: int = 1,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.started_at = started_at
        self.ended_at = ended_at
        self.attempts = attempts
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.kind in RETRYABLE


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that a streamed answer goes on with."""

    text: str
