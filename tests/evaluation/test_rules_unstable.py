"""`/unstable/evaluation-rules`: targets, evaluators by name, the older spelling; checked against the contract."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database

from evaluation.models import EvaluationRule, Evaluator
from tests.conftest import Api
from tests.contract import check, check_list
from tests.evaluation.conftest import CODE, MAPPING, PROMPT, Make, judge, refusal, unstable_judge

pytestmark = pytest.mark.django_db

PATH = "unstable/evaluation-rules"
ANY = {"type": "stringOptions", "column": "level", "operator": "any of", "value": ["ERROR"]}
RIGHT = {"name": "Right"}
EXPECTED = [MAPPING[0], {"variable": "reference", "source": "expected_output"}]


@pytest.fixture
def right(make: Make, connection: str) -> dict[str, Any]:
    """A judge without a default mapping, and a connection for it."""
    return make("unstable/evaluators", unstable_judge())


@pytest.fixture
def fair(make: Make, connection: str) -> dict[str, Any]:
    """A judge with a default mapping."""
    return make("unstable/evaluators", unstable_judge(name="Fair", mapping=MAPPING))


@pytest.fixture
def length(make: Make) -> dict[str, Any]:
    return make("unstable/evaluators", {"name": "Length", **CODE})


def rule(**fields: Any) -> dict[str, Any]:
    """A rule in the older spelling."""
    body = {"name": "All", "target": "observation", "enabled": True, "evaluator": RIGHT, "mapping": MAPPING}
    return {name: value for name, value in {**body, **fields}.items() if value is not ...}


def several(*evaluators: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A rule in the newer spelling."""
    return rule(evaluator=..., mapping=..., evaluators=list(evaluators), **fields)


def test_a_rule_in_the_older_spelling(api: Api, right: dict[str, Any]) -> None:
    answer = api.post(PATH, rule(sampling=0.5, filter=[ANY]))
    assert answer.status_code == 200, answer.content
    made = answer.json()
    check(made, "unstableEvaluationRule")
    reference = {"id": right["id"], "name": "Right", "type": "llm_as_judge"}
    assert made["evaluator"] == reference
    assert made["evaluators"] == [{"evaluator": reference, "mapping": MAPPING}]
    assert (made["mapping"], made["filter"], made["sampling"]) == (MAPPING, [ANY], 0.5)
    assert (made["target"], made["enabled"], made["status"]) == ("observation", True, "active")
    assert (made["pausedReason"], made["pausedMessage"]) == (None, None)
    assert api.get(f"{PATH}/{made['id']}").json() == made
    assert api.get(f"unstable/evaluators/{right['id']}").json()["evaluationRuleCount"] == 1


def test_a_rule_in_the_newer_spelling(make: Make, right: dict[str, Any], fair: dict[str, Any], length: Any) -> None:
    code = {"evaluator": {"name": "Length", "type": "code"}}
    body = several({"evaluator": {"name": "Fair", "type": None}}, {"evaluator": RIGHT, "mapping": MAPPING}, code)
    made = make(PATH, {**body, "sampling": None, "filter": None})
    check(made, "unstableEvaluationRule")
    assert [one["mapping"] for one in made["evaluators"]] == [None, MAPPING, None]
    assert [one["evaluator"]["id"] for one in made["evaluators"]] == [fair["id"], right["id"], length["id"]]
    assert made["mapping"] == MAPPING, "what the first one inherits"
    assert (made["sampling"], made["filter"]) == (1, [])


def test_code_gets_a_fixed_mapping(make: Make, length: dict[str, Any]) -> None:
    made = make(PATH, rule(evaluator={"name": "Length", "type": "code"}, mapping=...))
    check(made, "unstableEvaluationRule")
    assert {"variable": "toolCalls", "source": "tool_calls"} in made["mapping"]
    assert made["evaluators"][0]["mapping"] is None


