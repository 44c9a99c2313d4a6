"""`/v2/evaluators`: definitions and their versions, what is refused, and pages by cursor."""

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from evaluation.models import Evaluator, EvaluatorVersion
from tests.conftest import Api
from tests.evaluation.conftest import CODE, MAPPING, NUMBER, PROMPT, Make, judge, refusal

pytestmark = pytest.mark.django_db

PATH = "v2/evaluators"
NOWHERE = "0" * 32
DEEP = "$" + "[?(@" * 200


def test_a_judge_reads_back_as_it_was_sent(api: Api, connection: str) -> None:
    chosen = {"provider": connection, "model": "tiny-judge"}
    answer = api.post(PATH, judge(description=" How right ", modelConfig=chosen, variableMapping=MAPPING))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["prompt"] == [{"role": "user", "content": PROMPT}]
    assert made["variables"] == ["answer", "reference"]
    assert made["variableMapping"] == MAPPING
    assert made["modelConfig"] == chosen
    assert made["outputDefinition"] == {**NUMBER, "minValue": 0.0, "maxValue": 1.0}
    assert (made["name"], made["description"], made["version"]) == ("Right", "How right", 1)
    assert (made["status"], made["pausedAt"], made["createdBy"]) == ("active", None, None)
    assert made["evaluationRuleAssignments"] == []
    assert api.get(f"{PATH}/{made['id']}").json() == made
    (entry,) = AuditEntry.objects.filter(subject_type="evaluator")
    assert (entry.action, entry.after["version"]) == ("create", 1)


def test_a_program_reads_back_as_it_was_sent(make: Make) -> None:
    made = make(PATH, {"name": "Length", **CODE})
    assert {name: made[name] for name in CODE} == CODE
    assert "prompt" not in made


def test_a_chat_keeps_its_roles_and_a_variable_counts_once(make: Make) -> None:
    prompt = [
        {"role": "system", "content": "You judge {{answer}}."},
        {"role": "user", "content": "{{ answer }} or {{other}}"},
        {"role": "assistant", "content": ""},
    ]
    made = make(PATH, judge(prompt=prompt))
    assert made["prompt"] == prompt
    assert made["variables"] == ["answer", "other"]
    assert (made["variableMapping"], made["modelConfig"]) == (None, None)


@pytest.mark.parametrize(
    "output",
    [
        {"dataType": "BOOLEAN"},
        {"dataType": "NUMERIC"},
        {"dataType": "BOOLEAN", "scoreReasoningInstructions": "Why"},
        {"dataType": "CATEGORICAL", "categories": ["да", "нет"], "shouldAllowMultipleMatches": True},
    ],
)
def test_each_kind_of_output_reads_back(make: Make, output: dict[str, Any]) -> None:
    assert make(PATH, judge(outputDefinition=output))["outputDefinition"] == output


