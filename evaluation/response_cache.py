"""Answers kept by what was asked, so that the same is not paid twice: in another experiment, or after a restart.

The key is a hash of the request as it goes out, of where it goes, and of the repetition: repetitions are there to see
how answers vary, so each has its own.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.storable import storable
from evaluation.models.experiments import KeptResponse
from llm.calls import Answer, ChatRequest
from llm.models import LlmConnection


def key_of(connection: LlmConnection, request: ChatRequest, repetition: int) -> str:
    """The key of a request: 64 hex digits."""
    asked = {
        "address": [connection.adapter, connection.base_url.rstrip("/")],
        "model": request.model,
        "messages": list(request.messages),
        "parameters": dict(request.parameters),
        "tools": list(request.tools),
        "tool_choice": request.tool_choice,
        "response_format": request.response_format,
        "repetition": repetition,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def find(project_id: str, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The kept answers of these keys; one query."""
    if not keys:
        return {}
    found = KeptResponse.objects.filter(project_id=project_id, key__in=set(keys))
    return dict(found.values_list("key", "answer"))


def find_keys(project_id: str, keys: Collection[str]) -> set[str]:
    """Those of the keys that have an answer; one query."""
    found = (
        KeptResponse.objects.filter(project_id=project_id, key__in=set(keys)) if keys else KeptResponse.objects.none()
    )
    return set(found.values_list("key", flat=True))


def keep(project_id: str, answers: Mapping[str, Answer]) -> None:
    """Keep what was paid for. What is there stays."""
    KeptResponse.objects.bulk_create(
        [KeptResponse(project_id=project_id, key=key, answer=told(answer)) for key, answer in sorted(answers.items())],
        ignore_conflicts=True,
    )


def revived(kept: Mapping[str, Any], now: datetime) -> Answer:
    """A kept answer as one that came now, took as long as it did then, and cost nothing this time."""
    first = kept.get("first_token")
    started = now - timedelta(seconds=kept["latency"])
    return Answer(
        text=kept["text"],
        message=kept["message"],
        model=kept["model"],
        started_at=started,
        ended_at=now,
        first_token_at=None if first is None else started + timedelta(seconds=first),
        finish_reason=kept["finish_reason"],
        usage=kept["usage"],
        cost=0.0,
    )


def told(answer: Answer) -> dict[str, Any]:
    """An answer as it is kept."""
    first = answer.first_token_at
    kept: dict[str, Any] = storable(
        {
            "text": answer.text,
            "message": dict(answer.message),
            "model": answer.model,
            "latency": answer.latency,
            "first_token": None if first is None else (first - answer.started_at).total_seconds(),
            "finish_reason": answer.finish_reason,
            "usage": dict(answer.usage),
        }
    )
    return kept
