"""What an evaluator did, and what that cost, stays in the log when it is deleted."""

import uuid

import pytest

from accounts.authors import Author
from accounts.models import User
from evaluation import evaluators, past_executions
from evaluation.definitions import Code
from evaluation.models import Execution
from tests.conftest import Keys

pytestmark = pytest.mark.django_db
State = Execution.State


def test_executions_and_their_costs_outlive_the_evaluator_and_what_waits_is_not_done(
    project: Keys, bob: User, page_client
) -> None:
    definition = Code(source_code="def evaluate(ctx): return 1", language="PYTHON")
    one = evaluators.create(project.id, evaluators.Draft(name="right", definition=definition), Author())
    for state in (State.DONE, State.FAILED, State.PENDING, State.RUNNING):
        Execution.objects.create(
            key=uuid.uuid4(), project=project.project, evaluator=one, trace_id="t", state=state, cost=0.25
        )
    evaluators.remove(project.id, one.pk, Author())
    left = Execution.objects.order_by("pk")
    assert [(row.state, row.evaluator_name, row.evaluator_id, row.cost) for row in left] == [
        (State.DONE, "right", None, 0.25),
        (State.FAILED, "right", None, 0.25),
    ]
    page = page_client(bob).get(f"/project/{project.id}/evaluators/log").content.decode()
    assert page.count("$0.25") == 2 and "right" in page and "deleted" in page
    assert past_executions.retry(project.id, left, Author()) == 0, "nobody is there to try again"
