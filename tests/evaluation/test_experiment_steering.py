"""Experiments that are capped, paused, halted and taken up again, with the code of the worker and a real endpoint."""

import threading
import time
from typing import Any

import pytest
from django.db import connection as database

from common.errors import Conflict
from datasets.answers import links_of, read_answers
from datasets.models import DatasetRun
from evaluation import steering
from evaluation.models.experiments import Cell, Job
from evaluation.progress import progress
from evaluation.runner import run
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, NOBODY, capitals, connect, draft, exact, planned, prompt, started, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("not_enqueued")]


def test_the_cap_stops_within_the_calls_in_flight_and_a_higher_one_goes_on(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url, prices=prices(1.0))
    dataset, _items = capitals(project, 40)
    prompt(api)
    experiment = planned(project, draft(dataset, connection, cost_cap=20, concurrency=3))

    assert not run(started(project, experiment).pk)

    experiment.refresh_from_db()
    assert (experiment.status, bool(experiment.reason)) == ("CAPPED", True)
    costs = list(Job.objects.filter(state="DONE").order_by("finished_at").values_list("cost", flat=True))
    assert 20 <= experiment.spent == sum(costs) < 20 + 3 * max(costs) and len(endpoint.requests) == len(costs) < 40
    with pytest.raises(Conflict):
        steering.start(project.id, experiment.pk, NOBODY)
    steering.set_cap(project.id, experiment.pk, None, NOBODY)
    run(started(project, experiment).pk)
    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 40})
    assert len(endpoint.requests) == 40


def test_what_failed_is_not_tried_again_beyond_the_cap_and_stays_failed_until_it_is_raised(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url, prices=prices(1.0))
    dataset, _items = capitals(project, 1)
    prompt(api)
    plan = draft(dataset, connection, (MODEL, "gpt-4o-mini+fault=400*1"), cost_cap=0.001, concurrency=2)
    experiment = planned(project, plan)
    run(started(project, experiment).pk)
    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 1, "FAILED": 1})

    with pytest.raises(Conflict, match="cap"):
        steering.retry_failed(project.id, experiment.pk, NOBODY)
    assert states(experiment) == {"DONE": 1, "FAILED": 1}
    steering.set_cap(project.id, experiment.pk, None, NOBODY)
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 1
    run(experiment.pk)
    assert states(experiment) == {"DONE": 2}


def test_a_pause_records_what_is_in_flight_and_a_resumed_experiment_completes(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 30)
    prompt(api)
    experiment = planned(project, draft(dataset, connection, (f"{MODEL}+latency=100",), concurrency=5))
    started(project, experiment)
    running = threading.Thread(target=_run_in_thread, args=(experiment.pk,))
    running.start()
    while len(endpoint.requests) < 8 and running.is_alive():
        time.sleep(0.01)

    steering.pause(project.id, experiment.pk, NOBODY)
    running.join()

    experiment.refresh_from_db()
    found = states(experiment)
    assert experiment.status == "PAUSED" and experiment.runner == "" and set(found) == {"DONE", "PENDING"}
    assert found["DONE"] == len(endpoint.requests) == progress(experiment).answered < 30
    run(started(project, experiment).pk)
    assert states(experiment) == {"DONE": 30} and len(endpoint.requests) == 30
    with pytest.raises(Conflict):
        steering.cancel(project.id, experiment.pk, NOBODY)


def test_a_refused_key_halts_its_model_and_what_failed_can_be_asked_again(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 18)
    prompt(api)
    refused = f"{MODEL}+fault=401*5"
    experiment = planned(project, draft(dataset, connection, (MODEL, refused), chosen=[exact(project)], concurrency=1))

    run(started(project, experiment).pk)

    experiment.refresh_from_db()
    assert experiment.status == "PAUSED" and "key" in experiment.reason
    assert states(experiment) == {"DONE": 18, "FAILED": 5, "PENDING": 13}
    broken = Cell.objects.get(experiment=experiment, model__model=refused)
    assert broken.halted == experiment.reason and broken.failed == 5
    assert steering.retry_failed(project.id, experiment.pk, NOBODY) == 5
    run(experiment.pk)
    experiment.refresh_from_db()
    assert (experiment.status, experiment.reason, states(experiment)) == ("DONE", "", {"DONE": 36})
    [row] = DatasetRun.objects.filter(run_id=broken.run_id)
    answers = read_answers(project.id, links_of([row])[row.pk])
    assert len(answers) == 18 and not any(answer.failed for answer in answers)
    assert all(len(answer.scores) == 1 for answer in answers)


def _run_in_thread(experiment_id: str) -> None:
    try:
        run(experiment_id)
    finally:
        database.close()


def prices(dollars: float) -> dict[str, Any]:
    """So many dollars for each token of an answer."""
    return {"currency": "USD", "per_dollar": 1, "models": {MODEL: {"input": 0, "output": dollars * 1_000_000}}}
