"""An experiment from the browser: described, estimated, started, watched, steered."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from evaluation.models import Evaluator, Experiment
from evaluation.runner import run
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, capitals, connect, prompt


class Bench:
    """Bob at the pages of experiments."""

    def __init__(self, client: Client, keys: Keys, connection: LlmConnection) -> None:
        self.client, self.keys, self.connection = client, keys, connection
        self.root = f"/project/{keys.id}/experiments"

    def form(self, **more: Any) -> dict[str, Any]:
        filled = {
            "name": "Try",
            "dataset": "",
            "prompt_name": ["capital"],
            "prompt_version": ["1"],
            "prompt_strategy": ["zero-shot"],
            "model_connection": [self.connection.pk],
            "model_model": [MODEL],
            "model_temperature": ["0"],
            "model_max_tokens": [""],
            "model_seed": [""],
            "model_more": [""],
            "model_name": [""],
            "variable_name": ["country"],
            "variable_source": [""],
            "variable_path": [""],
            "extraction": "whole",
            "repetitions": "1",
            "use_cache": "on",
        }
        return filled | more

    def page(self, path: str = "", **query: Any) -> str:
        answer = self.client.get(self.root + path, query)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()


@pytest.fixture
def bench(
    page_client: Callable[[User], Client],
    bob: User,
    project: Keys,
    api: Api,
    endpoint: Endpoint,
    not_enqueued: None,
) -> Bench:
    prompt(api)
    return Bench(page_client(bob), project, connect(project, endpoint.url, custom_models=[MODEL]))


@pytest.mark.django_db(transaction=True)
def test_from_the_form_to_the_results(bench: Bench, project: Keys) -> None:
    dataset, _items = capitals(project, 6)
    page = bench.page("/new", dataset=dataset.pk, prompt="capital", version="1")
    assert f'value="{MODEL}"' in page
    assert '<option value="1" selected>v1 · latest, production</option>' in page
    assert '<code class="variable">country</code>' in page
    metrics = bench.client.post(f"{bench.root}/new/metrics", bench.form(dataset=dataset.pk)).content.decode()
    assert metrics.count("checked") == 3 and "hx-preserve" not in metrics
    chosen = list(Evaluator.objects.filter(project_id=project.id).values_list("pk", flat=True))
    form = bench.form(
        dataset=dataset.pk,
        evaluators=chosen,
        model_connection=[bench.connection.pk] * 2,
        model_model=[MODEL, "gpt-4o-mini+fault=400"],
        model_temperature=["0", ""],
        model_max_tokens=["", "9"],
        model_seed=["", ""],
        model_more=["", ""],
        model_name=["", "broken"],
    )
    LlmConnection.objects.update(custom_models=[MODEL, "gpt-4o-mini+fault=400"])
    estimate = bench.client.post(f"{bench.root}/new/estimate", form).content.decode()
    assert "<strong>12</strong>" in estimate
    assert "data-error-field" not in estimate
    started = bench.client.post(f"{bench.root}/new", form)
    assert started.status_code == 302, started.content.decode()
    experiment = Experiment.objects.get()
    assert started.headers["Location"] == f"{bench.root}/{experiment.pk}"
    assert 'hx-trigger="every 1s"' in bench.page(f"/{experiment.pk}")
    while run(experiment.pk):
        pass
    page = bench.page(f"/{experiment.pk}")
    assert "12 of 12 finished" in page
    assert "6 failed" in page
    assert "bad_request" in page
    assert "every 1s" not in page
    cell = experiment.cells.order_by("position")[0]
    assert f"/datasets/{dataset.pk}/runs/{cell.run_id}" in page
    assert "zero-shot" in page
    assert "Retry failed" in page
    assert bench.page(f"/{experiment.pk}", list="all").count("badge good") >= 6
    manifest = bench.client.get(f"{bench.root}/{experiment.pk}/manifest")
    assert manifest.json()["models"][1]["parameters"] == {"max_tokens": 9}
    assert 'filename="try.json"' in manifest.headers["Content-Disposition"]
    assert "Try" in bench.page("/started")
    assert "zero-shot · " in bench.client.get(f"/project/{project.id}/datasets/{dataset.pk}/runs").content.decode()


def steer(bench: Bench, experiment: Experiment, **told: str) -> str:
    answer = bench.client.post(f"{bench.root}/{experiment.pk}", told, follow=True)
    assert answer.status_code == 200, answer.content
    experiment.refresh_from_db()
    return answer.content.decode()


def test_it_is_paused_resumed_renamed_cancelled_and_deleted(bench: Bench, project: Keys) -> None:
    dataset, _items = capitals(project, 2)
    bench.client.post(f"{bench.root}/new", bench.form(dataset=dataset.pk, cost_cap="0,5"))
    experiment = Experiment.objects.get()
    assert (experiment.status, experiment.cost_cap) == ("RUNNING", 0.5)
    assert "Resume" in steer(bench, experiment, do="pause")
    assert experiment.status == "PAUSED"
    steer(bench, experiment, do="start")
    assert experiment.status == "RUNNING"
    steer(bench, experiment, do="cap", cost_cap="2")
    assert experiment.cost_cap == 2
    assert "“much” is no number" in steer(bench, experiment, do="cap", cost_cap="much")
    steer(bench, experiment, do="rename", name="Better named", description="Why")
    assert experiment.name == "Better named"
    assert "Pause or cancel it first" in steer(bench, experiment, do="remove")
    steer(bench, experiment, do="cancel")
    assert experiment.status == "CANCELLED"
    assert bench.client.post(f"{bench.root}/{experiment.pk}", {"do": "remove"}).headers["Location"] == bench.root
    assert not Experiment.objects.exists()
    assert bench.client.get(f"{bench.root}/{experiment.pk}").status_code == 404
    assert bench.client.post(f"{bench.root}/new", {"do": "nonsense"}).status_code == 422


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"name": ""}, "Give the experiment a name"),
        ({"dataset": "nowhere"}, "dataset"),
        ({"prompt_name": [""]}, "Choose 1 to 50 prompts"),
        ({"prompt_version": ["99"], "prompt_name": ["none"]}, "Prompt not found"),
        ({"model_model": [""]}, "model"),
        ({"model_temperature": ["hot"]}, "“hot” is no number"),
        ({"model_more": ["{"]}, "This is not JSON"),
        ({"model_more": ["[1]"]}, "Give a JSON object of parameters"),
        ({"repetitions": "-1"}, "“-1” is no whole number"),
        ({"repetitions": "1000"}, "Give 1 to 100 repetitions"),
        ({"cost_cap": "0"}, "must be more than 0"),
        ({"extraction": "regex", "argument": "("}, "This is not a regular expression"),
        ({"version_at": "soon"}, "Give a date and a time"),
        ({"version_at": "2999-01-01T00:00"}, "lies in the future"),
        ({"variable_source": ["input"], "variable_path": ["nonsense"]}, "This is not a JSONPath"),
        ({"filter_key": "split", "filter_value": "test"}, "item"),
        ({"evaluators": ["nobody"]}, "evaluator"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    bench: Bench, project: Keys, typed: dict[str, Any], fault: str
) -> None:
    dataset, _items = capitals(project, 2)
    form = bench.form(**{"dataset": dataset.pk, "description": "Kept as typed", **typed})
    answer = bench.client.post(f"{bench.root}/new", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="errorlist"') == 1
    assert fault in page
    assert "Kept as typed" in page
    estimate = bench.client.post(f"{bench.root}/new/estimate", form).content.decode()
    assert "data-error-field" in estimate
    assert not Experiment.objects.exists()


def test_other_prompts_bring_their_variables(bench: Bench, project: Keys, api: Api) -> None:
    dataset, _items = capitals(project, 2)
    prompt(api, "two", "{{country}} {{topic}}")
    form = bench.form(dataset=dataset.pk, prompt_name=["two"])
    estimate = bench.client.post(f"{bench.root}/new/estimate", form).content.decode()
    assert "hx-swap-oob" in estimate
    assert '<code class="variable">topic</code>' in estimate
    editable = re.findall(r"<(?:select|input(?! type=.hidden))[^>]*>", estimate)
    assert len(editable) == 4 and all("hx-preserve" in one for one in editable), "what is being typed stays"
    again = bench.client.post(f"{bench.root}/new/estimate", form | {"variable_name": ["country", "topic"]})
    assert b"hx-swap-oob" not in again.content
    versions = bench.page("/new/versions", prompt_name="two")
    assert 'value="1" selected' in versions


def test_examples_are_left_out_and_told(bench: Bench, project: Keys, api: Api) -> None:
    dataset, _items = capitals(project, 6)
    prompt(api, "shots", "@@@promptlabExamples:dataset=Capitals|k=2@@@ {{country}}")
    form = bench.form(dataset=dataset.pk, prompt_name=["shots"])
    estimate = bench.client.post(f"{bench.root}/new/estimate", form).content.decode()
    assert "2 are left out" in estimate
    assert "<strong>4</strong>" in estimate


def test_the_form_opens_before_there_is_a_connection(
    page_client: Callable[[User], Client], bob: User, project: Keys
) -> None:
    for page in ("experiments/new", "playground", "evaluators/-/new"):
        assert page_client(bob).get(f"/project/{project.id}/{page}").status_code == 200, page


def test_viewers_watch_and_do_not_start(
    bench: Bench, page_client: Callable[[User], Client], vera: User, project: Keys
) -> None:
    dataset, _items = capitals(project, 2)
    bench.client.post(f"{bench.root}/new", bench.form(dataset=dataset.pk))
    experiment = Experiment.objects.get()
    veras = page_client(vera)
    assert veras.get(f"{bench.root}/{experiment.pk}").status_code == 200
    assert veras.get(f"{bench.root}/new").status_code == 403
    for do in ("pause", "cancel", "remove"):
        assert veras.post(f"{bench.root}/{experiment.pk}", {"do": do}).status_code == 403
    assert veras.post(f"{bench.root}/new/estimate", bench.form(dataset=dataset.pk)).status_code == 403