def test_the_same_name_makes_another_evaluator(make: Make) -> None:
    first, second = make(PATH, judge()), make(PATH, judge())
    assert first["id"] != second["id"]
    assert second["version"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": None}, "name"),
        ({"type": "wizard"}, "type"),
        ({"type": None}, "type"),
        ({"description": "x" * 2001}, "description"),
        ({"description": "a\0"}, "description"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 1}, "prompt"),
        ({"prompt": "a\0"}, "prompt.0.content"),
        ({"prompt": [{"role": "wizard", "content": "a"}]}, "prompt.0.role"),
        ({"prompt": [{"role": "user"}]}, "prompt.0"),
        ({"modelConfig": {"provider": "a"}}, "modelConfig"),
        ({"modelConfig": {"provider": "", "model": "a"}}, "modelConfig.provider"),
        ({"outputDefinition": None}, "outputDefinition"),
        ({"outputDefinition": {}}, "outputDefinition"),
        ({"outputDefinition": {"dataType": "TEXT"}}, "outputDefinition.dataType"),
        ({"outputDefinition": {**NUMBER, "minValue": 2}}, "outputDefinition.maxValue"),
        ({"outputDefinition": {**NUMBER, "minValue": True}}, "outputDefinition.minValue"),
        ({"outputDefinition": {"dataType": "BOOLEAN", "maxValue": 2}}, "outputDefinition.maxValue"),
        ({"outputDefinition": {"dataType": "CATEGORICAL"}}, "outputDefinition.categories"),
        (
            {"outputDefinition": {"dataType": "CATEGORICAL", "categories": ["a"], "shouldAllowMultipleMatches": True}},
            "outputDefinition.categories",
        ),
        (
            {"outputDefinition": {"dataType": "CATEGORICAL", "categories": ["a", " a"]}},
            "outputDefinition.categories",
        ),
        (
            {"outputDefinition": {"dataType": "CATEGORICAL", "categories": ["a", "b"]}},
            "outputDefinition.shouldAllowMultipleMatches",
        ),
        ({"variableMapping": []}, "variableMapping"),
        ({"variableMapping": MAPPING[:1]}, "variableMapping"),
        ({"variableMapping": [*MAPPING, MAPPING[0]]}, "variableMapping"),
        ({"variableMapping": [*MAPPING, {"variable": "x", "source": "input"}]}, "variableMapping.2.variable"),
        ({"variableMapping": [{**MAPPING[0], "source": "soul"}, MAPPING[1]]}, "variableMapping.0.source"),
        ({"variableMapping": [{**MAPPING[0], "jsonPath": "a.b"}, MAPPING[1]]}, "variableMapping.0.jsonPath"),
        ({"variableMapping": [{**MAPPING[0], "jsonPath": "$["}, MAPPING[1]]}, "variableMapping.0.jsonPath"),
        ({"variableMapping": [{**MAPPING[0], "jsonPath": "$\0"}, MAPPING[1]]}, "variableMapping.0.jsonPath"),
        ({"variableMapping": [{**MAPPING[0], "jsonPath": DEEP}, MAPPING[1]]}, "variableMapping.0.jsonPath"),
        ({"variableMapping": [{"variable": "answer", "source": None}]}, "variableMapping.0.source"),
    ],
)  # fmt: skip
def test_a_faulty_judge_is_refused_with_the_name_of_the_field(api: Api, change: dict[str, Any], field: str) -> None:
    refusal(api.post(PATH, judge(**change)), 400, "invalid_body", field)
    assert not Evaluator.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sourceCode": " "}, "sourceCode"),
        ({"sourceCode": "a\0"}, "sourceCode"),
        ({"sourceCode": "x" * 200_001}, "sourceCode"),
        ({"sourceCodeLanguage": "COBOL"}, "sourceCodeLanguage"),
        ({"sourceCodeLanguage": None}, "sourceCodeLanguage"),
    ],
)
def test_a_faulty_program_is_refused(api: Api, change: dict[str, Any], field: str) -> None:
    refusal(api.post(PATH, {"name": "n", **CODE, **change}), 400, "invalid_body", field)


@pytest.mark.parametrize("body", [None, [], "x", b"{", b"\xff", {}])
def test_what_is_no_evaluator_is_refused(api: Api, body: Any) -> None:
    refusal(api.post(PATH, body), 400, "invalid_body")


@pytest.mark.parametrize("chosen", [("nobody", "tiny-judge"), ("house", "large")])
def test_a_model_that_is_not_to_be_had_is_refused_as_the_sdk_expects(
    api: Api, connection: str, chosen: tuple[str, str]
) -> None:
    answer = api.post(PATH, judge(modelConfig={"provider": chosen[0], "model": chosen[1]}))
    details = refusal(answer, 412, "invalid_request")
    assert (details["provider"], details["model"]) == chosen
    assert not Evaluator.objects.exists()


# --- Versions ----------------------------------------------------------------------------------------------


def test_a_new_definition_is_the_next_version_and_a_new_name_is_none(api: Api, make: Make) -> None:
    made = make(PATH, judge(variableMapping=MAPPING))
    one = f"{PATH}/{made['id']}"
    renamed = api.patch(one, {"name": "Fair", "description": "d"}).json()
    assert (renamed["name"], renamed["description"], renamed["versionId"]) == ("Fair", "d", made["versionId"])
    assert api.patch(one, {"description": None}).json()["description"] is None

    definition = {"type": "llm_as_judge", "prompt": "{{x}}?", "outputDefinition": {"dataType": "BOOLEAN"}}
    changed = api.patch(one, definition).json()
    assert (changed["version"], changed["name"], changed["variables"]) == (2, "Fair", ["x"])
    assert changed["variableMapping"] is None, "a definition is replaced as a whole"
    assert changed["outputDefinition"] == {"dataType": "BOOLEAN"}
    versions = api.get(f"{one}/versions").json()["data"]
    assert [version["version"] for version in versions] == [2, 1]
    assert versions[1]["prompt"] == made["prompt"]
    assert versions[0]["id"] == changed["versionId"]
    actions = AuditEntry.objects.filter(subject_type="evaluator").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["create", "update", "update", "update"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"prompt": "alone"}, "type"),
        ({"type": "llm_as_judge"}, "prompt"),
        ({"type": "llm_as_judge", "prompt": "whole?"}, "outputDefinition"),
        ({"type": "code", "sourceCode": "x", "sourceCodeLanguage": "PYTHON"}, "type"),
    ],
)
def test_half_a_change_is_refused(api: Api, make: Make, change: dict[str, Any], field: str) -> None:
    made = make(PATH, judge())
    refusal(api.patch(f"{PATH}/{made['id']}", change), 400, "invalid_body", field)
    assert api.get(f"{PATH}/{made['id']}").json() == made


