"""What tracing does when the rooms below it say something."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import project_purged
from tracing.deleting import delete
from tracing.store.base import Deletion


@receiver(project_purged)
def delete_what_was_measured(project_id: str, **_: Any) -> None:
    """Measured rows have no foreign key to their project, so they do not go with it."""
    delete(Deletion(project_id=project_id, kind="project"))
