"""One change of a project's prompts at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.db import connection, transaction

from prompts import epoch


@contextmanager
def change(project_id: str) -> Iterator[None]:
    """A transaction that holds the project's prompts for itself, and forgets cached prompts after its commit.

    Version numbers, the uniqueness of labels and the rules of composition concern several rows, sometimes of several
    prompts. Prompts change seldom and a change takes milliseconds, so one lock per project costs nothing and spares
    retries, deadlocks and circles that two writers could close together.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"prompts:{project_id}"])
        transaction.on_commit(partial(epoch.rotate, project_id))
        yield
