"""Runs, one run, all experiments."""

import pytest

from datasets.models import DatasetRun
from tests.conftest import Keys
from tests.datasets.conftest import MOMENT
from tracing.records import Changes, ObservationChange
from tracing.store import store


@pytest.fixture
def at(project: Keys, dataset):
    return lambda path="": f"/project/{project.id}/datasets/{dataset['id']}{path}"


def test_runs_show_n_means_with_intervals_and_cost(page_client, vera, at, run) -> None:
    run("all right", ["Рим", "Мадрид", "Бразилиа"])
    run("one wrong", ["Рим", "Мадрид.", "Бразилиа"])
    page = page_client(vera).get(at("/runs")).content.decode()
    assert page.index("one wrong") < page.index("all right")
    assert "<strong>100 %</strong>" in page and "44 %…100 % · n=3" in page
    assert "<strong>67 %</strong>" in page and "21 %…94 % · n=3" in page
    assert "$0.75" in page and "1.50 s" in page


def test_scores_that_no_run_has_make_no_column(page_client, vera, at, run, measured, other_project) -> None:
    run("r", ["Рим", None, None])
    measured.score("unrelated", 1, trace_id="some other trace")
    assert "unrelated" not in page_client(vera).get(at("/runs")).content.decode()


def test_judges_of_one_name_stand_apart(page_client, vera, at, run, measured, capitals) -> None:
    run("r", ["Рим", None, None])
    measured.score("exact_match", 0, trace_id=f"r-{capitals[0]['id']}", source="ANNOTATION")
    page = page_client(vera).get(at("/runs")).content.decode()
    assert "annotation</span>" in page and "api</span>" in page


def test_labels_texts_and_scores_of_the_run_are_shown(page_client, vera, at, run, measured, capitals) -> None:
    run_id = run("r", ["Рим", "Мадрид", "Бразилиа"], score="")
    for item, label in zip(capitals, ["good", "good", "bad"], strict=True):
        measured.score("tone", label, trace_id=f"r-{item['id']}")
    measured.score("accuracy_of_run", 0.91, dataset_run_id=run_id)
    page = page_client(vera).get(at("/runs")).content.decode()
    assert "good 2 · bad 1" in page and "accuracy_of_run: 0.91" in page
    assert "of the whole run" in page_client(vera).get(at(f"/runs/{run_id}")).content.decode()


def test_the_list_of_runs_takes_a_constant_number_of_queries(
    page_client, vera, at, run, django_assert_max_num_queries
) -> None:
    for number in range(6):
        run(f"run {number}", ["Рим", "Лондон", None])
    client = page_client(vera)
    client.get(at("/runs"))
    with django_assert_max_num_queries(11):
        client.get(at("/runs"))


def test_a_run_shows_what_was_wrong(page_client, vera, at, run) -> None:
    run_id = run("r", ["Рим", "Мадрид.", None])
    page = page_client(vera).get(at(f"/runs/{run_id}")).content.decode()
    assert 'Мадрид<ins class="added">.</ins>' in page
    assert "as expected" in page and "not arrived yet" in page
    assert "Wrong 1" in page and "Errors 0" in page and "Not arrived 1" in page


def test_filters_choose_answers(page_client, vera, at, run, measured, capitals) -> None:
    run_id = run("r", ["Рим", "Лондон", None])
    measured.trace(f"r-{capitals[0]['id']}", "Рим", level="ERROR", status_message="timeout")
    client = page_client(vera)

    def rows(show: str) -> str:
        part = client.get(at(f"/runs/{run_id}?show={show}"), headers={"HX-Request": "true"}).content.decode()
        return part[part.index("<tbody>") :]

    assert "Лондон" in rows("wrong") and "Италия" not in rows("wrong")
    assert "Италия" in rows("error") and "Лондон" not in rows("error")
    assert "Бразилия" in rows("missing") and "Италия" not in rows("missing")
    assert "Бразилия" in rows("nonsense") and "Италия" in rows("nonsense")


def test_without_scores_wrong_is_what_was_not_expected(page_client, vera, at, run) -> None:
    run_id = run("r", ["Рим", "Лондон", None], score="")
    part = page_client(vera).get(at(f"/runs/{run_id}?show=wrong"), headers={"HX-Request": "true"}).content.decode()
    assert "Лондон" in part and "Италия" not in part


def test_repetitions_are_shown_each_and_averaged_by_item(page_client, vera, api, at, run, measured, capitals) -> None:
    run_id = run("r", ["Рим", "Мадрид", "Бразилиа"])
    for number, right in enumerate((0, 0, 1)):
        measured.trace(f"again{number}", "Roma")
        measured.score("exact_match", right, trace_id=f"again{number}")
        body = {"runName": "r", "datasetItemId": capitals[0]["id"], "traceId": f"again{number}"}
        api.post("dataset-run-items", body)
    page = page_client(vera).get(at(f"/runs/{run_id}")).content.decode()
    for number in range(1, 5):
        assert f"{number}/4" in page
    assert ">83 %<" in page  # (0.5 + 1 + 1) / 3 items, not 4 of 6 answers


