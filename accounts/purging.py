"""Deleting for good what was in deleted projects."""

from accounts.models import Project
from accounts.signals import project_purged


def purge(project_id: str) -> None:
    """Delete what was in a deleted project, and the project. May be repeated, and may take long."""
    project = Project.everything.filter(pk=project_id, deleted_at__isnull=False).first()
    if project is None:
        return
    project_purged.send(sender=Project, project_id=project_id)
    project.delete()


def purge_all() -> None:
    """Purge every deleted project that is still there."""
    for project_id in Project.everything.filter(deleted_at__isnull=False).values_list("pk", flat=True):
        purge(project_id)
