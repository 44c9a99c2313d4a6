"""Many traces or observations into a dataset at once."""

import json

import pytest

from accounts.models import AuditEntry
from datasets.models import Dataset, DatasetImport, DatasetItem
from datasets.traced import run_adding
from tests.tracing.api.conftest import Write, at, generation, trace, write
from tests.tracing.pages.conftest import Visitor, bobs, shown, visit
from tracing.filters import Filter, filters_as_json, parse_filters

__all__ = ["bobs", "visit", "write"]
CHAT = '{"messages": [{"role": "system", "content": "Short."}, {"role": "user", "content": "Столица Италии?"}]}'
ADD = "datasets/-/add-chosen"


@pytest.fixture
def traced(write: Write) -> None:
    write(
        trace("t/1", name="it", input=CHAT, output='"Рим"', metadata={"plan": '"gold"'}, timestamp=at(1)),
        generation("g1", "t/1", name="call", input='"Q"', output='{"text": "A"}'),
        trace("t2", name="es", input='"Spain?"', output='"Madrid"', timestamp=at(2)),
        trace("t3", name="nothing", timestamp=at(3)),
    )


def rows(dataset_id: str) -> list[tuple[str | None, str | None, str | None]]:
    items = DatasetItem.objects.filter(dataset_id=dataset_id, valid_to=None).order_by("-rank")
    return [(item.input, item.expected_output, item.source_trace_id) for item in items]


def add(visitor: Visitor, status: int = 200, **fields: object) -> str:
    given = {"kind": "traces", "do": "add", "input_from": "input", "expected_output_from": "output", **fields}
    answer = visitor.post(ADD, **given)
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


def test_lists_offer_it_to_those_who_may(bobs: Visitor, visit, vera, traced: None) -> None:
    for page in ("traces", "observations"):
        assert f'hx-post="{bobs.root}/{ADD}"' in bobs.get(page)
        assert ADD not in visit(vera).get(page)
    assert visit(vera).post(ADD, kind="traces", id="t2").status_code == 403


def test_the_form_opens_with_what_it_would_make(bobs: Visitor, traced: None, dataset) -> None:
    page = bobs.post(ADD, kind="traces", id=["t/1", "t2"]).content.decode()
    assert "Capitals</option>" in page and "Add 2 items" in page
    assert "Madrid" in page and "Столица Италии?" in page
    look = {"kind": "traces", "id": ["t/1"], "do": "look", "dataset": dataset["id"], "input_from": "input"}
    page = bobs.post(ADD, **look, input_path="messages.-1.content", metadata_from="metadata").content.decode()
    assert '<td class="preview">Столица Италии?</td><td class="preview">–</td>' in page
    for nowhere in ("messages.--1.content", "messages.7.content", "messages.-"):
        answer = bobs.post(ADD, **look, input_path=nowhere)
        assert answer.status_code == 200 and "Столица Италии?</td>" not in answer.content.decode()
    assert not DatasetItem.objects.exists()


def test_the_chosen_traces_become_items_with_their_source(bobs: Visitor, bob, traced: None, dataset) -> None:
    fields = {"dataset": dataset["id"], "input_path": "messages.-1.content", "metadata_from": "metadata"}
    page = add(bobs, id=["t/1"], **fields)
    assert "1 item added to “Capitals”." in page and f'href="{bobs.root}/datasets/{dataset["id"]}"' in page
    [item] = DatasetItem.objects.all()
    assert (item.input, item.expected_output, json.loads(item.metadata)) == (
        '"Столица Италии?"',
        '"Рим"',
        {"plan": "gold"},
    )
    assert (item.source_trace_id, item.source_observation_id, item.author) == ("t/1", None, bob)


def test_observations_keep_their_trace_as_well(bobs: Visitor, traced: None, dataset) -> None:
    fields = {"dataset": dataset["id"], "expected_output_path": "text"}
    assert "1 item added" in add(bobs, kind="observations", id="g1", **fields)
    [item] = DatasetItem.objects.all()
    assert (item.input, item.expected_output) == ('"Q"', '"A"')
    assert (item.source_trace_id, item.source_observation_id) == ("t/1", "g1")


def test_what_is_there_is_not_added_again_and_what_is_empty_is_told(bobs: Visitor, traced: None, dataset) -> None:
    add(bobs, id=["t2"], dataset=dataset["id"])
    item = DatasetItem.objects.get()
    DatasetItem.objects.filter(pk=item.pk).update(expected_output='"corrected"')
    page = add(bobs, id=["t/1", "t2", "t3"], dataset=dataset["id"])
    assert "1 item added" in page and "1 was there already." in page
    assert "1 was left out:" in page and "nothing: nothing stands where" in page
    assert rows(dataset["id"])[1] == ('"Spain?"', '"corrected"', "t2")


