"""Experiments at work, with the code of the worker, a real database and a real endpoint."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.authors import Author
from accounts.models import User
from datasets.answers import links_of, read_answers
from datasets.models import DatasetRun
from datasets.origins import origins_of, with_metadata
from evaluation import steering
from evaluation.extraction import Extraction
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.progress import progress
from evaluation.runner import run
from llm import client
from tests.conftest import Api, Keys
from tests.endpoint.fixtures import openai_endpoint  # noqa: F401
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, capitals, connect, draft, exact, planned, prompt, states
from tracing.store import store
from tracing.store.base import ObservationQuery

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = Author()


@pytest.fixture
def endpoint(openai_endpoint: Endpoint, settings: Any, monkeypatch: Any) -> Endpoint:  # noqa: F811
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr("evaluation.steering.enqueue_experiment", lambda _id: True)
    openai_endpoint.requests.clear()
    return openai_endpoint


def started(keys: Keys, experiment: Experiment) -> Experiment:
    steering.start(keys.id, experiment.pk, NOBODY)
    return experiment


def test_an_experiment_fills_its_runs_as_the_sdks_would(
    project: Keys, api: Api, endpoint: Endpoint, alice: User
) -> None:
    connection = connect(project, endpoint.url)
    dataset, items = capitals(project)
    prompt(api)
    prompt(api, "spoken", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{country}}?"}])
    chosen = [exact(project), exact(project, "close", "levenshtein")]
    experiment = planned(
        project,
        draft(dataset, connection, (MODEL, "gpt-4o-mini-wrong"), ("capital", "spoken"), chosen, repetitions=2),
        alice,
    )

    assert not run(started(project, experiment).pk)

    experiment.refresh_from_db()
    figures = progress(experiment)
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 80})
    assert (figures.total, figures.answered, figures.scored, figures.unscored, figures.percent) == (80, 80, 80, 0, 100)
    assert experiment.spent == pytest.approx(figures.cost) and figures.cost > 0
    runs = list(DatasetRun.objects.filter(project_id=project.id))
    assert len(runs) == 4
    for row in runs:
        links = links_of([row])[row.pk]
        answers = read_answers(project.id, links)
        assert len(answers) == 20 and {answer.item_id for answer in answers} == {item.item_id for item in items}
        assert all(answer.arrived and answer.latency is not None and len(answer.scores) == 2 for answer in answers)
        origins = with_metadata(row, origins_of(project.id, {row.pk: links})[row.pk])
        cell = Cell.objects.get(run_id=row.run_id)
        assert origins.models == (cell.model.model,) and origins.prompts == ((cell.prompt.name, 1),)
        assert origins.authors == (str(alice),) and json.loads(row.metadata or "")["experiment_id"] == experiment.pk
    right = next(cell for cell in Cell.objects.filter(experiment=experiment) if cell.model.model == MODEL)
    [row] = [row for row in runs if row.run_id == right.run_id]
    answers = read_answers(project.id, links_of([row])[row.pk])
    assert {answer.value(key) for answer in answers for key in answer.scores if key.name == "exact"} == {1.0}
    assert sum(answer.cost or 0 for answer in answers) == pytest.approx(right.cost) and right.cost > 0


def test_faults_fail_alone_with_their_reason_and_pass_where_repeating_helps(
    project: Keys, api: Api, endpoint: Endpoint
) -> None:
    connection = connect(project, endpoint.url, answer_seconds=1)
    dataset, _items = capitals(project, 1)
    prompt(api)
    faults = {
        "429+retry-after=0": "rate_limited",
        "500": "server",
        "hang": "timeout",
        "cut": "connection",
        "json": "invalid_answer",
        "empty": "invalid_answer",
        "401": "auth",
        "404": "not_found",
        "400": "bad_request",
        "500*2": "",
        "429*1+retry-after=0": "",
    }
    models = [f"{MODEL}+fault={fault}" for fault in faults]
    experiment = planned(project, draft(dataset, connection, models, use_cache=False))

    run(started(project, experiment).pk)

    jobs = Job.objects.filter(experiment=experiment).select_related("cell__model")
    assert {job.cell.model.model: job.error_kind for job in jobs} == dict(zip(models, faults.values(), strict=True))
    assert all(job.error.endswith(".") for job in jobs if job.error_kind)
    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 2, "FAILED": 9})
    assert progress(experiment).failed == 9
    [answer] = read_answers(
        project.id,
        links_of(list(DatasetRun.objects.filter(name__contains="fault=500")))[
            DatasetRun.objects.get(name__endswith="fault=500").pk
        ],
    )
    assert answer.failed and answer.arrived
