"""Annotators judge by themselves: no page tells them what others said."""

import pytest
from django.utils import timezone

from accounts.models import User
from evaluation.annotation import Said
from evaluation.models import AnnotationQueue
from evaluation.slots import claim
from evaluation.turns import finish
from tests.conftest import Api, Keys
from tests.evaluation.test_desks import Make, make, said, scores_of
from tests.evaluation.test_desks import config as config
from tests.tracing.pages.conftest import visit
from tracing.ingestion.pipeline import store_changes
from tracing.models.configured import ScoreConfig
from tracing.records import Changes, ScoreChange, TraceChange

__all__ = ["make", "visit"]
pytestmark = pytest.mark.django_db
# `said` gives this comment.
OPINION = "because"
SUMMED_UP = (
    "dashboards",
    "experiments",
    "experiments/newest",
    "experiments/started",
    "experiments/results?baseline={run}",
    "experiments/compare?runs={run}",
    "experiments/export?runs={run}&format=csv",
    "datasets/{dataset}/runs",
    "datasets/{dataset}/runs/{run}",
    "datasets/{dataset}/compare?runs={run}",
    "datasets/{dataset}/matrix",
    "judge-trust?score=correct",
)


@pytest.fixture
def judged(
    project: Keys, api: Api, make: Make, config: ScoreConfig, anna: User, bob: User
) -> tuple[AnnotationQueue, dict[str, str]]:
    """A blind queue of one answer of a run, in a session, which Bob has judged and Anna has not; the addresses' ids."""
    queue = make(1, [anna, bob], annotators=2, blind=True)
    now = timezone.now()
    judge = ScoreChange(
        id="judge", name="close", source="EVAL", data_type="NUMERIC", value=0.25, string_value=None, timestamp=now,
        trace_id="t000",
    )  # fmt: skip
    store_changes(project.id, Changes(traces=[TraceChange(id="t000", seen_at=now, session_id="s")], scores=[judge]))
    dataset = api.post("v2/datasets", {"name": "Capitals"}).json()["id"]
    item = api.post("dataset-items", {"datasetName": "Capitals", "input": "question"}).json()["id"]
    linked = {"runName": "tiny-model", "datasetItemId": item, "traceId": "t000"}
    run = api.post("dataset-run-items", linked).json()["datasetRunId"]
    turn = claim(queue, bob)
    assert turn is not None
    finish(project.id, queue, turn, said(config, "0"), 1)
    return queue, {"dataset": dataset, "item": item, "run": run}


def test_an_annotator_reads_nowhere_what_others_said_but_what_they_said_themselves(
    project: Keys, judged, visit, page_client, anna: User, vera: User, config: ScoreConfig
) -> None:
    queue, ids = judged
    pages = ["scores", "scores?name=correct", "traces/t000?tab=scores", "annotate?trace_id=t000", "traces",
             "sessions/s"]  # fmt: skip
    annas, veras = visit(anna), visit(vera)
    for path in pages:
        page, whole = annas.get(path), veras.get(path)
        assert "correct: " in whole or OPINION in whole, path
        assert "correct: " not in page and OPINION not in page, path
    assert "close: 0.25" in annas.get("traces"), "judges and programs sway no less, but they are no people"
    home, whole = annas.get(""), veras.get("")
    assert "experiments/newest" in whole and "experiments/newest" not in home and "Newest experiments" not in home
    item = f"datasets/{ids['dataset']}/items/{ids['item']}"
    assert "tiny-model" in veras.get(item) and "tiny-model" not in annas.get(item)
    # Whoever may search by scores can find out what they are.
    none = "traces?score=correct%3D1"
    assert "t000" not in veras.get(none) and "t000" in annas.get(none)
    for path in (path.format(**ids) for path in SUMMED_UP):
        statuses = [page_client(one).get(f"/project/{project.id}/{path}").status_code for one in (vera, anna)]
        assert statuses in ([200, 403], [302, 403]), path
    turn = claim(queue, anna)
    finish(project.id, queue, turn, {config.pk: Said("1", "in my own view")}, 1)
    assert len(scores_of(project)) == 3
    page = annas.get("traces/t000?tab=scores")
    assert "in my own view" in page and OPINION not in page and "/experiments" not in page