def test_a_new_dataset_is_made_for_them(bobs: Visitor, traced: None, dataset) -> None:
    add(bobs, id=["t2"], dataset="", new_name=" Fresh ")
    assert rows(Dataset.objects.get(name="Fresh").pk) == [('"Spain?"', '"Madrid"', "t2")]
    assert "new_name" in add(bobs, 422, id=["t2"], dataset="", new_name="Capitals")
    assert "errorlist" in add(bobs, 422, id=["t2"], dataset="", new_name="")
    assert not DatasetItem.objects.filter(dataset_id=dataset["id"]).exists()


def test_what_does_not_fit_the_schema_is_left_out_alone(api, bobs: Visitor, traced: None) -> None:
    strict = api.post("v2/datasets", {"name": "Strict", "inputSchema": {"type": "string"}}).json()
    page = add(bobs, id=["t/1", "t2"], dataset=strict["id"])
    assert "1 item added" in page and "it: input:" in page
    assert rows(strict["id"]) == [('"Spain?"', '"Madrid"', "t2")]


@pytest.mark.parametrize(
    "fields",
    [{"kind": "scores", "id": "t2"}, {"id": "nobody"}, {"id": "\0"}, {}, {"all": "1", "search": "nowhere"}],
)
def test_what_is_not_there_is_not_found(bobs: Visitor, traced: None, dataset, fields: dict[str, str]) -> None:
    add(bobs, 404, dataset=dataset["id"], **fields)


def test_refusals_are_told(bobs: Visitor, traced: None, dataset) -> None:
    assert "at most 500" in add(bobs, 422, id=[f"i{n}" for n in range(501)], dataset=dataset["id"])
    assert "not valid JSON" in add(bobs, 422, all="1", filter="[", dataset=dataset["id"])
    assert "errorlist" in add(bobs, 422, id="t2", dataset=dataset["id"], input_path="x" * 301)


def test_nothing_of_others_is_added(bobs: Visitor, write: Write, traced: None, other_project, dataset) -> None:
    write(trace("theirs", input='"secret"'), keys=other_project)
    assert "secret" not in add(bobs, 404, id="theirs", dataset=dataset["id"])
    elsewhere = Dataset.objects.create(project=other_project.project, name="Theirs")
    add(bobs, 422, id="t2", dataset=elsewhere.pk)
    assert not DatasetItem.objects.exists()


def test_all_that_match_are_added_by_a_worker(
    bobs: Visitor,
    traced: None,
    dataset,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks,
) -> None:
    monkeypatch.setattr("datasets.traced.CHUNK", 2)
    write(*(trace(f"m{n}", name="many", input=f"{n}", output=f"{n}", timestamp=at(n)) for n in range(1, 6)))
    conditions = filters_as_json((Filter("stringOptions", "name", "any of", ("many",)),))
    queued: list[str] = []
    monkeypatch.setattr("datasets.views.adding_chosen.enqueue_adding", queued.append)
    with django_capture_on_commit_callbacks(execute=True):
        page = add(bobs, all="1", filter=conditions, dataset=dataset["id"])
    [started] = DatasetImport.objects.all()
    where = f"datasets/{dataset['id']}/-/import/{started.pk}"
    assert f'href="{bobs.root}/{where}"' in page
    assert "Adding…" in bobs.get(where)
    write(trace("m9", name="many", input='"too late"', output="9", timestamp=at(9)))
    DatasetImport.objects.update(created_at=at(6))
    assert queued == [started.pk]
    for _again in range(2):
        run_adding(started.pk)
        DatasetImport.objects.filter(done=5).update(state="RUNNING")  # as if the worker had died before its last word
    assert [source for _input, _output, source in rows(dataset["id"])] == ["m5", "m4", "m3", "m2", "m1"]
    DatasetImport.objects.update(state="DONE")
    assert "0 items added." in bobs.get(where) and "5 were there already or do not fit." in bobs.get(where)
    assert AuditEntry.objects.filter(action="import", subject_id=dataset["id"]).exists()


def test_what_a_list_shows_is_what_is_added(bobs: Visitor, traced: None) -> None:
    """The conditions go from page to page as the API writes them."""
    import html
    import re

    page = bobs.get("traces?name=es&latency=0&from=2020-01-01&metadata=a%3Db&score=x%3Dy&range=7d")
    told = html.unescape(re.search(r'name="filter" value="([^"]*)"', bobs.get("traces?name=es&from=2020-01-01"))[1])
    assert [(one.column, one.operator) for one in parse_filters(told)] == [("name", "any of"), ("timestamp", ">=")]
    assert shown(page) == []