def test_a_change_of_nothing_is_refused(api: Api, make: Make) -> None:
    refusal(api.patch(f"{PATH}/{make(PATH, judge())['id']}", {}), 400, "invalid_request")


def test_a_new_definition_ends_a_pause_for_want_of_a_model_only(api: Api, make: Make) -> None:
    for reason, status in (("model_config_invalid", "active"), ("provider_refused", "paused")):
        made = make(PATH, judge())
        Evaluator.objects.filter(pk=made["id"]).update(
            paused_at="2026-01-01T00:00:00Z", paused_reason=reason, paused_message="m"
        )
        paused = api.get(f"{PATH}/{made['id']}").json()
        assert (paused["status"], paused["pausedReason"], paused["pausedMessage"]) == ("paused", reason, "m")
        assert paused["pausedAt"] == "2026-01-01T00:00:00.000Z"
        assert api.patch(f"{PATH}/{made['id']}", judge()).json()["status"] == status


def test_the_author_is_shown_when_it_was_a_person(api: Api, make: Make, bob: User) -> None:
    made = make(PATH, judge())
    Evaluator.objects.update(created_by=bob)
    EvaluatorVersion.objects.update(created_by=bob)
    shown = api.get(f"{PATH}/{made['id']}").json()
    assert shown["createdBy"] == shown["versionCreatedBy"] == {"id": bob.pk, "name": "Bob"}


# --- Lists, deletion, others -------------------------------------------------------------------------------


def test_pages_by_cursor_show_each_evaluator_once(api: Api, make: Make) -> None:
    made = [make(PATH, judge(name=f"e{n}"))["id"] for n in range(5)]
    seen, cursor = [], None
    for _page in range(3):
        answer = api.get(PATH, limit=2, cursor=cursor).json()
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["meta"].get("cursor")
    assert seen == made[::-1]
    assert cursor is None


def test_pages_of_versions(api: Api, make: Make) -> None:
    one = f"{PATH}/{make(PATH, judge())['id']}"
    for _again in range(2):
        assert api.patch(one, judge()).status_code == 200
    first = api.get(f"{one}/versions", limit=2).json()
    rest = api.get(f"{one}/versions", limit=2, cursor=first["meta"]["cursor"]).json()
    assert [row["version"] for row in first["data"] + rest["data"]] == [3, 2, 1]
    assert rest["meta"] == {}


def test_a_list_costs_the_same_however_long(api: Api, make: Make, django_assert_num_queries: Any) -> None:
    for n in range(4):
        make(PATH, judge(name=f"e{n}"))
    api.get(PATH)
    with django_assert_num_queries(3):
        api.get(PATH)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"cursor": "x"},
        {"cursor": "%%%"},
        {"cursor": "бред"},
        {"cursor": "WzEsMl0"},
        {"cursor": "WzEsIjIwMjYtMDEtMDFUMDA6MDA6MDAiLCJ4Il0"},  # a moment without a zone
        {"cursor": "WzEsIjIwMjYtMDEtMDFUMDA6MDA6MDBaIiwiXHUwMDAwIl0"},  # an id with NUL
    ],
)
def test_a_faulty_query_is_refused(api: Api, query: dict[str, Any]) -> None:
    refusal(api.get(PATH, **query), 400, "invalid_query", next(iter(query)))


def test_a_deleted_evaluator_is_gone_with_its_versions(api: Api, make: Make) -> None:
    made = make(PATH, judge())
    answer = api.delete(f"{PATH}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {"id": made["id"]})
    assert not EvaluatorVersion.objects.exists()
    refusal(api.delete(f"{PATH}/{made['id']}"), 404, "resource_not_found")


def test_others_find_nothing(api: Api, other_api: Api, make: Make) -> None:
    made = make(PATH, judge())
    one = f"{PATH}/{made['id']}"
    for answer in (
        other_api.get(one),
        other_api.get(f"{one}/versions"),
        other_api.patch(one, {"name": "stolen"}),
        other_api.delete(one),
        api.get(f"{PATH}/{NOWHERE}"),
        api.get(f"{PATH}/%00"),
        api.get(f"{PATH}/{'x' * 800}"),
    ):
        refusal(answer, 404, "resource_not_found")
    assert other_api.get(PATH).json() == {"data": [], "meta": {}}
    assert api.get(one).json() == made


def test_refusals_before_the_view_are_structured_too(api: Api, nobody_api: Api) -> None:
    refusal(nobody_api.get(PATH), 401, "authentication_failed")
    refusal(api.put(PATH, {}), 405, "method_not_allowed")
