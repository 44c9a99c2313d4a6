"""Deleting for good what was in deleted projects.

Measured rows have no foreign key to their project. So whoever writes some holds it first (`hold`): deleting a project
(`accounts.projects.delete_project`) waits for those who hold it, and nothing is written for it afterwards that a purge
could miss.
"""

import logging

from django.db import DatabaseError, connection

from accounts.models import Project
from accounts.signals import project_purged

log = logging.getLogger("promptlab.purging")


def hold(project_id: str) -> bool:
    """Whether the project is there; nobody deletes it before the present transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {Project._meta.db_table} WHERE id = %s AND deleted_at IS NULL FOR SHARE",  # noqa: S608
            (project_id,),
        )
        return cursor.fetchone() is not None


def purge(project_id: str) -> None:
    """Delete what was in a deleted project, and the project. May be repeated, and may take long.

    Raises DatabaseError when somebody who was at work with it came between: then the project is still there.
    """
    project = Project.everything.filter(pk=project_id, deleted_at__isnull=False).first()
    if project is None:
        return
    project_purged.send(sender=Project, project_id=project_id)
    project.delete()


def purge_all() -> None:
    """Purge every deleted project that is still there; one that cannot be purged now holds up no other."""
    for project_id in Project.everything.filter(deleted_at__isnull=False).values_list("pk", flat=True):
        try:
            purge(project_id)
        except DatabaseError:
            log.exception("The deleted project %s could not be purged; it is tried again.", project_id)
