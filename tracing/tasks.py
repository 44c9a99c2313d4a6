"""What tracing leaves to the workers."""

from celery import shared_task

from tracing import clients, rejected, retention


@shared_task
def enforce_retention() -> None:
    retention.enforce()


@shared_task
def forget_old_rejected_events() -> None:
    rejected.forget_old()
    clients.forget_old()
