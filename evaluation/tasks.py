"""What evaluation leaves to the workers: experiments, and scoring of runs that exist already.

A task is only a hint that there is work. What there is to do stands in the database, so that a task may run twice, or
be lost with the broker: a sweep starts again what nobody works on.
"""

from celery import shared_task
from django.core.cache import cache

from common.queue import enqueue
from evaluation import arrivals, desk, executing, finding, past_executions, rescorer
from evaluation.runner import run

QUEUED_SECONDS = 60


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


@shared_task(name="evaluation.attend")
def attend() -> None:
    """Every few seconds: let rules look at what has arrived, and start what is due."""
    arrivals.attend()
    for application_id in finding.abandoned():
        enqueue_application(application_id)
    for project_id in executing.due_projects():
        enqueue_executions(project_id)


@shared_task(name="evaluation.find")
def find_task(application_id: str) -> None:
    """Find what an application is to score, and begin with it."""
    project_id = finding.find(application_id)
    if project_id:
        enqueue_executions(project_id)


def enqueue_application(application_id: str) -> bool:
    """Hand an application to a worker. Call it after the commit."""
    return enqueue(find_task, application_id)


@shared_task(name="evaluation.execute")
def execute_task(project_id: str) -> None:
    """Work on what is due in a project for a while; comes back as long as there is something left."""
    cache.delete(_queued(project_id))
    if executing.execute(project_id):
        enqueue_executions(project_id)


def enqueue_executions(project_id: str) -> bool:
    """Hand what is due in a project to a worker, unless that was said and nobody has come to it yet."""
    if not cache.add(_queued(project_id), 1, QUEUED_SECONDS):
        return True
    return enqueue(execute_task, project_id)


def _queued(project_id: str) -> str:
    return f"evaluation:executions-queued:{project_id}"


@shared_task(name="evaluation.forget_executions")
def forget_executions() -> None:
    """Once a day: what is over for long is no longer told."""
    past_executions.forget()


@shared_task(name="evaluation.sweep")
def sweep() -> None:
    """Start again what a killed worker or a lost broker left."""
    for experiment_id in desk.abandoned():
        enqueue_experiment(experiment_id)
    for rescoring_id in rescorer.abandoned():
        enqueue_rescoring(rescoring_id)
