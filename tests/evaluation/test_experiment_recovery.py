"""Workers that die and connections that break under an experiment: nothing is lost, and nothing counts twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import User
from datasets.answers import links_of, read_answers
from datasets.models import DatasetRun
from evaluation import desk, steering, tasks, writing_jobs
from evaluation.counting import recount
from evaluation.manifest import manifest
from evaluation.models.experiments import Cell, Experiment, Job, Unplanned
from evaluation.progress import progress
from evaluation.recording import Recorder
from evaluation.runner import run
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, NOBODY, capitals, connect, draft, exact, planned, prompt, started, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("not_enqueued")]


def test_a_killed_worker_leaves_nothing_undone_and_nothing_done_twice(
    project: Keys, api: Api, endpoint: Endpoint, tmp_path: Path
) -> None:
    connection = connect(project, endpoint.url, concurrency=10)
    dataset, _items = capitals(project, 120)
    prompt(api)
    experiment = planned(project, draft(dataset, connection, (f"{MODEL}+latency=50",), chosen=[exact(project)]))
    started(project, experiment)
    worker = subprocess.Popen(
        [sys.executable, "-m", "promptlab.worker", "--schedule", str(tmp_path / "last-runs")],
        env=os.environ | {"DATABASE_URL": _test_database(), "PROMPTLAB_PRIVATE_HOSTS": "127.0.0.1"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        tasks.run_experiment_task.apply_async(args=(experiment.pk,))
        until = time.monotonic() + 60
        while Job.objects.filter(experiment=experiment, state="DONE").count() < 20 and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    asked = len(endpoint.requests)
    done = Job.objects.filter(experiment=experiment, state="DONE").count()
    assert 20 <= done < 120 and Job.objects.filter(experiment=experiment, state="RUNNING").exists()
    assert not run(experiment.pk), "the dead runner is still believed to live"

    Experiment.objects.filter(pk=experiment.pk).update(beat_at=timezone.now() - timedelta(minutes=1))
    assert desk.abandoned() == [experiment.pk]
    run(experiment.pk)

    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 120})
    # Asked again was only what was in flight, or answered within the last tenth of a second.
    assert len(endpoint.requests) - asked == 120 - done
    [row] = DatasetRun.objects.filter(project_id=project.id)
    answers = read_answers(project.id, links_of([row])[row.pk])
    assert len({answer.item_id for answer in answers}) == len(answers) == 120
    assert all(answer.arrived and len(answer.scores) == 1 for answer in answers)
    before = list(Cell.objects.filter(experiment=experiment).values())
    recount(experiment)
    after = list(Cell.objects.filter(experiment=experiment).values())
    assert [_rounded(row) for row in before] == [_rounded(row) for row in after]


def test_a_batch_whose_commit_was_not_heard_of_counts_once(
    project: Keys, api: Api, endpoint: Endpoint, monkeypatch: Any
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 3)
    prompt(api)
    experiment = planned(project, draft(dataset, connection, chosen=[exact(project)]))
    started(project, experiment)
    write, heard = Recorder.write, []

    def unheard_once(self: Recorder, events: Any) -> Any:
        told = write(self, events)
        if not heard:
            heard.append(told)
            for event in events:
                event.job.state, event.job.scoring = "RUNNING", {}
            raise OperationalError("the connection was lost")
        return told

    monkeypatch.setattr(Recorder, "write", unheard_once)
    run(experiment.pk)

    figures = progress(experiment)
    experiment.refresh_from_db()
    assert (figures.answered, figures.scored, experiment.status) == (3, 3, "DONE")
    assert experiment.spent == pytest.approx(figures.cost)
    assert figures.cost == pytest.approx(sum(Job.objects.values_list("cost", flat=True)))


def _test_database() -> str:
    url = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(url._replace(path=f"/{database.settings_dict['NAME']}"))


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}


def test_many_jobs_are_written_by_the_worker_in_chunks_each_once_whoever_is_killed(
    project: Keys,
    api: Api,
    endpoint: Endpoint,
    page_client: Callable[[User], Client],
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = connect(project, endpoint.url)
    dataset, _items = capitals(project, 6)
    prompt(api)
    wanted = draft(dataset, connection, (MODEL, "gpt-4o"), repetitions=2)
    at_once = planned(project, wanted)
    monkeypatch.setattr(writing_jobs, "AT_ONCE", 20)
    monkeypatch.setattr(writing_jobs, "CHUNK", 5)
    experiment = started(project, planned(project, wanted))
    digests = [manifest(one)["dataset"]["items_sha256"] for one in (experiment, at_once)]
    assert states(experiment) == {} and digests[0] == digests[1]

    assert desk.take(experiment.pk, "killed")
    assert writing_jobs.write_some(experiment.pk, "killed") and writing_jobs.write_some(experiment.pk, "killed")
    page = page_client(bob).get(f"/project/{project.id}/experiments/{experiment.pk}").content.decode()
    assert "planning… 10 of 24" in page
    desk.forget_runners()
    with pytest.raises(desk.Lost):
        writing_jobs.write_some(experiment.pk, "killed")
    steering.pause(project.id, experiment.pk, NOBODY)
    assert not run(experiment.pk) and states(experiment) == {"PENDING": 10}
    assert not run(started(project, experiment).pk)

    experiment.refresh_from_db()
    assert (experiment.status, states(experiment)) == ("DONE", {"DONE": 24})
    assert _order(experiment) == _order(at_once) and not Unplanned.objects.exists()


def _order(experiment: Experiment) -> list[tuple[int, int, int]]:
    jobs = Job.objects.filter(experiment=experiment).order_by("pk")
    return list(jobs.values_list("cell__position", "item_id", "repetition"))
