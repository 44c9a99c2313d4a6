"""Annotation queues over HTTP: the ten operations, what they refuse, and who sees them."""

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from evaluation.models import QueueConfig, QueueItem, QueueMember
from tests.conftest import Api, Keys
from tests.contract import check, check_list

pytestmark = pytest.mark.django_db

NOWHERE = "0" * 32


@pytest.fixture
def configs(api: Api) -> list[str]:
    """Ids of two score configs."""
    bodies = ({"name": "tone", "dataType": "TEXT"}, {"name": "correct", "dataType": "BOOLEAN"})
    return [api.post("score-configs", body).json()["id"] for body in bodies]


@pytest.fixture
def queue(api: Api, configs: list[str]) -> dict[str, Any]:
    answer = api.post("annotation-queues", {"name": "Answers", "description": "Look twice", "scoreConfigIds": configs})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def items(queue: dict[str, Any]) -> str:
    return f"annotation-queues/{queue['id']}/items"


def put(api: Api, items: str, object_id: str = "t1", **fields: Any) -> dict[str, Any]:
    answer = api.post(items, {"objectId": object_id, "objectType": "TRACE", **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


# --- Queues ------------------------------------------------------------------------------------------------


def test_a_queue_reads_back_as_it_was_made(api: Api, queue: dict[str, Any], configs: list[str], project: Keys) -> None:
    check(queue, "AnnotationQueue")
    assert (queue["name"], queue["description"], queue["scoreConfigIds"]) == ("Answers", "Look twice", configs)
    assert api.get(f"annotation-queues/{queue['id']}").json() == queue
    (entry,) = AuditEntry.objects.filter(subject_type="annotation_queue")
    assert (entry.action, entry.subject_id, entry.actor) == ("create", queue["id"], project.public_key)


def test_score_configs_keep_their_order_and_stand_there_once(api: Api, configs: list[str]) -> None:
    body = {"name": "Other", "scoreConfigIds": [configs[1], configs[0], configs[1]]}
    assert api.post("annotation-queues", body).json()["scoreConfigIds"] == [configs[1], configs[0]]


def test_queues_are_listed_newest_first_by_pages(api: Api, configs: list[str]) -> None:
    made = [api.post("annotation-queues", {"name": f"q{n}", "scoreConfigIds": configs}).json() for n in range(3)]
    answer = api.get("annotation-queues", limit=2)
    check_list(answer.json(), "AnnotationQueue")
    assert [row["id"] for row in answer.json()["data"]] == [made[2]["id"], made[1]["id"]]
    assert answer.json()["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    assert api.get("annotation-queues", limit=2, page=2).json()["data"] == [made[0]]


def test_a_list_of_queues_costs_the_same_however_long(
    api: Api, configs: list[str], django_assert_num_queries: Any
) -> None:
    for n in range(4):
        api.post("annotation-queues", {"name": f"q{n}", "scoreConfigIds": configs})
    api.get("annotation-queues")  # the key is cached now
    with django_assert_num_queries(3):
        api.get("annotation-queues")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"description": "\0"}, "description"),
        ({"description": ["a"]}, "description"),
        ({"scoreConfigIds": []}, "scoreConfigIds"),
        ({"scoreConfigIds": [NOWHERE]}, "scoreConfigIds"),
        ({"scoreConfigIds": ["\0"]}, "scoreConfigIds"),
        ({"scoreConfigIds": [1]}, "scoreConfigIds"),
        ({"scoreConfigIds": None}, "scoreConfigIds"),
    ],
)
def test_a_faulty_queue_is_refused_with_the_name_of_the_field(
    api: Api, configs: list[str], change: dict[str, Any], field: str
) -> None:
    answer = api.post("annotation-queues", {"name": "Fine", "scoreConfigIds": configs, **change})
    assert answer.status_code == 400, answer.content
    assert answer.json()["message"] == "Invalid request data"
    assert answer.json()["error"][0]["path"][0].startswith(field)
    assert api.get("annotation-queues").json()["data"] == []


@pytest.mark.parametrize("body", [None, [], "x", b"{", b"\xff"])
def test_what_is_no_object_is_refused(api: Api, body: Any) -> None:
    assert api.post("annotation-queues", body).status_code == 400