def test_an_experiment_is_a_filter_in_the_other_dialect(api: Api, make: Make, right: dict[str, Any]) -> None:
    dataset = make("v2/datasets", {"name": "d"})["id"]
    wanted = {"type": "stringOptions", "column": "datasetId", "operator": "any of", "value": [dataset]}
    made = make(PATH, rule(target="experiment", filter=[wanted], mapping=EXPECTED))
    check(made, "unstableEvaluationRule")
    assert (made["target"], made["filter"], made["mapping"]) == ("experiment", [wanted], EXPECTED)
    root = {"type": "boolean", "column": "isExperimentItemRootSpan", "operator": "=", "value": True}
    assert api.get(f"v2/evaluation-rules/{made['id']}").json()["filter"] == [root, wanted]
    assert api.patch(f"v2/evaluation-rules/{made['id']}", {"filter": []}).status_code == 200
    assert api.get(f"{PATH}/{made['id']}").json()["target"] == "observation"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": ...}, "name"),
        ({"target": "trace"}, "target"),
        ({"target": ...}, "target"),
        ({"enabled": ...}, "enabled"),
        ({"enabled": 1}, "enabled"),
        ({"sampling": 0}, "sampling"),
        ({"sampling": 2}, "sampling"),
        ({"filter": "x"}, "filter"),
        ({"filter": [{**ANY, "operator": "="}]}, "filter.0.operator"),
        ({"evaluator": ...}, "evaluators"),
        ({"evaluator": {}}, "evaluator"),
        ({"evaluator": {"name": "Right", "type": "wizard"}}, "evaluator.type"),
        ({"evaluators": [{"evaluator": RIGHT}]}, "evaluators"),
        ({"evaluators": [], "evaluator": ..., "mapping": ...}, "evaluators"),
        ({"mapping": [{"variable": "answer"}]}, "mapping.0"),
    ],
)
def test_a_faulty_rule_is_refused_with_the_name_of_the_field(
    api: Api, right: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = api.post(PATH, rule(**change))
    check(answer.json(), "unstablePublicApiError")
    refusal(answer, 400, "invalid_body", field)
    assert not EvaluationRule.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"filter": [{**ANY, "column": "color"}]}, "invalid_filter_value", {"column": "color"}),
        ({"filter": [{**ANY, "column": "datasetId"}]}, "invalid_filter_value", {"column": "datasetId"}),
        ({"filter": [{**ANY, "value": ["BAD", "ERROR"]}]}, "invalid_filter_value", {"invalidValues": ["BAD"]}),
        (
            {
                "target": "experiment",
                "filter": [
                    {"type": "stringOptions", "column": "datasetId", "operator": "any of", "value": ["nowhere"]}
                ],
            },
            "invalid_filter_value",
            {"column": "datasetId", "invalidValues": ["nowhere"], "field": "filter[0].value"},
        ),
        ({"mapping": ...}, "missing_variable_mapping", {"variables": ["answer", "reference"]}),
        ({"mapping": [*MAPPING, MAPPING[0]]}, "duplicate_variable_mapping", {"variable": "answer"}),
        ({"mapping": EXPECTED}, "invalid_variable_mapping", {"field": "mapping[1].source"}),
        ({"mapping": [{**MAPPING[0], "jsonPath": "$["}, MAPPING[1]]}, "invalid_json_path", {"variable": "answer"}),
    ],
)
def test_what_can_be_repaired_has_a_code_of_its_own(
    api: Api, right: dict[str, Any], change: dict[str, Any], code: str, said: dict[str, Any]
) -> None:
    answer = api.post(PATH, rule(**change))
    check(answer.json(), "unstablePublicApiError")
    details = refusal(answer, 400, code)
    assert {name: details[name] for name in said} == said


def test_a_fault_in_one_of_several_says_which(api: Api, right: dict[str, Any], fair: dict[str, Any]) -> None:
    answer = api.post(PATH, several({"evaluator": {"name": "Fair"}}, {"evaluator": RIGHT, "mapping": MAPPING[:1]}))
    assert refusal(answer, 400, "missing_variable_mapping")["field"] == "evaluators[1].mapping"


def test_an_inherited_mapping_must_fit_the_target_too(api: Api, make: Make, connection: str) -> None:
    make("unstable/evaluators", unstable_judge(mapping=EXPECTED))
    refusal(api.post(PATH, rule(mapping=...)), 400, "invalid_variable_mapping")
    made = make(PATH, rule(mapping=..., target="experiment"))
    refusal(api.patch(f"{PATH}/{made['id']}", {"target": "observation"}), 400, "invalid_variable_mapping")


