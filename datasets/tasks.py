"""What takes time: large imports."""

from celery import shared_task

from datasets.imports import run_import


@shared_task(name="datasets.run_import")
def run_import_task(import_id: str) -> None:
    """Write the rows of an import; repeating it changes nothing."""
    run_import(import_id)


def enqueue_import(import_id: str) -> None:
    """Hand an import to a worker."""
    run_import_task.delay(import_id)
