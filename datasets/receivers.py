"""What the datasets do when something is stored."""

from typing import Any

from django.dispatch import receiver
from tracing.signals import storing

from datasets.experiments import link_experiments
from tracing.records import Changes


@receiver(storing, dispatch_uid="datasets.link_experiments")
def link_experiment_spans(project_id: str, changes: Changes, **_: Any) -> None:
    """Inside the batch's transaction: a run is stored with its spans or not at all."""
    link_experiments(project_id, changes)
