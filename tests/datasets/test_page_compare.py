"""Runs side by side."""

import pytest

from datasets import figures
from datasets.models import DatasetRun
from datasets.views import compare
from tests.conftest import Keys


@pytest.fixture
def at(project: Keys, dataset):
    return lambda query="": f"/project/{project.id}/datasets/{dataset['id']}/compare{query}"


@pytest.fixture
def two(run) -> tuple[str, str]:
    return run("base", ["Рим", "Мадрид", "Лондон"]), run("other", ["Рим", "Мадрид.", "Бразилиа"])


def rows(client, path: str) -> str:
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    listed = part[part.index('id="list"') :]
    return listed[listed.index("<tbody>") :] if "<tbody>" in listed else ""


def test_the_summary_holds_runs_against_the_baseline(page_client, vera, at, two) -> None:
    page = page_client(vera).get(at(f"?runs={','.join(two)}")).content.decode()
    assert page.count("<strong>67 %</strong>") == 2
    assert "1 better, 1 equal, 1 worse" in " ".join(page.split())
    assert "No difference in exact_match is shown" in page and "with 3 items" in page
    assert "$0.75" in page and "1.50 s" in page


def test_a_judge_s_score_asks_how_far_people_agree_with_it(page_client, vera, at, two, measured, project) -> None:
    for run_id in two:
        for item in DatasetRun.objects.get(run_id=run_id).items.all():
            measured.score("right", 1, trace_id=item.trace_id, source="EVAL")
    figures.forget_project(project.id)
    page = page_client(vera).get(at(f"?runs={','.join(two)}")).content.decode()
    assert f"judge-trust?score=right&amp;run={two[0]}&amp;run={two[1]}&amp;quiet=1" in page


def test_outputs_stand_side_by_side_with_the_difference_marked(page_client, vera, at, two) -> None:
    page = rows(page_client(vera), at(f"?runs={','.join(two)}"))
    assert 'Мадрид<ins class="added">.</ins>' in page
    assert '<del class="missing">Лондон</del><ins class="added">Бразилиа</ins>' in page.replace(
        '<ins class="added">Бразилиа</ins><del class="missing">Лондон</del>',
        '<del class="missing">Лондон</del><ins class="added">Бразилиа</ins>',
    )
    assert "▲ +1" in page and "▼ −1" in page


def test_the_baseline_can_be_chosen(page_client, vera, at, two) -> None:
    client = page_client(vera)
    first = rows(client, at(f"?runs={','.join(two)}&baseline={two[1]}"))
    assert 'Мадрид<del class="missing">.</del>' in first
    assert rows(client, at(f"?runs={','.join(two)}&baseline=nonsense")) == rows(client, at(f"?runs={','.join(two)}"))


def test_filters_show_where_runs_part(page_client, vera, at, two) -> None:
    client, path = page_client(vera), at(f"?runs={','.join(two)}")
    disagree = rows(client, f"{path}&show=disagree")
    assert "Италия" not in disagree and "Испания" in disagree and "Бразилия" in disagree
    worse = rows(client, f"{path}&show=worse")
    assert "Испания" in worse and "Бразилия" not in worse


def test_without_scores_runs_disagree_by_their_words(page_client, vera, at, run) -> None:
    ids = run("a", ["Рим", "Мадрид", None], score=""), run("b", ["Рим", "Барселона", None], score="")
    found = rows(page_client(vera), at(f"?runs={','.join(ids)}&show=disagree"))
    assert "Испания" in found and "Италия" not in found


def test_the_score_that_judges_can_be_chosen(page_client, vera, at, two, measured, capitals) -> None:
    for name, value in (("base", 0.2), ("other", 0.9)):
        measured.score("similarity", value, trace_id=f"{name}-{capitals[0]['id']}")
    path = at(f"?runs={','.join(two)}&score=similarity%7CAPI%7CNUMERIC")
    assert "Италия" in rows(page_client(vera), f"{path}&show=disagree")
    assert "Испания" not in rows(page_client(vera), f"{path}&show=disagree")


