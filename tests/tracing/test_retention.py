"""What is measured goes when its time is over, and with its project."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.acting import Actor
from accounts.models import Project
from accounts.projects import delete_project
from accounts.purging import purge_all
from accounts.roles import Role
from tests.conftest import Api, Keys
from tracing.models import ObservationRow, ScoreRow, SessionRow, TraceRow
from tracing.retention import enforce

pytestmark = pytest.mark.django_db


def send(api: Api, trace_id: str, days_ago: int) -> None:
    time = (timezone.now() - timedelta(days=days_ago)).isoformat()
    trace = {"id": trace_id, "timestamp": time, "sessionId": f"s-{trace_id}"}
    span = {"id": f"o-{trace_id}", "traceId": trace_id, "startTime": time}
    score = {"id": f"c-{trace_id}", "traceId": trace_id, "name": "right", "value": 1}
    bodies = {"trace-create": trace, "span-create": span, "score-create": score}
    batch = [
        {"id": f"{kind}-{trace_id}", "type": kind, "timestamp": time, "body": body} for kind, body in bodies.items()
    ]
    assert api.post("ingestion", {"batch": batch}).json()["errors"] == []


def test_traces_older_than_their_project_keeps_them_go(api: Api, other_api: Api, project: Keys) -> None:
    send(api, "old", 8)
    send(api, "young", 6)
    send(other_api, "old", 8)
    assert enforce() == 0
    Project.objects.filter(pk=project.id).update(retention_days=7)
    assert enforce() == 1
    assert enforce() == 0
    left = sorted(TraceRow.objects.values_list("project_id", "id"))
    assert len(left) == 2
    assert (project.id, "young") in left
    assert (project.id, "old") not in left
    assert not ObservationRow.objects.filter(project_id=project.id, id="o-old").exists()


def test_nothing_measured_outlives_its_project(api: Api, other_api: Api, project: Keys) -> None:
    send(api, "mine", 1)
    send(other_api, "theirs", 1)
    delete_project(project.project, Actor(Role.OWNER))
    purge_all()
    for model in (TraceRow, ObservationRow, ScoreRow, SessionRow):
        assert list(model.objects.filter(project_id=project.id)) == []
        assert model.objects.count() == 1, model
