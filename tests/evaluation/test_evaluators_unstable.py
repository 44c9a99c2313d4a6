"""`/unstable/evaluators`: by name, whose next POST is the next version; answers checked against the contract."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database

from evaluation.models import Evaluator
from tests.conftest import Api
from tests.contract import check, check_list
from tests.evaluation.conftest import CODE, MAPPING, NUMBER_NESTED, PROMPT, Make, judge, refusal, unstable_judge

pytestmark = pytest.mark.django_db

PATH = "unstable/evaluators"


def test_a_judge_reads_back_as_it_was_sent(api: Api, connection: str) -> None:
    chosen = {"provider": connection, "model": "tiny-judge"}
    answer = api.post(PATH, unstable_judge(modelConfig=chosen, mapping=MAPPING))
    assert answer.status_code == 200, answer.content
    made = answer.json()
    check(made, "unstableEvaluator")
    assert (made["name"], made["type"], made["version"]) == ("Right", "llm_as_judge", 1)
    assert (made["prompt"], made["variables"], made["mapping"]) == (PROMPT, ["answer", "reference"], MAPPING)
    assert (made["outputDefinition"], made["modelConfig"]) == (NUMBER_NESTED, chosen)
    assert made["evaluationRuleCount"] == 0
    assert api.get(f"{PATH}/{made['id']}").json() == made


def test_a_program_exposes_what_it_will_get(make: Make) -> None:
    made = make(PATH, {"name": "Length", **CODE})
    check(made, "unstableEvaluator")
    assert {name: made[name] for name in CODE} == CODE
    assert "toolCalls" in made["variables"]
    assert made["mapping"] is None


@pytest.mark.parametrize("left_out", [{}, {"type": None, "modelConfig": None, "mapping": None}])
def test_without_a_type_it_is_a_judge(make: Make, left_out: dict[str, Any]) -> None:
    body = unstable_judge()
    del body["type"]
    made = make(PATH, {**body, **left_out})
    check(made, "unstableEvaluator")
    assert (made["type"], made["modelConfig"], made["mapping"]) == ("llm_as_judge", None, None)


@pytest.mark.parametrize(
    "output",
    [
        {"dataType": "BOOLEAN", "reasoning": {"description": "Why"}, "score": {"description": "Right?"}},
        {
            "dataType": "CATEGORICAL",
            "reasoning": {"description": "Why"},
            "score": {"description": "d", "categories": ["a", "b"], "shouldAllowMultipleMatches": False},
        },
    ],
)
def test_each_kind_of_output_reads_back(make: Make, output: dict[str, Any]) -> None:
    made = make(PATH, unstable_judge(outputDefinition=output))
    check(made, "unstableEvaluator")
    assert made["outputDefinition"] == output


def test_the_same_name_makes_the_next_version(api: Api, make: Make) -> None:
    first = make(PATH, unstable_judge())
    second = make(PATH, unstable_judge(prompt="{{x}}"))
    assert (second["id"], second["version"], second["variables"]) == (first["id"], 2, ["x"])
    assert api.get(PATH).json()["data"] == [second]
    history = api.get(f"v2/evaluators/{first['id']}/versions").json()["data"]
    assert [version["version"] for version in history] == [2, 1]
    assert make(PATH, {"name": "Right", **CODE})["id"] != first["id"], "another type is another family"


def test_a_name_that_several_have_says_nothing(api: Api, make: Make) -> None:
    for _again in range(2):
        make("v2/evaluators", judge())
    details = refusal(api.post(PATH, unstable_judge()), 409, "name_conflict")
    assert details["field"] == "name"


def test_what_the_newer_dialect_made_can_be_read(api: Api, make: Make) -> None:
    prompt = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "{{a}}"}]
    made = make("v2/evaluators", judge(prompt=prompt, outputDefinition={"dataType": "BOOLEAN"}))
    shown = api.get(f"{PATH}/{made['id']}").json()
    check(shown, "unstableEvaluator")
    assert shown["prompt"] == "Judge.\n\n{{a}}"
    assert shown["outputDefinition"]["score"] == {"description": ""}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"type": "wizard"}, "type"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": [{"role": "user", "content": "a"}]}, "prompt"),
        ({"outputDefinition": {"dataType": "NUMERIC"}}, "outputDefinition"),
        ({"outputDefinition": {**NUMBER_NESTED, "reasoning": {"description": " "}}},
         "outputDefinition.reasoning.description"),
        ({"outputDefinition": {**NUMBER_NESTED, "score": {"description": ""}}}, "outputDefinition.score.description"),
        ({"outputDefinition": {**NUMBER_NESTED, "dataType": "TEXT"}}, "outputDefinition.dataType"),
        ({"outputDefinition": {**NUMBER_NESTED, "dataType": "BOOLEAN"}}, "outputDefinition.score.minValue"),
        ({"outputDefinition": {**NUMBER_NESTED, "score": {"description": "d", "minValue": 1, "maxValue": 0}}},
         "outputDefinition.score.maxValue"),
        ({"outputDefinition": {**NUMBER_NESTED, "dataType": "CATEGORICAL", "score": {"description": "d"}}},
         "outputDefinition.score.categories"),
    ],
)  # fmt: skip
def test_a_faulty_judge_is_refused_with_the_name_of_the_field(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post(PATH, unstable_judge(**change))
    refusal(answer, 400, "invalid_body", field)
    check(answer.json(), "unstablePublicApiError")
    assert not Evaluator.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "code", "said"),
    [
        (MAPPING[:1], "missing_variable_mapping", {"field": "mapping", "variables": ["reference"]}),
        ([*MAPPING, MAPPING[0]], "duplicate_variable_mapping", {"variable": "answer"}),
        ([{"variable": "x", "source": "input"}], "invalid_variable_mapping", {"field": "mapping[0].variable"}),
        ([{"variable": "answer", "source": "x"}], "invalid_variable_mapping", {"field": "mapping[0].source"}),
        ([{**MAPPING[0], "jsonPath": "x"}], "invalid_json_path", {"field": "mapping[0].jsonPath", "value": "x"}),
        ([{**MAPPING[0], "jsonPath": "$[0"}], "invalid_json_path", {"variable": "answer", "value": "$[0"}),
    ],
)
def test_a_faulty_mapping_has_a_code_of_its_own(api: Api, mapping: Any, code: str, said: dict[str, Any]) -> None:
    answer = api.post(PATH, unstable_judge(mapping=mapping))
    check(answer.json(), "unstablePublicApiError")
    details = refusal(answer, 400, code)
    assert {name: details[name] for name in said} == said


def test_a_model_that_is_not_to_be_had_is_422(api: Api) -> None:
    answer = api.post(PATH, unstable_judge(modelConfig={"provider": "nobody", "model": "m"}))
    check(answer.json(), "unstablePublicApiError")
    details = refusal(answer, 422, "evaluator_preflight_failed")
    assert (details["evaluatorName"], details["provider"], details["model"]) == ("Right", "nobody", "m")


def test_evaluators_are_listed_by_pages(api: Api, make: Make) -> None:
    for n in range(3):
        make(PATH, unstable_judge(name=f"e{n}"))
    answer = api.get(PATH, limit=2).json()
    check(answer, "unstableEvaluators")
    check_list(answer, "unstableEvaluator")
    assert [row["name"] for row in answer["data"]] == ["e2", "e1"]
    assert answer["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    assert [row["name"] for row in api.get(PATH, limit=2, page=2).json()["data"]] == ["e0"]
    refusal(api.get(PATH, limit=101), 400, "invalid_query", "limit")
    refusal(api.get(PATH, page=0), 400, "invalid_query", "page")


def test_a_list_costs_the_same_however_long(api: Api, make: Make, django_assert_num_queries: Any) -> None:
    for n in range(4):
        make(PATH, unstable_judge(name=f"e{n}"))
    api.get(PATH)
    with django_assert_num_queries(4):
        api.get(PATH)


def test_a_deleted_evaluator_is_gone(api: Api, make: Make) -> None:
    made = make(PATH, unstable_judge())
    answer = api.delete(f"{PATH}/{made['id']}")
    check(answer.json(), "unstableDeleteEvaluatorResponse")
    assert (answer.status_code, answer.json()) == (200, {"message": "Evaluator successfully deleted"})
    refusal(api.get(f"{PATH}/{made['id']}"), 404, "resource_not_found")


def test_others_find_nothing_and_have_names_of_their_own(api: Api, other_api: Api, make: Make) -> None:
    made = make(PATH, unstable_judge())
    refusal(other_api.get(f"{PATH}/{made['id']}"), 404, "resource_not_found")
    refusal(other_api.delete(f"{PATH}/{made['id']}"), 404, "resource_not_found")
    assert other_api.get(PATH).json()["data"] == []
    theirs = other_api.post(PATH, unstable_judge()).json()
    assert (theirs["version"], theirs["id"] != made["id"]) == (1, True)
    assert api.get(f"{PATH}/{made['id']}").json() == made


def test_refusals_before_the_view_are_structured_too(api: Api, nobody_api: Api) -> None:
    for answer, status, code in (
        (nobody_api.get(PATH), 401, "authentication_failed"),
        (api.patch(PATH, {}), 405, "method_not_allowed"),
        (api.post(PATH, b"{"), 400, "invalid_body"),
    ):
        check(answer.json(), "unstablePublicApiError")
        refusal(answer, status, code)


@pytest.mark.django_db(transaction=True)
def test_a_name_sent_by_many_at_once_is_one_evaluator(api: Api) -> None:
    def post(_n: int) -> int:
        try:
            return api.post(PATH, unstable_judge()).status_code
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(post, range(8))) == {200}
    (evaluator,) = Evaluator.objects.all()
    assert sorted(evaluator.versions.values_list("version", flat=True)) == list(range(1, 9))
