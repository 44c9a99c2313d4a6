"""Where a run's answers come from: columns of models, prompt versions and people in the table of runs."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.datasets.conftest import MOMENT
from tests.tracing.api.conftest import Write, generation, trace, write
from tests.tracing.pages.conftest import Visitor, bobs, visit

__all__ = ["bobs", "visit", "write"]


@pytest.fixture
def ran(api, capitals, write: Write):
    """Starts a run of the three items, each a call of the model, of the person."""

    def run(name: str, model: str | None, user: str | None = None, metadata: object = None, **call: object) -> None:
        for number, item in enumerate(capitals):
            trace_id = f"{name}-{number}"
            write(
                trace(trace_id, user_id=user, timestamp=MOMENT),
                generation(f"{trace_id}-g", trace_id, model=model, **call),
            )
            body = {"runName": name, "datasetItemId": item["id"], "traceId": trace_id, "metadata": metadata}
            assert api.post("dataset-run-items", body).status_code == 200

    return run


def cells(page: str, column: str) -> list[str]:
    found = re.findall(rf'<td[^>]*data-column="{column}"[^>]*>(.*?)</td>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in found]


def test_a_run_shows_model_prompt_and_author(bobs: Visitor, ran, dataset) -> None:
    ran("first", "gpt-4o", "lev", prompt_name="capital/ask", prompt_version=3)
    ran("second", "mistral-large", "lev", metadata={"model": "Mistral, ours", "author": "Anna"})
    ran("third", None)
    page = bobs.get(f"datasets/{dataset['id']}/runs")
    assert cells(page, "model") == ["", "Mistral, ours", "gpt-4o"]
    assert cells(page, "author") == ["", "Anna", "lev"]
    assert cells(page, "prompt") == ["", "", "capital/ask v3"]
    assert f'href="{bobs.root}/prompts/capital/ask?version=3"' in page
    assert 'data-column-toggle="runs" value="author"' in page
    assert cells(bobs.get("experiments"), "model") == ["", "Mistral, ours", "gpt-4o"]


def test_several_models_stand_by_how_often_they_were_called(bobs: Visitor, ran, dataset, write: Write) -> None:
    ran("mixed", "gpt-4o")
    for number in range(4):
        write(generation(f"m{number}", "mixed-0", model="mini"))
    for model in ("other", "another"):
        write(generation(model, "mixed-1", model=model))
    [models] = cells(bobs.get(f"datasets/{dataset['id']}/runs"), "model")
    assert models.startswith(("gpt-4o", "mini"))
    assert models.endswith("+2")


def test_more_runs_ask_no_more_questions(bobs: Visitor, ran, dataset) -> None:
    def asked() -> int:
        from django.core.cache import cache

        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            bobs.get(f"datasets/{dataset['id']}/runs")
        return len(queries)

    ran("one", "gpt-4o", "lev")
    asked()  # notes the project that was opened last
    first = asked()
    ran("two", "mistral", "anna")
    ran("three", "mistral", "anna")
    assert asked() == first


def test_tables_of_runs_have_views(bobs: Visitor, ran, dataset) -> None:
    ran("one", "gpt-4o")
    for table, path in (("runs", f"datasets/{dataset['id']}/runs"), ("experiments", "experiments")):
        query = "hide=model&hide=score%3Aexact_match%7CAPI%7CNUMERIC"
        fields = {"table": table, "name": "Short", "query": query, "next": f"{bobs.root}/{path}"}
        opened = bobs.client.post(f"{bobs.root}/views", fields, follow=True)
        assert opened.redirect_chain[-1][0].startswith(f"{bobs.root}/{path}?{query}&view=")
        page = opened.content.decode()
        assert "Short</a>" in page
        assert '<input type="hidden" name="hide" value="score:exact_match|API|NUMERIC">' in page
