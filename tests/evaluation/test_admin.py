"""Evaluators and rules in the web: what is shown, what a form changes, and who may."""

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from evaluation.models import EvaluationRule, Evaluator
from tests.conftest import Api, Keys
from tests.evaluation.conftest import CODE, MAPPING, Make, judge, unstable_judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(project: Keys) -> str:
    return f"/project/{project.id}/admin/evaluation/"


@pytest.fixture
def defined(make: Make, connection: str) -> dict[str, Any]:
    """A judge in two versions, a program, and a rule that uses both."""
    chosen = {"provider": connection, "model": "tiny-judge"}
    right = make("unstable/evaluators", unstable_judge(modelConfig=chosen))
    make("unstable/evaluators", unstable_judge(modelConfig=chosen, prompt="Новый {{answer}} {{reference}}"))
    code = make("v2/evaluators", {"name": "Length", **CODE})
    assigned = [{"evaluatorId": right["id"], "variableMapping": MAPPING}, {"evaluatorId": code["id"]}]
    condition = {"type": "stringOptions", "column": "level", "operator": "any of", "value": ["ERROR"]}
    body = {"name": "All", "enabled": True, "sampling": 0.25, "evaluatorAssignments": assigned, "filter": [condition]}
    return {"judge": right, "code": code, "rule": make("v2/evaluation-rules", body)}


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def refused(answer: Any) -> str:
    """The messages after an action."""
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_sidebar_is_lit_and_leads_to_the_pages_that_define(page_client, bob: User, at: str, project: Keys) -> None:
    client = page_client(bob)
    for model, path in (("evaluator", "evaluators"), ("evaluationrule", "evaluators/rules")):
        text = page(client, f"{at}{model}/")
        assert f'href="/project/{project.id}/evaluators" aria-current="page"' in text
        assert f'href="/project/{project.id}/{path}">' in text


def test_evaluators_are_shown_with_their_latest_version(
    page_client, bob: User, at: str, defined: dict[str, Any]
) -> None:
    text = page(page_client(bob), f"{at}evaluator/")
    for shown in ("Right", "Length", "tiny-judge", "LLM as a judge", "tiny-judge", "ready"):
        assert shown in text
    text = page(page_client(bob), f"{at}evaluator/{defined['judge']['id']}/change/")
    assert "Новый {{answer}}" in text
    assert "house · tiny-judge" in text
    assert "NUMERIC 0 … 1\n1 is right" in text
    assert "reference ← metadata $.expected[0]" not in text, "the rule's own mapping is the rule's"
    assert "def evaluate(ctx)" in page(page_client(bob), f"{at}evaluator/{defined['code']['id']}/change/")


def test_a_name_changes_by_form_and_the_definition_does_not(
    page_client, bob: User, at: str, api: Api, defined: dict[str, Any]
) -> None:
    path = f"{at}evaluator/{defined['judge']['id']}/change/"
    assert page_client(bob).post(path, {"name": "Fair", "description": "d"}).status_code == 302
    shown = api.get(f"v2/evaluators/{defined['judge']['id']}").json()
    assert (shown["name"], shown["description"], shown["version"]) == ("Fair", "d", 2)
    entry = AuditEntry.objects.filter(subject_type="evaluator", action="update").order_by("-pk").first()
    assert (entry.user, entry.after["name"]) == (bob, "Fair")
    answer = page_client(bob).post(path, {"name": " ", "description": ""})
    assert "name" in answer.context["adminform"].form.errors


def test_rules_are_shown_with_what_they_do(page_client, bob: User, at: str, defined: dict[str, Any]) -> None:
    text = page(page_client(bob), f"{at}evaluationrule/")
    for shown in ("All", "25 %", "Right, Length", "observations"):
        assert shown in text
    assert "Level any of ERROR" in page(page_client(bob), f"{at}evaluationrule/{defined['rule']['id']}/change/")


def test_rules_are_switched_and_what_cannot_run_says_why(
    page_client, bob: User, at: str, make: Make, defined: dict[str, Any]
) -> None:
    client = page_client(bob)
    alone = make("v2/evaluation-rules", {"name": "Empty", "enabled": False, "evaluatorAssignments": []})
    chosen = [defined["rule"]["id"], alone["id"]]
    client.post(f"{at}evaluationrule/", {"action": "switch_off", "_selected_action": chosen})
    assert not EvaluationRule.objects.filter(enabled=True).exists()
    answer = client.post(f"{at}evaluationrule/", {"action": "switch_on", "_selected_action": chosen}, follow=True)
    assert "Empty: evaluatorAssignments" in refused(answer)
    assert list(EvaluationRule.objects.filter(enabled=True).values_list("name", flat=True)) == ["All"]


@pytest.mark.parametrize("share", ["2", "-1", "nan", "x"])
def test_a_share_is_part_of_a_whole(page_client, bob: User, at: str, defined: dict[str, Any], share: str) -> None:
    path = f"{at}evaluationrule/{defined['rule']['id']}/change/"
    answer = page_client(bob).post(path, {"name": "All", "sampling": share})
    assert "sampling" in answer.context["adminform"].form.errors
    assert page_client(bob).post(path, {"name": "Half", "sampling": "0.5"}).status_code == 302
    rule = EvaluationRule.objects.get(pk=defined["rule"]["id"])
    assert (rule.name, rule.sampling, rule.assignments.count(), len(rule.filter)) == ("Half", 0.5, 2, 1)


def test_deleting_an_evaluator_goes_through_the_verb(page_client, bob: User, at: str, defined: dict[str, Any]) -> None:
    path = f"{at}evaluator/{defined['judge']['id']}/delete/"
    assert page_client(bob).post(path, {"post": "yes"}).status_code == 302
    assert list(Evaluator.objects.values_list("name", flat=True)) == ["Length"]
    assert AuditEntry.objects.filter(subject_type="evaluator", action="delete", user=bob).count() == 1


def test_lists_cost_the_same_however_long(
    page_client, bob: User, at: str, make: Make, defined: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    client = page_client(bob)
    body = {"enabled": True, "evaluatorAssignments": [{"evaluatorId": defined["code"]["id"]}]}
    for n in range(5):
        make("v2/evaluators", judge(name=f"e{n}"))
        make("v2/evaluation-rules", {**body, "name": f"r{n}"})
    for model in ("evaluator", "evaluationrule"):
        with django_assert_max_num_queries(14):
            page(client, f"{at}{model}/")


def test_viewers_look_and_do_not_touch(page_client, vera: User, at: str, defined: dict[str, Any]) -> None:
    client = page_client(vera)
    assert "Right" in page(client, f"{at}evaluator/")
    assert client.post(f"{at}evaluator/{defined['judge']['id']}/change/", {"name": "x"}).status_code == 403
    chosen = {"action": "switch_off", "_selected_action": [defined["rule"]["id"]]}
    assert client.post(f"{at}evaluationrule/", chosen).status_code == 403
    assert EvaluationRule.objects.get().enabled
