"""What tracing leaves to the workers."""

from celery import shared_task

from tracing import retention


@shared_task
def enforce_retention() -> None:
    retention.enforce()