def test_a_name_is_taken_once_in_a_project(api: Api, other_api: Api, queue: dict[str, Any], configs: list[str]) -> None:
    answer = api.post("annotation-queues", {"name": "Answers", "scoreConfigIds": configs})
    assert answer.status_code == 400
    assert "already" in answer.json()["error"][0]["message"]
    theirs = other_api.post("score-configs", {"name": "tone", "dataType": "TEXT"}).json()["id"]
    assert other_api.post("annotation-queues", {"name": "Answers", "scoreConfigIds": [theirs]}).status_code == 200


def test_configs_of_others_are_not_to_be_had(other_api: Api, configs: list[str]) -> None:
    assert other_api.post("annotation-queues", {"name": "Theirs", "scoreConfigIds": configs}).status_code == 400
    assert not QueueConfig.objects.exists()


# --- Items -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["TRACE", "OBSERVATION", "SESSION"])
def test_an_item_waits_until_it_is_done(api: Api, items: str, kind: str) -> None:
    item = put(api, items, "ключ/1", objectType=kind)
    check(item, "AnnotationQueueItem")
    assert (item["objectId"], item["objectType"], item["status"]) == ("ключ/1", kind, "PENDING")
    assert item["completedAt"] is None
    assert api.get(f"{items}/{item['id']}").json() == item

    done = api.patch(f"{items}/{item['id']}", {"status": "COMPLETED"}).json()
    check(done, "AnnotationQueueItem")
    assert done["status"] == "COMPLETED"
    assert done["completedAt"]
    again = api.patch(f"{items}/{item['id']}", {"status": "PENDING"}).json()
    assert (again["status"], again["completedAt"]) == ("PENDING", done["completedAt"])
    actions = AuditEntry.objects.filter(subject_type="annotation_queue_item").values_list("action", flat=True)
    assert sorted(actions) == ["create", "update", "update"]


def test_an_item_may_come_done_and_the_same_thing_may_wait_twice(api: Api, items: str) -> None:
    done = put(api, items, status="COMPLETED")
    assert done["completedAt"]
    assert put(api, items, status=None)["status"] == "PENDING"
    assert api.get(items).json()["meta"]["totalItems"] == 2


def test_a_patch_without_a_status_changes_nothing(api: Api, items: str) -> None:
    item = put(api, items)
    for body in ({}, {"status": None}):
        assert api.patch(f"{items}/{item['id']}", body).json() == item


def test_items_are_listed_by_status_and_page(api: Api, items: str) -> None:
    made = [put(api, items, f"t{n}", status="COMPLETED" if n % 2 else "PENDING") for n in range(5)]
    check_list(api.get(items).json(), "AnnotationQueueItem")
    assert [row["objectId"] for row in api.get(items).json()["data"]] == ["t4", "t3", "t2", "t1", "t0"]
    waiting = api.get(items, status="PENDING", limit=2)
    assert waiting.json()["data"] == [made[4], made[2]]
    assert waiting.json()["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2}
    assert api.get(items, status="").json()["meta"]["totalItems"] == 5
    assert api.get(items, status="DONE").status_code == 400


def test_an_item_can_be_taken_out(api: Api, items: str) -> None:
    item = put(api, items)
    answer = api.delete(f"{items}/{item['id']}")
    assert answer.status_code == 200
    check(answer.json(), "DeleteAnnotationQueueItemResponse")
    assert answer.json()["success"] is True
    assert api.get(f"{items}/{item['id']}").status_code == 404
    assert api.delete(f"{items}/{item['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"objectId": ""}, "objectId"),
        ({"objectId": "x" * 801}, "objectId"),
        ({"objectId": "a\0"}, "objectId"),
        ({"objectId": "a\rb"}, "objectId"),
        ({"objectId": 7}, "objectId"),
        ({"objectType": "PROMPT"}, "objectType"),
        ({"objectType": None}, "objectType"),
        ({"status": "DONE"}, "status"),
        ({"status": ["PENDING"]}, "status"),
    ],
)
def test_a_faulty_item_is_refused(api: Api, items: str, change: dict[str, Any], field: str) -> None:
    answer = api.post(items, {"objectId": "t", "objectType": "TRACE", **change})
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"][0]["path"] == [field]
    assert not QueueItem.objects.exists()


