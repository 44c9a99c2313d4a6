"""The demo plays the tutorial through the public API of a running server."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Project
from promptlab import demo
from promptlab.demo import contents, model
from promptlab.demo.wire import Refused
from tests.conftest import Api, Keys, Server


def _demo_api() -> Api:
    """The public API with a key of the demo project."""
    from accounts.keys import create_key

    project = Project.objects.get(is_demo=True)
    made = create_key(project, note="test")
    return Api(Keys(project, made.key.public_key, made.secret))


def _get(api: Api, path: str, **query: Any) -> Any:
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_it_tells_the_whole_tutorial(server: Server) -> None:
    demo.run(server.url)
    api = _demo_api()

    prompts = {prompt["name"]: prompt["versions"] for prompt in _get(api, "v2/prompts")["data"]}
    assert prompts == {"test_1": [1], "test_2": [1, 2, 3]}
    assert len(_get(api, "dataset-items", datasetName="Capitals")["data"]) == 10
    assert _get(api, "v2/datasets/Capitals")["metadata"] == {"clearml_id": "CLEARML_ID"}

    verdicts = {}
    for name, *_ in contents.RUNS:
        run = _get(api, f"datasets/Capitals/runs/{name}")
        assert len(run["datasetRunItems"]) == 10
        scores = [
            score["value"]
            for item in run["datasetRunItems"]
            for score in _get(api, f"traces/{item['traceId']}")["scores"]
            if score["name"] == "exact_match"
        ]
        verdicts[name] = sum(scores)
    assert list(verdicts.values()) == [0, 9], "full stops spoil the first run, Cape Town one item of the second"

    (session,) = _get(api, "sessions")["data"]
    turns = _get(api, f"sessions/{session['id']}")["traces"]
    assert len(turns) == len(contents.CHAT)
    assert {config["name"] for config in _get(api, "score-configs")["data"]} == {"quality", "tone", "correct"}


def test_its_model_is_labelled_and_priced(server: Server) -> None:
    demo.run(server.url)
    generations = _get(_demo_api(), "observations", type="GENERATION", limit=100)["data"]
    assert {generation["model"] for generation in generations} == {"demo-offline"}
    assert all("not a language model" in generation["metadata"]["model"] for generation in generations)
    good = [generation for generation in generations if generation["level"] != "ERROR"]
    assert len(generations) - len(good) == 1
    assert all(generation["costDetails"]["total"] > 0 for generation in good)
    linked = [generation for generation in generations if generation["promptName"] == "test_2"]
    assert {generation["promptVersion"] for generation in linked} == {1, 2}


def test_playing_twice_changes_nothing(server: Server) -> None:
    demo.run(server.url)
    api = _demo_api()

    def counted() -> dict[str, int]:
        paths = ("traces", "observations", "scores", "v2/prompts", "v2/datasets", "dataset-items", "score-configs")
        return {path: _get(api, path, limit=1)["meta"]["totalItems"] for path in paths} | {
            name: len(_get(api, f"datasets/Capitals/runs/{name}")["datasetRunItems"]) for name, *_ in contents.RUNS
        }

    before = counted()
    demo.run(server.url)
    assert counted() == before


def test_it_is_wanted_until_it_was_played_whoever_deletes_it(server: Server) -> None:
    assert demo.is_wanted()
    demo.run(server.url)
    assert not demo.is_wanted()
    Project.objects.filter(is_demo=True).delete()
    assert not demo.is_wanted()


def test_other_projects_see_nothing_of_it(server: Server) -> None:
    demo.run(server.url)
    with server.http as http:
        assert http.get("/traces").json()["data"] == []


def test_the_command_can_be_turned_off(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTLAB_DEMO", "0")
    said = io.StringIO()
    call_command("demo", stdout=said)
    assert "turns the demo off" in said.getvalue()
    assert not Project.objects.filter(is_demo=True).exists()


def test_a_server_that_does_not_answer_is_one_sentence(organization: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.demo.wire.PAUSE", 0)
    with pytest.raises(CommandError, match="could not be filled: GET models"):
        call_command("demo", "--base-url", "http://127.0.0.1:9")


def test_a_refusal_says_what_was_refused(server: Server) -> None:
    wire = demo.Wire(server.url, "pk-lf-unknown", "sk-lf-wrong")
    with pytest.raises(Refused, match="GET models: 401"):
        wire.get("models")


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([contents.GEOGRAPHER, {"role": "user", "content": "Столица: Италия"}], "Рим."),
        ([contents.GEOGRAPHER, *contents.EXAMPLES, {"role": "user", "content": "Столица: Италия"}], "Рим"),
        ([{"role": "user", "content": "Столица: Южная африка"}], "Кейптаун."),
    ],
)
def test_the_model_answers_in_the_form_it_is_shown(messages: model.Messages, said: str) -> None:
    assert model.answer(messages).text == said
