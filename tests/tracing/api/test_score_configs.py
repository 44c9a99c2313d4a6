"""`/score-configs`."""

import pytest

from accounts.models import AuditEntry
from tests.contract import check

pytestmark = pytest.mark.django_db

STYLE = {
    "name": "Style (RU)",
    "dataType": "CATEGORICAL",
    "categories": [{"label": "good", "value": 1}, {"label": "bad", "value": 0}],
    "description": "How it reads.",
}


def test_a_config_of_each_type_is_created_and_read_back(api) -> None:
    bodies = [
        STYLE,
        {"name": "Оценка 1", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10},
        {"name": "Correct", "dataType": "BOOLEAN", "categories": None},
        {"name": "Remark", "dataType": "TEXT"},
    ]
    for body in bodies:
        made = api.post("score-configs", body)
        assert made.status_code == 200
        check(made.json(), "ScoreConfig")
        assert made.json() == api.get(f"score-configs/{made.json()['id']}").json()
        assert {key: made.json()[key] for key in body if body[key] is not None} == {
            key: value for key, value in body.items() if value is not None
        }
    listed = api.get("score-configs", limit=3).json()
    check(listed, "ScoreConfigs")
    assert [row["name"] for row in listed["data"]] == ["Remark", "Correct", "Оценка 1"]
    assert listed["meta"]["totalItems"] == 4
    yes_no = listed["data"][1]["categories"]
    assert yes_no == [{"label": "True", "value": 1}, {"label": "False", "value": 0}]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 36}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": None}, "name"),
        ({"dataType": "STARS"}, "dataType"),
        ({"dataType": "CORRECTION"}, "dataType"),
        ({"categories": None}, "categories"),
        ({"categories": []}, "categories"),
        ({"categories": [{"label": "a"}]}, "categories.0"),
        ({"categories": [{"label": "", "value": 1}]}, "categories.0.label"),
        ({"categories": [{"label": "a", "value": 1}, {"label": "a", "value": 2}]}, "categories"),
        ({"categories": [{"label": "a", "value": 1}, {"label": "b", "value": 1}]}, "categories"),
        ({"minValue": 0}, "minValue"),
        ({"dataType": "NUMERIC"}, "categories"),
        ({"dataType": "BOOLEAN"}, "categories"),
        ({"dataType": "TEXT"}, "categories"),
        ({"dataType": "NUMERIC", "categories": None, "minValue": 1, "maxValue": 1}, "maxValue"),
        ({"description": "x" * 10_001}, "description"),
    ],
)
def test_it_refuses_what_breaks_a_rule_and_names_the_field(api, changes: dict, path: str) -> None:
    answer = api.post("score-configs", {**STYLE, **changes})
    assert answer.status_code == 400
    assert ".".join(answer.json()["error"][0]["path"]) == path


def test_names_need_not_be_unique(api) -> None:
    assert api.post("score-configs", STYLE).status_code == 200
    assert api.post("score-configs", STYLE).status_code == 200


def test_what_is_sent_changes_and_the_rest_stays(api) -> None:
    made = api.post("score-configs", {"name": "N", "dataType": "NUMERIC", "minValue": 0, "maxValue": 1}).json()
    path = f"score-configs/{made['id']}"
    changed = api.patch(path, {"maxValue": 5, "description": "new"})
    assert changed.status_code == 200
    check(changed.json(), "ScoreConfig")
    assert (changed.json()["minValue"], changed.json()["maxValue"], changed.json()["name"]) == (0, 5, "N")
    assert api.patch(path, {"minValue": None, "name": None}).json()["minValue"] is None
    assert api.get(path).json()["description"] == "new"


def test_a_config_is_archived_and_restored_but_never_deleted(api) -> None:
    made = api.post("score-configs", STYLE).json()
    path = f"score-configs/{made['id']}"
    assert api.patch(path, {"isArchived": True}).json()["isArchived"] is True
    refused = api.post("scores", {"traceId": "t", "value": "good", "configId": made["id"]})
    assert (refused.status_code, "archived" in refused.json()["error"][0]["message"]) == (400, True)
    assert api.patch(path, {"isArchived": False}).json()["isArchived"] is False
    assert api.delete(path).status_code == 405


def test_a_change_keeps_to_the_rules(api) -> None:
    made = api.post("score-configs", STYLE).json()
    path = f"score-configs/{made['id']}"
    assert api.patch(path, {"categories": []}).status_code == 400
    assert api.patch(path, {"minValue": 1}).status_code == 400
    assert api.patch(path, {"name": "a/b"}).status_code == 400
    assert api.patch(path, {"dataType": "NUMERIC"}).json()["dataType"] == "CATEGORICAL"
    assert api.get(path).json()["categories"] == STYLE["categories"]


def test_strangers_neither_see_nor_change_it(api, other_api) -> None:
    path = f"score-configs/{api.post('score-configs', STYLE).json()['id']}"
    assert other_api.get(path).status_code == 404
    assert other_api.patch(path, {"name": "mine"}).status_code == 404
    assert other_api.get("score-configs").json()["data"] == []


def test_changes_are_written_into_the_audit_log(api, project) -> None:
    made = api.post("score-configs", STYLE).json()
    api.patch(f"score-configs/{made['id']}", {"name": "New"})
    entries = AuditEntry.objects.filter(project=project.project, subject_type="score_config").order_by("pk")
    assert [(entry.action, entry.subject_id) for entry in entries] == [("create", made["id"]), ("update", made["id"])]
    assert (entries[1].before["name"], entries[1].after["name"]) == ("Style (RU)", "New")
