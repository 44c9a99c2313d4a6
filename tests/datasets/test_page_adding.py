"""Items made out of traces, on the trace page."""

import pytest

from datasets.models import DatasetItem
from tests.tracing.api.conftest import Write, generation, trace, write
from tests.tracing.pages.conftest import Visitor, bobs, visit

__all__ = ["bobs", "visit", "write"]


@pytest.fixture
def traced(dataset, write: Write) -> None:
    write(trace("t/1", input='{"country":"Италия"}', output='"Рим."'), generation("g", "t/1"))


def test_the_form_holds_what_was_traced(bobs: Visitor, traced: None) -> None:
    page = bobs.get("datasets/-/add?trace_id=t%2F1")
    assert "Италия" in page
    assert "Рим.</textarea>" in page
    assert ">Capitals</option>" in page
    assert "Столица Франции?" in bobs.get("datasets/-/add?trace_id=t%2F1&observation_id=g")
    assert f"{bobs.root}/datasets/-/add?trace_id=t%2F1" in bobs.get("traces/t/1")


def test_an_item_is_added_with_its_source(bobs: Visitor, traced: None, dataset, bob) -> None:
    fields = {"trace_id": "t/1", "observation_id": "g", "dataset": dataset["id"]}
    answer = bobs.post("datasets/-/add", **fields, input='{"country": "Италия"}', expected_output="Рим")
    assert answer.status_code == 200
    [item] = DatasetItem.objects.all()
    assert (item.input, item.expected_output) == ('{"country":"Италия"}', '"Рим"')
    assert (item.source_trace_id, item.source_observation_id, item.author) == ("t/1", "g", bob)
    assert f"/datasets/{dataset['id']}/items/{item.item_id}" in answer.content.decode()


def test_a_refusal_keeps_what_was_typed(bobs: Visitor, traced: None, dataset) -> None:
    fields = {"trace_id": "t/1", "dataset": dataset["id"]}
    answer = bobs.post("datasets/-/add", **fields, input='{"broken', expected_output="Рим")
    assert answer.status_code == 422
    assert "not valid JSON" in answer.content.decode()
    assert "{&quot;broken" in answer.content.decode()
    assert bobs.post("datasets/-/add", **{**fields, "dataset": "nobody"}, input="x").status_code == 422
    assert not DatasetItem.objects.exists()


def test_only_what_is_there_can_be_added(bobs: Visitor, traced: None, dataset, write: Write, other_project) -> None:
    write(trace("theirs"), keys=other_project)
    for query in ("", "trace_id=", "trace_id=theirs", "trace_id=%00", "trace_id=t%2F1&observation_id=nobody"):
        bobs.get(f"datasets/-/add?{query}", status=404)
    assert bobs.post("datasets/-/add", trace_id="theirs", dataset=dataset["id"], input="x").status_code == 404


def test_who_may_not_write_datasets_is_not_offered_it(visit, vera, anna, traced: None, dataset) -> None:
    for person in (vera, anna):
        visitor = visit(person)
        assert "Add to dataset" not in visitor.get("traces/t/1")
        visitor.get("datasets/-/add?trace_id=t%2F1", status=403)
        sent = {"trace_id": "t/1", "dataset": dataset["id"], "input": "x"}
        assert visitor.post("datasets/-/add", **sent).status_code == 403


def test_without_datasets_it_leads_to_a_new_one(bobs: Visitor, write: Write) -> None:
    write(trace("t"))
    assert f'href="{bobs.root}/datasets/-/new"' in bobs.get("datasets/-/add?trace_id=t")
