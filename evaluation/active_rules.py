"""Which rules wait for observations, known to ingestion without a question to the database.

Every process keeps all active rules in memory as long as the epoch in the cache lasts: one look into the cache for a
batch. A verb that changes a rule, or pauses an evaluator, rotates the epoch after its commit. What is in memory is
believed for some seconds at most, which bounds what a rotation costs that was lost with the cache.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache
from django.db import transaction

from evaluation.models import EvaluationRule

EPOCH_SECONDS = 3600
BELIEVED_SECONDS = 15.0
_EPOCH = "evaluation:rules:epoch"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rule that waits for observations, and for how many seconds it lets each of them rest."""

    rule_id: str
    delay: int


@dataclass(frozen=True, slots=True)
class _Known:
    epoch: str | None
    until: float
    by_project: Mapping[str, tuple[Waiting, ...]]


_known: _Known | None = None


def of(project_id: str) -> tuple[Waiting, ...]:
    """The project's rules that are switched on and not paused."""
    global _known
    epoch, now = cache.get(_EPOCH), time.monotonic()
    if epoch is None:
        cache.add(_EPOCH, secrets.token_hex(8), EPOCH_SECONDS)
        epoch = cache.get(_EPOCH)
    if _known is None or _known.epoch != epoch or _known.until < now:
        _known = _Known(epoch, now + BELIEVED_SECONDS, _read())
    return _known.by_project.get(project_id, ())


def changed() -> None:
    """Let every process read the rules anew, once the present transaction is committed."""
    transaction.on_commit(_rotate)


def _rotate() -> None:
    cache.set(_EPOCH, secrets.token_hex(8), EPOCH_SECONDS)


def _read() -> dict[str, tuple[Waiting, ...]]:
    active = EvaluationRule.objects.filter(enabled=True, sampling__gt=0)
    active = active.exclude(assignments__evaluator__paused_at__isnull=False)
    found: dict[str, tuple[Waiting, ...]] = {}
    for project_id, rule_id, delay in active.values_list("project_id", "pk", "delay_seconds"):
        found[project_id] = (*found.get(project_id, ()), Waiting(rule_id, delay))
    return found
