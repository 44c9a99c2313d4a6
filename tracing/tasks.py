"""What tracing leaves to the workers."""

from celery import shared_task

from tracing import clients, comments, exporting, media_cleaning, rejected, retention
from tracing.store import store


@shared_task
def refresh_rollups() -> None:
    store().refresh()


@shared_task
def enforce_retention() -> None:
    retention.enforce()


@shared_task
def forget_old_rejected_events() -> None:
    rejected.forget_old()
    clients.forget_old()


@shared_task
def sweep() -> None:
    """Media and comments of traces that are gone."""
    media_cleaning.sweep()
    comments.sweep()


@shared_task
def export_to_buckets() -> None:
    exporting.run_due()