def test_runs_may_be_named_by_check_boxes_and_from_all_experiments(page_client, vera, at, two, project) -> None:
    client = page_client(vera)
    assert client.get(at(f"?runs={two[0]}&runs={two[1]}")).status_code == 200
    answer = client.get(f"/project/{project.id}/experiments/compare?runs={two[0]}&runs={two[1]}")
    assert answer.status_code == 302 and answer.url.startswith(at("?runs="))


def test_runs_of_several_datasets_stand_side_by_side(page_client, vera, api, at, two, project) -> None:
    api.post("v2/datasets", {"name": "Other"})
    item = api.post("dataset-items", {"datasetName": "Other", "input": "elsewhere"}).json()
    body = {"runName": "far", "datasetItemId": item["id"], "traceId": "t"}
    far = api.post("dataset-run-items", body).json()["datasetRunId"]
    page = page_client(vera).get(f"/project/{project.id}/experiments/compare?runs={two[0]},{far}").content.decode()
    assert "elsewhere" in page and "Италия" in page and "no answer" in page


def test_a_single_run_says_that_it_is_alone(page_client, vera, at, two) -> None:
    assert "single run" in page_client(vera).get(at(f"?runs={two[0]}")).content.decode()


def test_unknown_runs_and_those_of_others_are_not_shown(page_client, bob, mallory, at, two, other_project) -> None:
    client = page_client(bob)
    assert client.get(at("?runs=nope,%00")).status_code == 404
    assert client.get(at()).status_code == 404
    theirs = f"/project/{other_project.id}/experiments/compare?runs={','.join(two)}"
    assert page_client(mallory).get(theirs).status_code == 404


def test_comparing_takes_a_constant_number_of_queries(
    page_client, vera, at, run, django_assert_max_num_queries
) -> None:
    ids = ",".join(run(f"run {number}", ["Рим", "Лондон", "x"]) for number in range(4))
    client = page_client(vera)
    client.get(at(f"?runs={ids}"))
    with django_assert_max_num_queries(13):
        client.get(at(f"?runs={ids}"))


def test_long_runs_are_read_in_several_requests(page_client, vera, at, run, monkeypatch) -> None:
    ids = ",".join(run(f"run {number}", ["Рим", "Лондон", "x"]) for number in range(3))
    monkeypatch.setattr(figures, "COMPARED", 4)
    client, path = page_client(vera), at(f"?runs={ids}")
    first = client.get(path).content.decode()
    assert "1 of 3 runs are done" in first and f'hx-get="{path}"' in first and "exact_match" not in first
    parts = [client.get(path, headers={"HX-Request": "true"}).content.decode() for _request in range(2)]
    assert "2 of 3 runs are done" in parts[0] and "<html" not in parts[0]
    assert "exact_match" in parts[1] and 'hx-trigger="load"' not in parts[1]


def test_what_was_found_is_remembered_until_something_changes(
    page_client, vera, at, two, monkeypatch, measured
) -> None:
    client, path = page_client(vera), at(f"?runs={','.join(two)}")
    client.get(path)
    asked: list[int] = []
    honest = compare.find
    monkeypatch.setattr(compare, "find", lambda *args, **more: asked.append(1) or honest(*args, **more))
    client.get(path)
    assert not asked
    client.get(f"{path}&test=ranks")
    assert len(asked) == 1
    figures.forget_runs([DatasetRun.objects.get(run_id=two[0]).pk])
    client.get(path)
    assert len(asked) == 2


def test_the_filter_for_what_got_worse_can_be_about_one_run(page_client, vera, at, two, run) -> None:
    third = run("third", ["x", "Мадрид", "Лондон"])
    client, path = page_client(vera), at(f"?runs={','.join(two)},{third}&show=worse")
    assert "Италия" in rows(client, path) and "Испания" in rows(client, path)
    only = rows(client, f"{path}&of={third}")
    assert "Италия" in only and "Испания" not in only
