"""Pages of evaluators and rules: defining, trying, watching, trying again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from evaluation import executing, tasks
from evaluation.models import Application, EvaluationRule, Evaluator, Execution
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint
from tests.evaluation.plans import MODEL, connect
from tests.evaluation.test_rules_at_work import send

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """Bob at the pages."""

    def __init__(self, client: Client, keys: Keys) -> None:
        self.client = client
        self.root = f"/project/{keys.id}/evaluators"

    def get(self, path: str = "", status: int = 200) -> str:
        answer = self.client.get(f"{self.root}{path}")
        assert answer.status_code == status, (answer.status_code, answer.content[:3000])
        return answer.content.decode()

    def post(self, path: str, form: dict[str, Any], status: int = 302, **more: Any) -> str:
        answer = self.client.post(f"{self.root}{path}", form, **more)
        assert answer.status_code == status, (answer.status_code, answer.content.decode()[-4000:])
        return answer.headers.get("Location", "") or answer.content.decode()


@pytest.fixture
def desk(bob: User, page_client: Callable[[User], Client], project: Keys, endpoint: Endpoint, monkeypatch: Any) -> Desk:
    monkeypatch.setattr("evaluation.applying.enqueue_application", lambda _id: True)
    monkeypatch.setattr("evaluation.views.executions.enqueue_executions", lambda _id: True)
    monkeypatch.setattr(tasks, "enqueue_executions", lambda _id: True)
    return Desk(page_client(bob), project)


JUDGE = {
    "type": "llm_as_judge",
    "name": "Right",
    "role": ["user"],
    "content": ["Is {{answer}} right for {{question}}?"],
    "variable": ["answer", "question"],
    "source": ["output", "metadata"],
    "path": ["", "$.asked"],
    "data_type": "NUMERIC",
    "min_value": "0",
    "max_value": "1",
    "provider": "house",
    "model": MODEL,
    "look": "observations",
    "n": "2",
}


def test_each_kind_is_started_from_the_library_and_becomes_an_evaluator_and_then_a_version(desk: Desk) -> None:
    library = desk.get("/-/library?language=ru")
    assert "?metric=exact" in library and "template=correctness&amp;language=ru" in library
    assert "Вы сверяете ответы с эталоном" in desk.get("/-/new?template=correctness&language=ru")
    assert 'name="setting_which"' in desk.get("/-/new?metric=number")
    desk.get("/-/new?metric=nonsense", status=404)

    own = {"type": "metric", "kind": "number", "name": "near", "setting_which": "last", "setting_absolute": "0,5"}
    own |= {"setting_relative": "0", "setting_decimal": "auto", "normalisation": "own", "profile_case": "on"}
    refused = desk.post("/-/new", own | {"setting_absolute": "a bit"}, status=422)
    assert "Give a number." in refused and 'value="a bit"' in refused
    desk.post("/-/new", own)
    near = Evaluator.objects.get(name="near").versions.get().metric
    assert near["settings"]["absolute"] == 0.5 and near["normalisation"]["case"] is True

    desk.post("/-/new", {"type": "code", "name": "program", "source_code": "def evaluate(output):\n    return 1"})
    at = "/" + Evaluator.objects.get(name="program").pk
    desk.post(f"{at}/edit", {"type": "code", "name": "program", "source_code": "def evaluate(output):\n    return 2"})
    desk.post(f"{at}/edit", {"type": "code", "name": "renamed", "source_code": "def evaluate(output):\n    return 2"})
    assert "v2" in desk.get(at) and "return 1" in desk.get(f"{at}?version=1") and "v3" not in desk.get(at)
    assert "renamed" in desk.get()


def test_a_judge_is_previewed_and_tried_on_what_is_there_before_it_is_saved(
    desk: Desk,
    project: Keys,
    api: Api,
    endpoint: Endpoint,
) -> None:
    connect(project, endpoint.url, custom_models=[MODEL])
    send(api, "one", metadata={"asked": "the capital of France"})
    preview = desk.post("/-/preview", JUDGE, status=200)
    assert "Paris" in preview and "the capital of France" in preview
    assert "There is nothing at metadata" in desk.post("/-/preview", JUDGE | {"path": ["", "$.lacking"]}, status=200)
    rows = desk.post("/-/variables", JUDGE | {"content": ["{{output}} and {{other}}"]}, status=200)
    assert rows.count('name="variable"') == 2
    same = JUDGE | {"content": ["Is {{answer}} right for {{question}}, really?"]}
    assert desk.post("/-/variables", same, status=204) == "", "what is typed into the rows meanwhile stays"
    tried = desk.post("/-/try", JUDGE, status=200)
    assert "Is Paris right for the capital of France?" in tried and "judge" in tried
    assert not Evaluator.objects.exists() and api.get("v2/scores").json()["data"] == []
    assert "There is no trace or observation" in desk.post("/-/try", JUDGE | {"look_id": "nowhere"}, status=422)
    code = {
        "type": "code",
        "source_code": "def evaluate(output):\n    print('seen')\n    return 1 / 0",
        "look": "traces",
    }
    broken = desk.post("/-/try", code | {"look": "observations"}, status=200)
    assert "ZeroDivisionError" in broken and "seen" in broken
    desk.post("/-/new", JUDGE)
    judge = Evaluator.objects.get()
    assert "$.asked" in desk.get(f"/{judge.pk}")
    desk.post("/-/run", {"kind": "observations", "id": ["one"], "evaluator": judge.pk, "do": "run"}, status=200)
    tasks.find_task(Application.objects.get().pk)
    executing.execute(project.id)
    judged = Execution.objects.get().judge_trace_id
    page = desk.client.get(f"/project/{project.id}/traces/trace-one?observation=one&tab=scores").content.decode()
    assert f"/traces/{judged}" in page, "a score leads to the call that gave it"


def test_a_rule_is_made_with_conditions_shows_what_it_would_take_and_is_switched(
    desk: Desk, project: Keys, api: Api
) -> None:
    desk.post("/-/new", {"type": "metric", "kind": "length", "name": "length", "setting_unit": "words"})
    length = Evaluator.objects.get()
    send(api, "one", name="answer")
    send(api, "two", name="other")
    form = {"name": "watch", "enabled": "on", "percent": "50", "delay": "0", "target": "observation"}
    form |= {"evaluators": [length.pk], "condition_column": ["name", "metadata", ""]}
    form |= {"condition_operator": ["any of", "is set", "any of"], "condition_value": ["answer, reply", "", ""]}
    form |= {"condition_key": ["", "expected", ""]}
    takes = desk.post("/rules/-/takes", form, status=200)
    assert "trace-one" in takes and "trace-two" not in takes
    wrong = desk.post("/rules/-/new", form | {"condition_operator": ["contains", "is set", "any of"]}, status=422)
    assert "choose one of" in wrong and 'value="answer, reply"' in wrong
    at = "/" + desk.post("/rules/-/new", form).partition("/evaluators/")[2]
    rule = EvaluationRule.objects.get()
    assert (rule.sampling, rule.delay_seconds, len(rule.filter)) == (0.5, 0, 2)
    assert "Name any of answer, reply" in desk.get(at) and "watch" in desk.get("/rules")
    assert 'value="50"' in desk.get(f"{at}/edit")
    desk.post(f"{at}/edit", form | {"percent": "100"})
    desk.post(at, {"do": "apply", "since": "all"})
    given = Application.objects.get()
    tasks.find_task(given.pk)
    executing.execute(project.id)
    assert "1 / 1" in desk.get(f"/-/applied/{given.pk}") and "length" in desk.get("/log?state=DONE")
    send(api, "three", name="answer")
    tasks.attend()
    desk.post(f"/{length.pk}", {"do": "pause"})
    paused = desk.get(at)
    assert "What arrives until then is not taken" in paused and "1 execution that was made before waits" in paused
    assert "1 / 1" in paused, "how far it has been applied is still told"
    desk.post(at, {"do": "off"})
    assert not EvaluationRule.objects.get().enabled
    desk.post(at, {"do": "remove"})
    assert "watch" not in desk.get("/rules") and set(Execution.objects.values_list("rule_id", flat=True)) == {None}


def test_a_rule_names_its_dataset_and_takes_it_by_name(desk: Desk, project: Keys, api: Api, other_api: Api) -> None:
    desk.post("/-/new", {"type": "metric", "kind": "length", "name": "length", "setting_unit": "words"})
    caps = api.post("/api/public/v2/datasets", {"name": "Caps <b>"}).json()["id"]
    comma = api.post("/api/public/v2/datasets", {"name": "one, two"}).json()["id"]
    other_api.post("/api/public/v2/datasets", {"name": "Theirs"})
    form = {"name": "watch", "percent": "50", "delay": "0", "target": "experiment"}
    form |= {"evaluators": [Evaluator.objects.get().pk], "condition_column": ["datasetId"], "condition_key": [""]}
    form |= {"condition_operator": ["any of"], "condition_value": [f"Caps <b>, {comma}"]}
    at = "/" + desk.post("/rules/-/new", form).partition("/evaluators/")[2]
    [condition] = [one for one in EvaluationRule.objects.get().filter if one["column"] == "datasetId"]
    assert condition["value"] == [caps, comma]
    named = f'<a href="/project/{project.id}/datasets/{caps}">Caps &lt;b&gt;</a>'
    assert named in desk.get(at) and named in desk.get("/rules")
    assert f'value="Caps &lt;b&gt;, {comma}"' in desk.get(f"{at}/edit"), "a name with a comma would be read as two"
    refused = desk.post(f"{at}/edit", form | {"condition_value": ["Theirs"]}, status=422)
    assert "there is no dataset with the id Theirs" in refused and 'value="Theirs"' in refused


def test_what_failed_is_in_the_log_is_tried_again_and_pauses_are_told_and_ended(
    desk: Desk, project: Keys, api: Api
) -> None:
    desk.post("/-/new", {"type": "code", "name": "broken", "source_code": "def evaluate(output):\n    return 1 / 0"})
    broken = Evaluator.objects.get()
    send(api, *(f"o{n}" for n in range(11)))
    rows = {"kind": "traces", "id": [f"trace-o{n}" for n in range(11)]}
    assert "broken" in desk.post("/-/run", rows, status=200)
    started = desk.post("/-/run", rows | {"evaluator": broken.pk, "do": "run"}, status=200)
    given = Application.objects.get()
    assert given.pk in started
    tasks.find_task(given.pk)
    executing.execute(project.id)
    page = desk.get(f"/{broken.pk}")
    assert "It failed 11 times in a row" in page or "It failed 10 times in a row" in page
    assert "Resume" in page and "paused" in desk.get()
    log = desk.get(f"/log?state=FAILED&evaluator={broken.pk}")
    assert log.count("ZeroDivisionError") == 11
    assert "is paused" in desk.post("/-/run", rows | {"evaluator": broken.pk, "do": "run"}, status=422)
    fixed = {"type": "code", "name": "broken", "source_code": "def evaluate(output):\n    return len(output or '')"}
    desk.post(f"/{broken.pk}/edit", fixed)
    assert Evaluator.objects.get().paused_at is None  # a new definition ends this kind of pause
    desk.post("/log?state=FAILED", {"all": "1"})
    executing.execute(project.id)
    assert set(Execution.objects.values_list("state", flat=True)) == {"DONE"}
    desk.post(f"/{broken.pk}", {"do": "pause"})
    assert Evaluator.objects.get().paused_reason == "paused_by_person"
    desk.post(f"/{broken.pk}", {"do": "resume"})
    desk.post(f"/{broken.pk}", {"do": "remove"})
    assert not Evaluator.objects.exists()
