"""`/v2/evaluation-rules`: which observations are scored by what, and what no rule may promise."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from evaluation.models import EvaluationRule
from tests.conftest import Api
from tests.evaluation.conftest import CODE, MAPPING, Make, judge, refusal

pytestmark = pytest.mark.django_db

PATH = "v2/evaluation-rules"
FILTER = [
    {"type": "stringOptions", "column": "type", "operator": "any of", "value": ["GENERATION", "AGENT"]},
    {"type": "stringObject", "column": "metadata", "key": "a", "operator": "is set", "value": ""},
    {"type": "stringObject", "column": "metadata", "key": "b", "operator": "contains", "value": "ё"},
    {"type": "arrayOptions", "column": "tags", "operator": "all of", "value": ["x"]},
    {"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True},
    {"type": "null", "column": "parentObservationId", "operator": "is null", "value": ""},
    {"type": "number", "column": "toolCalls", "operator": ">=", "value": 2},
    {"type": "string", "column": "userId", "operator": "starts with", "value": "u"},
]


@pytest.fixture
def right(make: Make, connection: str) -> dict[str, Any]:
    """A judge with a default mapping, and a model."""
    chosen = {"provider": connection, "model": "tiny-judge"}
    return make("v2/evaluators", judge(variableMapping=MAPPING, modelConfig=chosen))


@pytest.fixture
def bare(make: Make, connection: str) -> dict[str, Any]:
    """A judge without a default mapping."""
    return make("v2/evaluators", judge(name="Bare"))


def rule(*evaluators: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": "All answers",
        "enabled": True,
        "evaluatorAssignments": [{"evaluatorId": one["id"]} for one in evaluators],
        **fields,
    }


def test_a_rule_reads_back_as_it_was_sent(api: Api, right: dict[str, Any], bare: dict[str, Any]) -> None:
    body = rule(right, sampling=0.25, filter=FILTER)
    body["evaluatorAssignments"].append({"evaluatorId": bare["id"], "variableMapping": MAPPING[::-1]})
    answer = api.post(PATH, body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["name"], made["enabled"], made["sampling"], made["createdBy"]) == ("All answers", True, 0.25, None)
    assert made["filter"] == FILTER
    assert made["evaluatorAssignments"] == [
        {"evaluatorId": right["id"], "variableMapping": None},
        {"evaluatorId": bare["id"], "variableMapping": MAPPING[::-1]},
    ]
    assert api.get(f"{PATH}/{made['id']}").json() == made
    shown = [api.get(f"v2/evaluators/{one['id']}").json()["evaluationRuleAssignments"] for one in (right, bare)]
    assert shown == [
        [{"evaluationRuleId": made["id"]}],
        [{"evaluationRuleId": made["id"], "variableMappingOverride": MAPPING[::-1]}],
    ]
    (entry,) = AuditEntry.objects.filter(subject_type="evaluation_rule")
    assert (entry.action, entry.after["sampling"]) == ("create", 0.25)


def test_what_is_left_out_takes_everything(make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule(right))
    assert (made["sampling"], made["filter"]) == (1, [])


def test_a_draft_has_no_evaluators_and_names_may_be_taken_twice(make: Make) -> None:
    first, second = (make(PATH, rule(enabled=False)) for _again in range(2))
    assert first["evaluatorAssignments"] == []
    assert first["id"] != second["id"]


def test_datasets_and_experiments_can_be_asked_for(api: Api, make: Make, right: dict[str, Any]) -> None:
    dataset = make("v2/datasets", {"name": "d"})["id"]
    conditions = [
        {"type": "boolean", "column": "isExperimentItemRootSpan", "operator": "=", "value": True},
        {"type": "stringOptions", "column": "datasetId", "operator": "any of", "value": [dataset]},
        {"type": "stringOptions", "column": "experimentId", "operator": "none of", "value": ["e"]},
    ]
    assert make(PATH, rule(right, filter=conditions))["filter"] == conditions


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"enabled": None}, "enabled"),
        ({"enabled": "yes"}, "enabled"),
        ({"sampling": None}, "sampling"),
        ({"sampling": -0.1}, "sampling"),
        ({"sampling": 1.1}, "sampling"),
        ({"sampling": "1"}, "sampling"),
        ({"sampling": True}, "sampling"),
        ({"filter": None}, "filter"),
        ({"filter": {}}, "filter"),
        ({"filter": ["a"]}, "filter.0"),
        ({"filter": [FILTER[0]] * 101}, "filter"),
        ({"filter": [{**FILTER[0], "column": "color"}]}, "filter.0.column"),
        ({"filter": [{**FILTER[0], "column": "name\0"}]}, "filter.0"),
        ({"filter": [{**FILTER[0], "type": "string"}]}, "filter.0.type"),
        ({"filter": [{**FILTER[0], "type": None}]}, "filter.0.type"),
        ({"filter": [{**FILTER[0], "operator": "all of"}]}, "filter.0.operator"),
        ({"filter": [{**FILTER[0], "value": []}]}, "filter.0.value"),
        ({"filter": [{**FILTER[0], "value": "GENERATION"}]}, "filter.0.value"),
        ({"filter": [{**FILTER[0], "value": ["POEM"]}]}, "filter.0.value"),
        ({"filter": [{**FILTER[1], "key": None}]}, "filter.0.key"),
        ({"filter": [{**FILTER[1], "value": 1}]}, "filter.0.value"),
        ({"filter": [{**FILTER[2], "key": ""}]}, "filter.0.key"),
        ({"filter": [{**FILTER[2], "operator": "matches"}]}, "filter.0.operator"),
        ({"filter": [{**FILTER[4], "value": 1}]}, "filter.0.value"),
        ({"filter": [{**FILTER[6], "value": "2"}]}, "filter.0.value"),
        ({"filter": [{**FILTER[0], "column": "datasetId", "value": ["nowhere"]}]}, "filter.0.value"),
        ({"evaluatorAssignments": []}, "evaluatorAssignments"),
        ({"evaluatorAssignments": None}, "evaluatorAssignments"),
        ({"evaluatorAssignments": [{}]}, "evaluatorAssignments.0"),
        ({"evaluatorAssignments": [{"evaluatorId": 1}]}, "evaluatorAssignments.0.evaluatorId"),
    ],
)
def test_a_faulty_rule_is_refused_with_the_name_of_the_field(
    api: Api, right: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    refusal(api.post(PATH, rule(right, **change)), 400, "invalid_body", field)
    assert not EvaluationRule.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        (None, "evaluatorAssignments.0.variableMapping"),
        ([], "evaluatorAssignments.0.variableMapping"),
        (MAPPING[:1], "evaluatorAssignments.0.variableMapping"),
        ([*MAPPING, MAPPING[0]], "evaluatorAssignments.0.variableMapping"),
        ([*MAPPING, {"variable": "x", "source": "input"}], "evaluatorAssignments.0.variableMapping.2.variable"),
        ([{**MAPPING[0], "jsonPath": "$.["}, MAPPING[1]], "evaluatorAssignments.0.variableMapping.0.jsonPath"),
        ([{**MAPPING[0], "variable": "\0"}, MAPPING[1]], "evaluatorAssignments.0.variableMapping"),
        ([{**MAPPING[0], "source": "\0"}, MAPPING[1]], "evaluatorAssignments.0.variableMapping"),
        ([{**MAPPING[0], "jsonPath": "$['\0']"}, MAPPING[1]], "evaluatorAssignments.0.variableMapping"),
    ],
)
def test_each_variable_is_mapped_once(api: Api, bare: dict[str, Any], mapping: Any, field: str) -> None:
    assigned = [{"evaluatorId": bare["id"], "variableMapping": mapping}]
    refusal(api.post(PATH, rule(evaluatorAssignments=assigned)), 400, "invalid_body", field)


def test_code_takes_no_mapping(api: Api, make: Make) -> None:
    code = make("v2/evaluators", {"name": "Length", **CODE})
    assert make(PATH, rule(code))["enabled"] is True
    assigned = [{"evaluatorId": code["id"], "variableMapping": MAPPING}]
    refusal(api.post(PATH, rule(evaluatorAssignments=assigned)), 400, "invalid_body")


def test_an_evaluator_stands_once_in_a_rule_and_must_be_there(api: Api, right: dict[str, Any]) -> None:
    refusal(api.post(PATH, rule(right, right)), 409, "conflict")
    for evaluator_id in ("0" * 32, "\0", "x" * 900):
        refusal(api.post(PATH, rule({"id": evaluator_id})), 404, "resource_not_found")


def test_only_what_could_run_is_switched_on(api: Api, make: Make) -> None:
    lonely = make("v2/evaluators", judge(variableMapping=MAPPING))
    foreign = make("v2/evaluators", {"name": "t", **CODE, "sourceCodeLanguage": "TYPESCRIPT"})
    for evaluator in (lonely, foreign):
        details = refusal(api.post(PATH, rule(evaluator)), 412, "invalid_request")
        assert details["evaluatorName"] == evaluator["name"]
        made = make(PATH, rule(evaluator, enabled=False))
        refusal(api.patch(f"{PATH}/{made['id']}", {"enabled": True}), 412, "invalid_request")
        assert api.get(f"{PATH}/{made['id']}").json() == made


@pytest.mark.usefixtures("many_active")
def test_there_are_at_most_500_active_rules(api: Api, make: Make, right: dict[str, Any]) -> None:
    details = refusal(api.post(PATH, rule(right)), 409, "conflict")
    assert details["limit"] == 500
    made = make(PATH, rule(right, enabled=False))
    refusal(api.patch(f"{PATH}/{made['id']}", {"enabled": True}), 409, "conflict")
    other = EvaluationRule.objects.filter(enabled=True).first()
    assert api.patch(f"{PATH}/{other.pk}", {"enabled": False}).status_code == 200
    assert api.patch(f"{PATH}/{made['id']}", {"enabled": True}).json()["enabled"] is True


# --- Changes -----------------------------------------------------------------------------------------------


def test_what_is_left_out_of_a_change_stays(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule(right, sampling=0.5, filter=FILTER))
    changed = api.patch(f"{PATH}/{made['id']}", {"name": "Renamed"}).json()
    assert changed == {**made, "name": "Renamed", "updatedAt": changed["updatedAt"]}
    changed = api.patch(f"{PATH}/{made['id']}", {"filter": [], "sampling": 0}).json()
    assert (changed["filter"], changed["sampling"]) == ([], 0)
    entry = AuditEntry.objects.filter(action="update").order_by("-pk").first()
    assert (entry.before["sampling"], entry.after["sampling"]) == (0.5, 0)


def test_evaluators_are_replaced_as_a_whole_and_none_switches_the_rule_off(
    api: Api, make: Make, right: dict[str, Any], bare: dict[str, Any]
) -> None:
    made = make(PATH, rule(right))
    one = f"{PATH}/{made['id']}"
    assigned = [{"evaluatorId": bare["id"], "variableMapping": MAPPING}]
    assert api.patch(one, {"evaluatorAssignments": assigned}).json()["evaluatorAssignments"] == assigned
    refusal(api.patch(one, {"evaluatorAssignments": [], "enabled": True}), 400, "invalid_body")
    emptied = api.patch(one, {"evaluatorAssignments": []}).json()
    assert (emptied["enabled"], emptied["evaluatorAssignments"]) == (False, [])
    refusal(api.patch(one, {"enabled": True}), 400, "invalid_body", "evaluatorAssignments")


@pytest.mark.parametrize(
    "change", [{"name": None}, {"enabled": None}, {"sampling": None}, {"filter": None}, {"evaluatorAssignments": None}]
)
def test_a_change_to_null_is_refused(api: Api, make: Make, right: dict[str, Any], change: dict[str, Any]) -> None:
    made = make(PATH, rule(right))
    refusal(api.patch(f"{PATH}/{made['id']}", change), 400, "invalid_body", next(iter(change)))


def test_a_change_of_nothing_is_refused(api: Api, make: Make, right: dict[str, Any]) -> None:
    refusal(api.patch(f"{PATH}/{make(PATH, rule(right))['id']}", {}), 400, "invalid_request")


def test_a_rule_whose_only_evaluator_is_deleted_is_switched_off(
    api: Api, make: Make, right: dict[str, Any], bare: dict[str, Any]
) -> None:
    alone = make(PATH, rule(right))
    both = rule(right)
    both["evaluatorAssignments"].append({"evaluatorId": bare["id"], "variableMapping": MAPPING})
    both = make(PATH, both)
    assert api.delete(f"v2/evaluators/{right['id']}").status_code == 200
    alone, both = (api.get(f"{PATH}/{one['id']}").json() for one in (alone, both))
    assert (alone["enabled"], alone["evaluatorAssignments"]) == (False, [])
    assert (both["enabled"], len(both["evaluatorAssignments"])) == (True, 1)
    assert AuditEntry.objects.filter(action="disable", subject_id=alone["id"]).count() == 1


# --- Lists, deletion, others -------------------------------------------------------------------------------


def test_pages_by_cursor_show_each_rule_once(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = [make(PATH, rule(right, name=f"r{n}"))["id"] for n in range(3)]
    first = api.get(PATH, limit=2).json()
    rest = api.get(PATH, limit=2, cursor=first["meta"]["cursor"]).json()
    assert [row["id"] for row in first["data"] + rest["data"]] == made[::-1]
    assert rest["meta"] == {}
    refusal(api.get(PATH, cursor="x"), 400, "invalid_query", "cursor")


def test_a_list_costs_the_same_however_long(
    api: Api, make: Make, right: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for n in range(4):
        make(PATH, rule(right, name=f"r{n}"))
    api.get(PATH)
    with django_assert_num_queries(3):
        api.get(PATH)


def test_a_deleted_rule_leaves_its_evaluators(api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule(right))
    answer = api.delete(f"{PATH}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {"id": made["id"]})
    refusal(api.delete(f"{PATH}/{made['id']}"), 404, "resource_not_found")
    assert api.get(f"v2/evaluators/{right['id']}").json() == right


def test_others_find_nothing_and_borrow_nothing(api: Api, other_api: Api, make: Make, right: dict[str, Any]) -> None:
    made = make(PATH, rule(right))
    one = f"{PATH}/{made['id']}"
    for answer in (other_api.get(one), other_api.patch(one, {"name": "stolen"}), other_api.delete(one)):
        refusal(answer, 404, "resource_not_found")
    refusal(other_api.post(PATH, rule(right)), 404, "resource_not_found")
    assert other_api.get(PATH).json()["data"] == []
    dataset = make("v2/datasets", {"name": "d"})["id"]
    wanted = [{"type": "stringOptions", "column": "datasetId", "operator": "any of", "value": [dataset]}]
    refusal(other_api.post(PATH, rule(enabled=False, filter=wanted)), 400, "invalid_body", "filter.0.value")
    assert api.get(one).json() == made