def test_unknown_evaluators_and_those_of_a_name_that_several_have(api: Api, make: Make, right: Any) -> None:
    refusal(api.post(PATH, rule(evaluator={"name": "Nobody"})), 404, "resource_not_found")
    refusal(api.post(PATH, rule(evaluator={"name": "Right", "type": "code"}, mapping=...)), 404, "resource_not_found")
    make("v2/evaluators", judge())
    refusal(api.post(PATH, rule()), 409, "name_conflict")
    make("unstable/evaluators", unstable_judge(name="Fair", mapping=MAPPING))
    refusal(api.post(PATH, several(*[{"evaluator": {"name": "Fair"}}] * 2)), 409, "conflict")


def test_a_name_is_taken_once(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule())
    answer = api.post(PATH, rule())
    check(answer.json(), "unstablePublicApiError")
    assert refusal(answer, 409, "name_conflict")["field"] == "name"
    assert made["id"] in answer.json()["message"]
    other = make(PATH, rule(name="Other"))
    refusal(api.patch(f"{PATH}/{other['id']}", {"name": "All"}), 409, "name_conflict")
    assert api.patch(f"{PATH}/{other['id']}", {"name": "Other"}).status_code == 200


@pytest.mark.usefixtures("many_active")
def test_there_are_at_most_500_active_rules(api: Api, make: Make, right: dict[str, Any]) -> None:
    answer = api.post(PATH, rule())
    check(answer.json(), "unstablePublicApiError")
    assert refusal(answer, 409, "conflict")["limit"] == 500
    assert make(PATH, rule(enabled=False))["status"] == "inactive"


def test_what_cannot_run_is_not_switched_on(api: Api, make: Make) -> None:
    make("unstable/evaluators", unstable_judge())
    answer = api.post(PATH, rule())
    check(answer.json(), "unstablePublicApiError")
    refusal(answer, 422, "evaluator_preflight_failed")
    made = make(PATH, rule(enabled=False))
    refusal(api.patch(f"{PATH}/{made['id']}", {"enabled": True}), 422, "evaluator_preflight_failed")


# --- Status ------------------------------------------------------------------------------------------------


def test_a_paused_evaluator_pauses_its_rule(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule())
    Evaluator.objects.update(paused_at="2026-01-01T00:00:00Z", paused_reason="no_money", paused_message="Pay first.")
    shown = api.get(f"{PATH}/{made['id']}").json()
    check(shown, "unstableEvaluationRule")
    assert (shown["status"], shown["pausedReason"], shown["pausedMessage"]) == ("paused", "no_money", "Pay first.")
    assert api.patch(f"{PATH}/{made['id']}", {"enabled": False}).json()["status"] == "inactive"


def test_a_new_variable_that_nobody_mapped_pauses_the_rule_until_it_is(
    api: Api, make: Make, right: dict[str, Any]
) -> None:
    made = make(PATH, rule())
    make("unstable/evaluators", unstable_judge(prompt=PROMPT + " {{tone}}"))
    shown = api.get(f"{PATH}/{made['id']}").json()
    assert (shown["status"], shown["pausedReason"]) == ("paused", "missing_variable_mapping")
    assert "tone" in shown["pausedMessage"]
    whole = [*MAPPING, {"variable": "tone", "source": "input"}]
    assert api.patch(f"{PATH}/{made['id']}", {"mapping": whole}).json()["status"] == "active"


# --- Changes -----------------------------------------------------------------------------------------------


def test_what_is_left_out_or_null_stays(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule(filter=[ANY], target="experiment"))
    changed = api.patch(f"{PATH}/{made['id']}", {"sampling": 0.1, "name": None, "filter": None, "target": None})
    check(changed.json(), "unstableEvaluationRule")
    assert changed.json() == {**made, "sampling": 0.1, "updatedAt": changed.json()["updatedAt"]}
    for body in ({}, {"name": None}):
        refusal(api.patch(f"{PATH}/{made['id']}", body), 400, "invalid_request")


def test_a_target_is_changed_with_what_fits_it(api: Api, make: Make, right: dict[str, Any]) -> None:
    dataset = make("v2/datasets", {"name": "d"})["id"]
    wanted = {"type": "stringOptions", "column": "datasetId", "operator": "any of", "value": [dataset]}
    made = make(PATH, rule(target="experiment", filter=[wanted]))
    one = f"{PATH}/{made['id']}"
    refusal(api.patch(one, {"target": "observation"}), 400, "invalid_filter_value")
    changed = api.patch(one, {"target": "observation", "filter": [ANY]}).json()
    assert (changed["target"], changed["filter"]) == ("observation", [ANY])
    assert api.patch(one, {"filter": []}).json()["target"] == "observation"


