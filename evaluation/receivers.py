"""What evaluation does when something is stored."""

from typing import Any

from django.dispatch import receiver

from evaluation import active_rules, arrivals
from tracing.records import Changes
from tracing.signals import storing


@receiver(storing, dispatch_uid="evaluation.note_arrivals")
def note_arrivals(project_id: str, changes: Changes, **_: Any) -> None:
    """Inside the batch's transaction; a project without active rules pays one look into the cache."""
    if changes.observations and (waiting := active_rules.of(project_id)):
        arrivals.note(project_id, changes.observations, waiting)
