"""What the datasets do when something is stored."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from datasets.experiments import link_experiments
from datasets.figures import forget_project, forget_runs_of_traces
from tracing.records import Changes
from tracing.signals import deleted, storing


@receiver(storing, dispatch_uid="datasets.link_experiments")
def link_experiment_spans(project_id: str, changes: Changes, **_: Any) -> None:
    """Inside the batch's transaction: a run is stored with its spans or not at all."""
    link_experiments(project_id, changes)


@receiver(storing, dispatch_uid="datasets.forget_figures")
def forget_figures(project_id: str, changes: Changes, **_: Any) -> None:
    """What is stored about a trace changes the figures of the runs it answers in."""
    touched = {change.id for change in changes.traces}
    touched |= {change.trace_id for change in changes.observations if change.trace_id}
    touched |= {change.trace_id for change in changes.scores if change.trace_id}
    if touched:
        transaction.on_commit(partial(forget_runs_of_traces, project_id, touched), robust=True)


@receiver(deleted, dispatch_uid="datasets.forget_all_figures")
def forget_all_figures(project_id: str, **_: Any) -> None:
    """Runs answer with less than before."""
    forget_project(project_id)
