"""What evaluation leaves to the workers: experiments, and scoring of runs that exist already.

A task is only a hint that there is work. What there is to do stands in the database, so that a task may run twice, or
be lost with the broker: a sweep starts again what nobody works on.
"""

from celery import shared_task

from common.queue import enqueue
from evaluation import desk, rescorer
from evaluation.runner import run


@shared_task(name="evaluation.run_experiment")
def run_experiment_task(experiment_id: str) -> None:
    """Work on an experiment for a while; comes back as long as there is something left."""
    if run(experiment_id):
        enqueue_experiment(experiment_id)


def enqueue_experiment(experiment_id: str) -> bool:
    """Hand an experiment to a worker. Call it after the commit."""
    return enqueue(run_experiment_task, experiment_id)


@shared_task(name="evaluation.rescore")
def rescore_task(rescoring_id: str) -> None:
    """Score answers of runs for a while; comes back as long as there are some left."""
    if rescorer.run(rescoring_id):
        enqueue_rescoring(rescoring_id)


def enqueue_rescoring(rescoring_id: str) -> bool:
    """Hand a rescoring to a worker. Call it after the commit."""
    return enqueue(rescore_task, rescoring_id)


@shared_task(name="evaluation.sweep")
def sweep() -> None:
    """Start again what a killed worker or a lost broker left."""
    for experiment_id in desk.abandoned():
        enqueue_experiment(experiment_id)
    for rescoring_id in rescorer.abandoned():
        enqueue_rescoring(rescoring_id)
