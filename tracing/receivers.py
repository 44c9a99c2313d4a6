"""What tracing does when the rooms below it say something."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import project_purged
from tracing import comments, media_cleaning
from tracing.deleting import delete
from tracing.media_mentions import note_mentions_of
from tracing.records import Changes
from tracing.signals import deleted, storing
from tracing.store.base import Deletion


@receiver(project_purged)
def delete_what_was_measured(project_id: str, **_: Any) -> None:
    """Measured rows have no foreign key to their project, so they do not go with it."""
    delete(Deletion(project_id=project_id, kind="project"))


@receiver(project_purged)
def delete_media(project_id: str, **_: Any) -> None:
    """Rows would go with the project by themselves; the files would not."""
    media_cleaning.forget_project(project_id)


@receiver(deleted)
def forget_what_belonged_to_traces(project_id: str, deletion: Deletion, **_: Any) -> None:
    """Comments and media of traces that were named; those that only grew too old are found by the daily sweep."""
    if deletion.kind == "traces" and deletion.ids:
        media_cleaning.forget_traces(project_id, deletion.ids)
        comments.forget_traces(project_id, deletion.ids)


@receiver(storing)
def note_media(project_id: str, changes: Changes, **_: Any) -> None:
    """Whoever mentions a content keeps it from being deleted."""
    note_mentions_of(project_id, changes)
