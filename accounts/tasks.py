"""What accounts leaves to the workers. Tasks only unwrap; all of them may run twice."""

from typing import Any

from celery import shared_task
from django.core.management import call_command
from django.db import DatabaseError

from accounts import mailing, purging

MAIL_RETRIES: dict[str, Any] = {
    "autoretry_for": (OSError,),  # smtplib's errors are OSErrors
    "max_retries": 8,
    "retry_backoff": 30,
    "retry_backoff_max": 3600,
}


@shared_task(**MAIL_RETRIES)
def send_invitation(invitation_id: str, token: str, language: str) -> None:
    mailing.send_invitation(invitation_id, token, language)


@shared_task(**MAIL_RETRIES)
def send_mail(subject: str, text: str, html: str, to: list[str]) -> None:
    mailing.send(subject, text, html, to)


# What was at work when the project was deleted may still be writing its last rows.
@shared_task(autoretry_for=(DatabaseError,), max_retries=5, retry_backoff=2)
def purge_project(project_id: str) -> None:
    purging.purge(project_id)


@shared_task
def forget_sessions() -> None:
    """Rows of sessions that have expired; nobody else removes them."""
    call_command("clearsessions")


@shared_task
def purge_projects() -> None:
    """The hourly sweep: projects whose purge was lost with the broker."""
    purging.purge_all()