def test_an_answer_that_is_an_observation_shows_its_own_output(
    page_client, vera, api, at, measured, capitals, project
) -> None:
    measured.trace("t", "of the trace", cost=1.0)
    inner = ObservationChange(
        id="inner", trace_id="t", seen_at=MOMENT, type="SPAN", start_time=MOMENT, output='"of the step"'
    )
    store().write(project.id, Changes(observations=[inner]))
    measured.score("mine", 1, trace_id="t", observation_id="inner")
    measured.score("of_another_step", 1, trace_id="t", observation_id="t-o")
    body = {"runName": "r", "datasetItemId": capitals[0]["id"], "traceId": "t", "observationId": "inner"}
    run_id = api.post("dataset-run-items", body).json()["datasetRunId"]
    page = page_client(vera).get(at(f"/runs/{run_id}")).content.decode()
    assert "of the step" in page and "of the trace" not in page
    assert "mine" in page and "of_another_step" not in page
    assert "$1" in page and "/traces/t?observation=inner" in page


def test_items_in_one_trace_cost_what_stands_below_them(
    page_client, vera, api, at, measured, capitals, project
) -> None:
    def step(name: str, parent: str | None, cost: float | None) -> ObservationChange:
        return ObservationChange(
            id=name,
            trace_id="one",
            seen_at=MOMENT,
            type="SPAN",
            start_time=MOMENT,
            parent_observation_id=parent,
            total_cost=cost,
            cost_details={"total": cost} if cost else None,
        )

    tree = [step("root", None, None), step("a", "root", None), step("a1", "a", 0.125), step("b", "root", 0.5)]
    store().write(project.id, Changes(observations=tree))
    run_id = ""
    for item, name in zip(capitals, ("a", "b"), strict=False):
        body = {"runName": "r", "datasetItemId": item["id"], "traceId": "one", "observationId": name}
        run_id = api.post("dataset-run-items", body).json()["datasetRunId"]
    page = page_client(vera).get(at(f"/runs/{run_id}")).content.decode()
    assert "$0.125<" in page and "$0.50<" in page and "$0.625<" in page


def test_one_run_takes_a_constant_number_of_queries(page_client, vera, at, run, django_assert_max_num_queries) -> None:
    run_id = run("r", ["Рим", "Лондон", None])
    client = page_client(vera)
    client.get(at(f"/runs/{run_id}"))
    with django_assert_max_num_queries(15):
        client.get(at(f"/runs/{run_id}"))


def test_people_annotate_in_place(page_client, bob, vera, at, run, capitals) -> None:
    run_id = run("r", ["Рим", None, None])
    assert f"/annotate?trace_id=r-{capitals[0]['id']}" in page_client(bob).get(at(f"/runs/{run_id}")).content.decode()
    assert "/annotate?" not in page_client(vera).get(at(f"/runs/{run_id}")).content.decode()


def test_a_run_is_deleted_with_its_own_scores_but_not_its_traces(
    page_client, bob, api, at, run, measured, capitals
) -> None:
    run_id = run("r", ["Рим", None, None])
    measured.score("verdict_of_run", 1, dataset_run_id=run_id)
    answer = page_client(bob).post(at(f"/runs/{run_id}"))
    assert answer.status_code == 302 and answer.url == at("/runs")
    assert not DatasetRun.objects.exists()
    assert run("r", ["Рим", None, None]) == run_id
    page = page_client(bob).get(at(f"/runs/{run_id}")).content.decode()
    assert "verdict_of_run" not in page and "exact_match" in page


def test_texts_of_models_are_not_markup(page_client, vera, at, run) -> None:
    run_id = run("r", ["<script>alert(1)</script>", None, None])
    assert "<script>alert" not in page_client(vera).get(at(f"/runs/{run_id}")).content.decode()


class TestExperiments:
    def test_all_runs_are_listed_with_their_datasets(self, page_client, vera, project, api, run, at) -> None:
        run("capital run", ["Рим", None, None])
        DatasetRun.objects.create(project_id=project.id, run_id="local1", name="local run")
        page = page_client(vera).get(f"/project/{project.id}/experiments").content.decode()
        assert "capital run" in page and "Capitals</a>" in page
        assert "data of the client" in page and "experiments/results?baseline=local1" in page

    def test_the_address_that_sdk_5_prints_opens_the_run(self, page_client, vera, project, run, at) -> None:
        run_id = run("r", ["Рим", None, None])
        client = page_client(vera)
        answer = client.get(f"/project/{project.id}/experiments/results?baseline={run_id}")
        assert answer.status_code == 302 and answer.url == at(f"/runs/{run_id}")
        for wrong in ("", "nope", "%00"):
            assert client.get(f"/project/{project.id}/experiments/results?baseline={wrong}").status_code == 404

    def test_a_run_over_data_of_the_client_has_a_page(self, page_client, bob, project, measured, api) -> None:
        made = DatasetRun.objects.create(project_id=project.id, run_id="local1", name="local run")
        measured.trace("t", "Roma", input='"Italy"')
        made.items.create(id="x", project_id=project.id, item_id="hash", trace_id="t", expected_output='"Rome"')
        path = f"/project/{project.id}/experiments/results?baseline=local1"
        page = page_client(bob).get(path).content.decode()
        assert '<del class="missing">Rome</del>' in page and "Italy" in page
        assert page_client(bob).post(path).url == f"/project/{project.id}/experiments"
        assert not DatasetRun.objects.exists()