@pytest.mark.parametrize("status", ["DONE", 1, ["PENDING"]])
def test_a_faulty_status_is_refused(api: Api, items: str, status: Any) -> None:
    item = put(api, items)
    assert api.patch(f"{items}/{item['id']}", {"status": status}).status_code == 400
    assert api.get(f"{items}/{item['id']}").json() == item


# --- People ------------------------------------------------------------------------------------------------


def test_a_person_is_assigned_once_and_let_go(
    api: Api, queue: dict[str, Any], anna: User, alice: User, project: Keys
) -> None:
    path = f"annotation-queues/{queue['id']}/assignments"
    for _again in range(2):
        answer = api.post(path, {"userId": anna.pk})
        assert answer.status_code == 200, answer.content
        check(answer.json(), "CreateAnnotationQueueAssignmentResponse")
        assert answer.json() == {"userId": anna.pk, "queueId": queue["id"], "projectId": project.id}
    assert list(QueueMember.objects.values_list("user_id", flat=True)) == [anna.pk]
    for _again in range(2):
        answer = api.delete(path, {"userId": anna.pk})
        assert answer.json() == {"success": True}
        check(answer.json(), "DeleteAnnotationQueueAssignmentResponse")
    assert not QueueMember.objects.exists()
    entries = AuditEntry.objects.filter(action__in=("assign", "unassign")).order_by("pk")
    assert [(entry.action, entry.subject_id) for entry in entries] == [
        ("assign", queue["id"]),
        ("unassign", queue["id"]),
    ]


def test_strangers_and_those_who_may_not_score_are_not_assigned(
    api: Api, queue: dict[str, Any], mallory: User, vera: User
) -> None:
    path = f"annotation-queues/{queue['id']}/assignments"
    for user_id in (mallory.pk, NOWHERE, "\0"):
        assert api.post(path, {"userId": user_id}).status_code == 404
    answer = api.post(path, {"userId": vera.pk})
    assert (answer.status_code, answer.json()["error"][0]["path"]) == (400, ["userId"])
    for body in ({}, {"userId": None}, {"userId": 1}, None):
        assert api.post(path, body).status_code == 400
        assert api.delete(path, body).status_code == 400


# --- Others ------------------------------------------------------------------------------------------------


def test_others_find_nothing_of_a_queue(other_api: Api, api: Api, queue: dict[str, Any], items: str) -> None:
    item = put(api, items)
    one = f"annotation-queues/{queue['id']}"
    calls = [
        other_api.get(one),
        other_api.get(items),
        other_api.post(items, {"objectId": "t", "objectType": "TRACE"}),
        other_api.get(f"{items}/{item['id']}"),
        other_api.patch(f"{items}/{item['id']}", {"status": "COMPLETED"}),
        other_api.delete(f"{items}/{item['id']}"),
        other_api.post(f"{one}/assignments", {"userId": "x"}),
        other_api.delete(f"{one}/assignments", {"userId": "x"}),
    ]
    assert [call.status_code for call in calls] == [404] * len(calls)
    assert other_api.get("annotation-queues").json()["data"] == []
    assert api.get(items).json()["data"] == [item]


def test_an_item_is_found_in_its_own_queue_only(api: Api, items: str, configs: list[str]) -> None:
    item = put(api, items)
    other = api.post("annotation-queues", {"name": "Other", "scoreConfigIds": configs}).json()["id"]
    assert api.get(f"annotation-queues/{other}/items/{item['id']}").status_code == 404
    assert api.get(f"annotation-queues/{NOWHERE}/items/{item['id']}").status_code == 404


@pytest.mark.parametrize("queue_id", ["%00", "x" * 800, "..", "%F0%9F%92%A5"])
def test_a_strange_id_is_not_found(api: Api, queue_id: str) -> None:
    assert api.get(f"annotation-queues/{queue_id}").status_code == 404


def test_the_wrong_method_is_405(api: Api, queue: dict[str, Any]) -> None:
    assert api.delete(f"annotation-queues/{queue['id']}").status_code == 405
    assert api.patch("annotation-queues", {}).status_code == 405
