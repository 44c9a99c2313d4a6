"""Evaluators that pause themselves when they cannot go on, and are resumed by people. Rules that use them wait."""

from django.db import transaction
from django.utils import timezone

from accounts.authors import Author
from evaluation import active_rules, evaluators
from evaluation.models import Evaluator

MAX_MESSAGE = 2_000
SERVER = Author()


def pause(evaluator_id: str, reason: str, message: str, author: Author = SERVER) -> bool:
    """Pause an evaluator: a word for machines and a sentence; False where it is paused already."""
    with transaction.atomic():
        running = Evaluator.objects.filter(pk=evaluator_id, paused_at=None)
        paused = running.update(paused_at=timezone.now(), paused_reason=reason, paused_message=message[:MAX_MESSAGE])
        if paused:
            evaluator = Evaluator.objects.get(pk=evaluator_id)
            told = {"name": evaluator.name, "reason": reason, "message": message[:MAX_MESSAGE]}
            author.record("pause", "evaluator", evaluator_id, project=evaluator.project_id, after=told)
            active_rules.changed()
    return bool(paused)


def resume(project_id: str, evaluator_id: str, author: Author) -> Evaluator:
    """Let it work again; what waited for it goes on. Raises NotFound."""
    with transaction.atomic():
        evaluators.own(project_id, evaluator_id)
        evaluator = Evaluator.objects.select_for_update().get(project_id=project_id, pk=evaluator_id)
        before = {"reason": evaluator.paused_reason, "message": evaluator.paused_message}
        was_paused = evaluator.paused_at is not None
        evaluator.paused_at = evaluator.paused_reason = evaluator.paused_message = None
        evaluator.failures = 0
        evaluator.save()
        if was_paused:
            author.record("resume", "evaluator", evaluator.pk, project=project_id, before=before)
            active_rules.changed()
    return evaluator
