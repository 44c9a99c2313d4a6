"""The one way into the store, for both doors, `POST /scores`, annotation and our own recorder.

Enrich, then in one transaction: the receivers of `storing`, the store, and what only stored rows can tell. Who called
answers its client after the commit; `observations_stored` is sent after it, too.
"""

import logging
from functools import partial

from django.db import InterfaceError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from accounts.purging import hold
from common.errors import NotFound, Overloaded
from tracing.ingestion import enrich
from tracing.ingestion.keeping import keep_stored_texts
from tracing.records import Changes
from tracing.signals import observations_stored, storing
from tracing.store import store

log = logging.getLogger("promptlab.ingestion")

# Batches about the same new things can wait for each other in a circle; one of them is then sent round again.
ATTEMPTS = 3


def store_changes(project_id: str, changes: Changes, *, whole: bool = False) -> None:
    """Store a batch, completely or not at all; twice is once. Fills in the changes it is given.

    `whole` says that every observation comes in one piece, as spans do, so that nothing stored has to be looked at.
    Raises Overloaded while the database cannot be reached, and NotFound when the project was deleted.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _store(project_id, changes, whole)
            return
        except (OperationalError, InterfaceError) as error:
            if isinstance(error.__cause__, DeadlockDetected) and attempt < ATTEMPTS:
                continue
            log.warning("A batch could not be stored: %s", error)
            raise Overloaded("The database cannot take this batch at the moment. Send it again.") from error


def _store(project_id: str, changes: Changes, whole: bool) -> None:
    enrich.link_prompts(project_id, changes.observations)
    open_ids = enrich.price(project_id, changes.observations, whole=whole)
    keep_stored_texts(project_id, changes, whole=whole)
    with transaction.atomic():
        if not hold(project_id):
            raise NotFound("The project was deleted.")
        storing.send(sender=None, project_id=project_id, changes=changes)
        store().write(project_id, changes)
        if open_ids and (corrections := enrich.price_stored(project_id, open_ids)):
            store().write(project_id, Changes(observations=corrections))
        ids = [change.id for change in changes.observations]
        if ids:
            transaction.on_commit(partial(_announce, project_id, ids), robust=True)


def _announce(project_id: str, ids: list[str]) -> None:
    for receiver, answer in observations_stored.send_robust(sender=None, project_id=project_id, ids=ids):
        if isinstance(answer, Exception):
            log.error("%s failed after observations were stored.", receiver, exc_info=answer)
