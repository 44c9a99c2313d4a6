"""Deleting what a project does not want to keep longer (Settings → General)."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Project
from tracing.deleting import delete
from tracing.store.base import Deletion


def enforce() -> int:
    """Delete traces, with everything in them, that are older than their project keeps them; how many went.

    Prompts, datasets, runs and their items are configured, not measured, and stay. May be repeated at any time.
    """
    now, gone = timezone.now(), 0
    for project_id, days in Project.objects.filter(retention_days__gt=0).values_list("pk", "retention_days"):
        gone += delete(Deletion(project_id=project_id, kind="traces", before=now - timedelta(days=days or 0)))
    return gone