def test_the_older_spelling_changes_the_first_evaluator_only(
    api: Api, make: Make, right: dict[str, Any], fair: dict[str, Any], length: dict[str, Any]
) -> None:
    code = {"evaluator": {"name": "Length", "type": "code"}}
    made = make(PATH, several({"evaluator": RIGHT, "mapping": MAPPING}, code))
    one = f"{PATH}/{made['id']}"
    remapped = [{**MAPPING[0], "source": "input"}, MAPPING[1]]
    changed = api.patch(one, {"mapping": remapped}).json()
    check(changed, "unstableEvaluationRule")
    assert [pair["mapping"] for pair in changed["evaluators"]] == [remapped, None]
    changed = api.patch(one, {"evaluator": {"name": "Fair"}}).json()
    assert [pair["evaluator"]["id"] for pair in changed["evaluators"]] == [fair["id"], length["id"]]
    assert changed["mapping"] == remapped, "the rule's own mapping stays"
    refusal(api.patch(one, {"evaluator": {"name": "Length"}}), 404, "resource_not_found")
    refusal(api.patch(one, {"evaluators": [code], "mapping": MAPPING}), 400, "invalid_body", "evaluators")
    changed = api.patch(one, {"evaluators": [code]}).json()
    assert [pair["evaluator"]["name"] for pair in changed["evaluators"]] == ["Length"]
    refusal(api.patch(one, {"mapping": MAPPING}), 400, "invalid_body", "mapping")


def test_a_rule_without_evaluators_is_still_there(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule())
    assert api.delete(f"unstable/evaluators/{right['id']}").status_code == 200
    shown = api.get(f"{PATH}/{made['id']}").json()
    check(shown, "unstableEvaluationRule")
    assert (shown["evaluator"], shown["evaluators"], shown["mapping"]) == (None, [], [])
    assert (shown["enabled"], shown["status"]) == (False, "inactive")
    refusal(api.patch(f"{PATH}/{made['id']}", {"mapping": MAPPING}), 400, "invalid_body", "mapping")
    make("unstable/evaluators", unstable_judge())
    back = api.patch(f"{PATH}/{made['id']}", {"evaluator": RIGHT, "mapping": MAPPING, "enabled": True}).json()
    assert (back["status"], back["mapping"]) == ("active", MAPPING)


# --- Lists, deletion, others -------------------------------------------------------------------------------


def test_rules_are_listed_by_pages(api: Api, make: Make, right: dict[str, Any]) -> None:
    for n in range(3):
        make(PATH, rule(name=f"r{n}"))
    answer = api.get(PATH, limit=2).json()
    check_list(answer, "unstableEvaluationRule")
    assert [row["name"] for row in answer["data"]] == ["r2", "r1"]
    assert answer["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    refusal(api.get(PATH, limit="x"), 400, "invalid_query", "limit")


def test_a_list_costs_the_same_however_long(
    api: Api, make: Make, right: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for n in range(4):
        make(PATH, rule(name=f"r{n}"))
    api.get(PATH)
    with django_assert_num_queries(5):
        api.get(PATH)


def test_a_deleted_rule_is_gone(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule())
    answer = api.delete(f"{PATH}/{made['id']}")
    check(answer.json(), "unstableDeleteEvaluationRuleResponse")
    assert (answer.status_code, answer.json()) == (200, {"message": "Evaluation rule successfully deleted"})
    refusal(api.get(f"{PATH}/{made['id']}"), 404, "resource_not_found")


def test_others_find_nothing(api: Api, other_api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule())
    one = f"{PATH}/{made['id']}"
    for answer in (other_api.get(one), other_api.patch(one, {"enabled": False}), other_api.delete(one)):
        refusal(answer, 404, "resource_not_found")
    refusal(other_api.post(PATH, rule()), 404, "resource_not_found")
    assert other_api.get(PATH).json()["data"] == []
    assert api.get(one).json() == made


@pytest.mark.django_db(transaction=True)
def test_two_rules_of_one_name_are_not_made_at_once(api: Api, right: dict[str, Any]) -> None:
    def post(_n: int) -> int:
        try:
            return api.post(PATH, rule()).status_code
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(post, range(4))) == [200, 409, 409, 409]
    assert EvaluationRule.objects.count() == 1
