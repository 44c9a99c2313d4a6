"""From stored observations to executions: noted with the batch, looked at by their rules when they have rested.

The note is a row written in the batch's own transaction (`storing`), so that it is there exactly when the observations
are; a sweep that comes every few seconds finds what is due. Nothing is handed to the broker while a client waits, and
nothing is lost with it.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Project
from evaluation import rules
from evaluation.active_rules import Waiting
from evaluation.feeding import feed
from evaluation.models import Application, Arrival, EvaluationRule, Execution
from evaluation.rule_matching import matching
from evaluation.scoring.judging import ENVIRONMENT
from evaluation.targets import Target
from tracing.records import ObservationChange

_NAMESPACE = uuid.UUID("0f7d3a5e-6c5d-4f0e-8f35-2b7a4f6f7a52")
AT_ONCE = 200  # arrivals in one transaction


class Deed(NamedTuple):
    """An evaluator on a target."""

    evaluator_id: str
    target: Target


def note(project_id: str, changes: Sequence[ObservationChange], waiting: Sequence[Waiting]) -> None:
    """Remember the observations of a batch for the rules; inside the batch's transaction. Judges' own calls are none of
    theirs."""
    ids = [change.id for change in changes if change.environment != ENVIRONMENT]
    if not ids:
        return
    now = timezone.now()
    delays = {one.delay for one in waiting}
    Arrival.objects.bulk_create(
        Arrival(
            project_id=project_id,
            observation_ids=ids,
            rule_ids=[one.rule_id for one in waiting if one.delay == delay],
            due_at=now + timedelta(seconds=delay),
        )
        for delay in delays
    )


def attend() -> int:
    """Let rules look at all arrivals that are due; how many executions came of it."""
    made = 0
    while True:
        with transaction.atomic():
            due = Arrival.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")
            arrivals = list(due.select_for_update(skip_locked=True)[:AT_ONCE])
            made += _look_at(arrivals)
            Arrival.objects.filter(pk__in=[one.pk for one in arrivals]).delete()
        if len(arrivals) < AT_ONCE:
            return made


def is_sampled(rule: EvaluationRule, observation_id: str) -> bool:
    """Whether the observation is in the share that the rule takes: always the same answer for the same two."""
    digest = hashlib.sha256(f"{rule.pk}\n{observation_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < rule.sampling * 2**64


def make(
    project_id: str,
    deeds: Iterable[Deed],
    *,
    rule: EvaluationRule | None = None,
    application: Application | None = None,
) -> int:
    """Executions for these, each once for its rule, or its application where there is no rule; how many are new."""
    asker = rule.pk if rule else application.pk if application else ""
    rows = [
        Execution(
            key=uuid.uuid5(_NAMESPACE, "\n".join((asker, deed.evaluator_id, *deed.target))),
            project_id=project_id,
            rule=rule,
            application=application,
            evaluator_id=deed.evaluator_id,
            trace_id=deed.target.trace_id,
            observation_id=deed.target.observation_id,
        )
        for deed in deeds
    ]
    known = set(Execution.objects.filter(key__in=[row.key for row in rows]).values_list("key", flat=True))
    fresh = list({row.key: row for row in rows if row.key not in known}.values())
    Execution.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    return len(fresh)


def _look_at(arrivals: Sequence[Arrival]) -> int:
    """One question to the store for each rule and all that arrived for it."""
    arrived: dict[str, dict[str, None]] = {}
    for arrival in arrivals:
        for rule_id in arrival.rule_ids:
            arrived.setdefault(rule_id, {}).update(dict.fromkeys(arrival.observation_ids))
    there = EvaluationRule.objects.filter(pk__in=arrived, enabled=True, project__in=Project.objects.all())
    found = there.prefetch_related("assignments__evaluator")
    versions = rules.latest_of(list(found))
    made = 0
    for rule in found:
        if rules.why_paused(rule, versions):
            continue
        ids = [one for one in arrived[rule.pk] if is_sampled(rule, one)]
        targets = matching(rule, ids)
        deeds = [Deed(one.evaluator_id, target) for target in targets for one in rule.assignments.all()]
        made += make(rule.project_id, deeds, rule=rule)
        feed(rule, targets)
    return made
