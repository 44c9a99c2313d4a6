"""Remembered figures are never old ones."""

import pytest

from datasets import figures
from datasets.figures import figures_of
from datasets.models import DatasetRun
from tests.conftest import Api, Keys
from tests.datasets.conftest import MOMENT
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes, ScoreChange


def read(project: Keys):
    runs = list(DatasetRun.objects.order_by("-pk"))
    found = figures_of(project.id, runs)
    return found.complete, {run.name: found.summaries.get(run.pk) for run in runs}


def test_figures_are_read_once(project, run, django_assert_num_queries) -> None:
    run("r", ["Рим", "Лондон", None])
    _, first = read(project)
    with django_assert_num_queries(1):  # the runs themselves
        assert read(project)[1] == first
    assert first["r"].items == 3 and first["r"].missing == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_score_a_new_trace_and_a_new_answer_are_seen_at_once(api: Api, project, run, capitals) -> None:
    run("r", ["Рим", "Лондон", None])
    read(project)
    score = {"traceId": f"r-{capitals[0]['id']}", "name": "late", "value": 1}
    assert api.post("scores", score).status_code == 200
    assert [key.name for key in read(project)[1]["r"].scores] == ["exact_match", "late"]
    event = {
        "id": "e",
        "type": "trace-create",
        "timestamp": "2026-01-01T00:00:00Z",
        "body": {"id": f"r-{capitals[2]['id']}", "output": "Бразилиа"},
    }
    assert api.post("ingestion", {"batch": [event]}).status_code == 207
    assert read(project)[1]["r"].missing == 0
    api.post("dataset-run-items", {"runName": "r", "datasetItemId": capitals[0]["id"], "traceId": "again"})
    assert read(project)[1]["r"].answers == 4


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_is_gone_from_the_figures_at_once(api: Api, project, run, capitals) -> None:
    run("r", ["Рим", "Лондон", None])
    read(project)
    assert api.delete(f"traces/r-{capitals[0]['id']}").status_code == 200
    assert read(project)[1]["r"].missing == 2


@pytest.mark.django_db(transaction=True)
def test_figures_read_while_something_changes_are_not_remembered(project, run, monkeypatch, capitals) -> None:
    run("r", ["Рим", "Лондон", None])
    honest = figures.read_runs

    def slow(project_id, runs):
        found = honest(project_id, runs)
        late = ScoreChange(
            id="s",
            name="late",
            data_type="NUMERIC",
            value=1.0,
            string_value=None,
            source="API",
            timestamp=MOMENT,
            trace_id=f"r-{capitals[0]['id']}",
        )
        store_changes(project.id, Changes(scores=[late]))
        return found

    monkeypatch.setattr(figures, "read_runs", slow)
    assert "late" not in [key.name for key in read(project)[1]["r"].scores]
    monkeypatch.setattr(figures, "read_runs", honest)
    assert "late" in [key.name for key in read(project)[1]["r"].scores]


def test_long_runs_are_read_in_rounds(project, run, monkeypatch, page_client, vera, dataset) -> None:
    for number in range(3):
        run(f"r{number}", ["Рим", "Лондон", None])
    monkeypatch.setattr(figures, "BUDGET", 4)
    client, path = page_client(vera), f"/project/{project.id}/datasets/{dataset['id']}/runs"
    pages = [client.get(path).content.decode()]
    for number in (1, 2):
        assert f'hx-get="?round={number}"' in pages[-1]
        pages.append(client.get(f"{path}?round={number}", headers={"HX-Request": "true"}).content.decode())
    assert [page.count("<strong>50 %</strong>") for page in pages] == [1, 2, 3]
    assert "hx-get" not in pages[-1] and "<html" not in pages[-1]


def test_without_a_cache_the_rounds_end(project, run, monkeypatch, page_client, vera, dataset) -> None:
    for number in range(3):
        run(f"r{number}", ["Рим", None, None])
    monkeypatch.setattr(figures, "BUDGET", 1)
    monkeypatch.setattr(figures.cache, "get_many", lambda *_: {}, raising=False)
    path = f"/project/{project.id}/datasets/{dataset['id']}/runs?round=20"
    assert "hx-get" not in page_client(vera).get(path, headers={"HX-Request": "true"}).content.decode()
