"""Deleting what was measured, for pages, API and retention alike, and telling the rooms above."""

from functools import partial

from django.db import transaction

from tracing.signals import deleted
from tracing.store import store
from tracing.store.base import Deletion


def delete(deletion: Deletion) -> int:
    """Delete in batches; returns how many things of the kind went. `deleted` is sent after the commit."""
    gone = store().delete(deletion)
    if gone:
        told = partial(deleted.send_robust, sender=None, project_id=deletion.project_id, deletion=deletion)
        transaction.on_commit(told, robust=True)
    return gone
