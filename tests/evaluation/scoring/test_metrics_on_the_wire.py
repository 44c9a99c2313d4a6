"""Metrics are evaluators of our own: the contract's dialects, whose clients know two types, do not tell of them."""

import pytest

from accounts.authors import Author
from evaluation import evaluators, rules
from evaluation.definitions import Metric
from tests.conftest import Api, Keys
from tests.evaluation.conftest import CODE, Make

pytestmark = pytest.mark.django_db

NOBODY = Author()


def test_a_metric_is_neither_listed_nor_found_in_either_dialect(api: Api, project: Keys, make: Make) -> None:
    metric = evaluators.create(
        project.project.pk, evaluators.Draft(name="Same", definition=Metric(kind="exact")), NOBODY
    )
    code = make("v2/evaluators", {"name": "Program", **CODE})
    for dialect in ("v2/evaluators", "unstable/evaluators"):
        assert [one["id"] for one in api.get(dialect).json()["data"]] == [code["id"]]
        assert api.get(f"{dialect}/{metric.pk}").status_code == 404
        assert api.delete(f"{dialect}/{metric.pk}").status_code == 404
    assert api.get(f"v2/evaluators/{metric.pk}/versions").status_code == 404
    assert api.patch(f"v2/evaluators/{metric.pk}", {"name": "Other"}).status_code == 404
    assert evaluators.own(project.project.pk, metric.pk).name == "Same"


def test_a_rule_keeps_its_metric_when_a_client_that_does_not_see_it_changes_the_rest(
    api: Api, project: Keys, make: Make
) -> None:
    project_id = project.project.pk
    metric = evaluators.create(project_id, evaluators.Draft(name="Same", definition=Metric(kind="exact")), NOBODY)
    first, second = (make("v2/evaluators", {"name": name, **CODE}) for name in ("First", "Second"))
    assigned = [rules.Assigned(evaluator_id=one) for one in (metric.pk, first["id"])]
    rule = rules.create(project_id, rules.Draft(name="All", enabled=True, evaluators=assigned), NOBODY)
    path = f"unstable/evaluation-rules/{rule.pk}"
    assert [one["evaluator"]["name"] for one in api.get(path).json()["evaluators"]] == ["First"]
    body = {"evaluators": [{"evaluator": {"name": "Second", "type": "code"}}]}
    told = api.patch(path, body).json()
    assert [one["evaluator"]["name"] for one in told["evaluators"]] == ["Second"]
    kept = [one.evaluator_id for one in rules.draft_of(rules.own(project_id, rule.pk)).evaluators]
    assert kept == [second["id"], metric.pk]
