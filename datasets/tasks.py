"""What takes time: large imports, and all that match a filter."""

from celery import shared_task

from common.queue import enqueue
from datasets.imports import run_import
from datasets.traced import run_adding


@shared_task(name="datasets.run_import")
def run_import_task(import_id: str) -> None:
    """Write the rows of an import; repeating it changes nothing."""
    run_import(import_id)


def enqueue_import(import_id: str) -> None:
    """Hand an import to a worker."""
    run_import_task.delay(import_id)


@shared_task(name="datasets.run_adding")
def run_adding_task(import_id: str) -> None:
    """Add what matches to a dataset; repeating it changes nothing."""
    run_adding(import_id)


def enqueue_adding(import_id: str) -> None:
    """Hand an adding to a worker, or do it at once where none can be reached."""
    if not enqueue(run_adding_task, import_id):
        run_adding(import_id)
