"""A score that an SDK computed in one run and PromptLab in another is one score, as long as no run has both."""

import csv
import io

import pytest

from datasets import figures
from datasets.models import DatasetRun, DatasetRunItem
from tests.conftest import Api, Keys

SDK, OWN = "from-an-sdk", "from-the-browser"


@pytest.fixture
def two(api: Api, project: Keys, run, measured) -> tuple[str, str]:
    """Runs over three items: the SDK's posts `exact` by the public API, ours is scored by an evaluator."""
    sdk = run(SDK, ["Рим", "Мадрид", "Лондон"], score="")
    own = run(OWN, ["Рим", "Мадрид.", "Бразилиа"], score="")
    for at, answer in enumerate(DatasetRunItem.objects.filter(run__run_id=sdk).order_by("created_at", "id")):
        body = {"traceId": answer.trace_id, "name": "exact", "value": int(at < 2), "dataType": "NUMERIC"}
        assert api.post("scores", body).status_code == 200
    for at, answer in enumerate(DatasetRunItem.objects.filter(run__run_id=own).order_by("created_at", "id")):
        measured.score("exact", int(at != 1), trace_id=answer.trace_id, source="EVAL")
    figures.forget_project(project.id)
    return sdk, own


def test_they_stand_in_one_column_until_a_run_has_both(
    page_client, vera, project: Keys, dataset, two: tuple[str, str], measured
) -> None:
    client, root = page_client(vera), f"/project/{project.id}/datasets/{dataset['id']}"
    asked = f"?runs={','.join(two)}"

    def compared(more: str = "") -> str:
        return " ".join(client.get(f"{root}/compare{asked}{more}").content.decode().split())

    for more in ("", "&score=exact|EVAL|NUMERIC", "&score=exact|COMPUTED|NUMERIC"):
        page = compared(more)
        assert page.count("<strong>67 %</strong>") == 2
        assert "1 better, 1 equal, 1 worse" in page
        assert "in common" not in page
    assert page.count('<tr><th scope="row">exact') == 1
    assert "judge-trust?score=exact" in page
    listed = client.get(f"{root}/runs").content.decode()
    assert listed.count('class="number" data-column="score:exact|COMPUTED|NUMERIC">exact') == 1
    assert client.get(f"{root}/matrix").content.decode().count("exact|COMPUTED|NUMERIC") == 1
    tidy = client.get(f"/project/{project.id}/experiments/export{asked}&format=csv")
    told = b"".join(tidy.streaming_content) if tidy.streaming else tidy.content
    rows = csv.DictReader(io.StringIO(told.decode("utf-8-sig")))
    assert {(row["run"], row["source"]) for row in rows} == {(SDK, "API"), (OWN, "EVAL")}

    # People's word is another column; with it the names say which is which.
    first = DatasetRun.objects.get(run_id=two[0]).items.order_by("created_at", "id")[0]
    measured.score("exact", 1, trace_id=first.trace_id, source="ANNOTATION")
    figures.forget_project(project.id)
    assert 'exact <span class="faint">computed</span>' in compared()
    # One run has both now: nobody can say which of them stands beside the other's.
    measured.score("exact", 0, trace_id=first.trace_id, source="EVAL")
    figures.forget_project(project.id)
    page = compared("&score=exact|COMPUTED|NUMERIC")
    assert all(f'exact <span class="faint">{one}</span>' in page for one in ("api", "eval", "annotation"))
    assert "the score has two sources here" in compared("&score=exact|API|NUMERIC")
