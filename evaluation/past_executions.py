"""Executions that are over: tried again when asked, forgotten when old."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.authors import Author
from evaluation.models import Application, Execution

KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 5_000
State = Execution.State


def retry(project_id: str, chosen: QuerySet[Execution], author: Author) -> int:
    """Try again those of these executions that failed or were left out, and whose evaluator is there; how many."""
    with transaction.atomic():
        again = chosen.filter(project_id=project_id, evaluator__isnull=False, state__in=(State.FAILED, State.SKIPPED))
        rows = list(again.order_by("pk").select_for_update(of=("self",)).values_list("pk", "application_id"))
        Execution.objects.filter(pk__in=[key for key, _application in rows]).update(
            state=State.PENDING, due_at=Now(), attempts=0, error="", ended_at=None
        )
        over = Application.objects.exclude(state=Application.State.FINDING)  # that one becomes RUNNING by itself
        asked = {application for _key, application in rows if application}
        over.filter(pk__in=asked).update(state=Application.State.RUNNING, ended_at=None)
        if rows:
            author.record("retry", "execution", "", project=project_id, after={"executions": len(rows)})
    return len(rows)


def forget() -> None:
    """Delete executions that are over and older than they are told of, some at a time; then empty applications."""
    old = Execution.objects.filter(created_at__lt=Now() - KEPT).exclude(state__in=(State.PENDING, State.RUNNING))
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        Execution.objects.filter(pk__in=keys).delete()
    ended = Application.objects.filter(ended_at__lt=Now() - KEPT)
    ended.filter(executions=None).delete()
