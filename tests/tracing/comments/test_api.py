"""`/comments` (api.md, section 8)."""

from typing import Any

import pytest

from accounts.models import User
from tests.conftest import Api, Keys
from tests.contract import check, check_list

pytestmark = pytest.mark.django_db
TIME = "2026-01-31T12:00:00Z"


@pytest.fixture(autouse=True)
def things(api: Api) -> dict[str, str]:
    """One of each that can be commented on."""
    bodies = {
        "trace-create": {"id": "trace", "sessionId": "session/1"},
        "span-create": {"id": "span", "traceId": "trace", "startTime": TIME},
    }
    batch = [{"id": kind, "type": kind, "timestamp": TIME, "body": body} for kind, body in bodies.items()]
    assert not api.post("ingestion", {"batch": batch}).json()["errors"]
    prompt = api.post("v2/prompts", {"name": "p", "prompt": "x"}).json()
    return {"TRACE": "trace", "OBSERVATION": "span", "SESSION": "session/1", "PROMPT": prompt["id"]}


def said(api: Api, kind: str = "TRACE", which: str = "trace", content: str = "Look here", **more: Any) -> Any:
    return api.post("comments", {"projectId": "any", "objectType": kind, "objectId": which, "content": content, **more})


@pytest.mark.parametrize("kind", ["TRACE", "OBSERVATION", "SESSION", "PROMPT"])
def test_everything_can_be_commented_on(api: Api, things: dict[str, str], project: Keys, kind: str) -> None:
    made = said(api, kind, things[kind])
    assert made.status_code == 200, made.content
    check(made.json(), "CreateCommentResponse")
    found = api.get(f"comments/{made.json()['id']}").json()
    check(found, "Comment")
    assert (found["objectType"], found["objectId"], found["content"]) == (kind, things[kind], "Look here")
    assert found["projectId"] == project.id
    assert found["authorUserId"] is None


@pytest.mark.parametrize("kind", ["TRACE", "OBSERVATION", "SESSION", "PROMPT"])
def test_what_is_commented_on_must_be_there(api: Api, kind: str) -> None:
    answer = said(api, kind, "nowhere")
    assert (answer.status_code, answer.json()["error"]) == (404, "LangfuseNotFoundError")


def test_a_member_of_the_organization_may_be_named_as_author(api: Api, bob: User, mallory: User) -> None:
    made = said(api, authorUserId=bob.pk).json()
    assert api.get(f"comments/{made['id']}").json()["authorUserId"] == bob.pk
    for stranger in (mallory.pk, "nobody", "a\0"):
        answer = said(api, authorUserId=stranger)
        assert answer.status_code == 400
        assert answer.json()["error"][0]["path"] == ["authorUserId"]


def test_lists_are_filtered_newest_first_and_paged(api: Api, bob: User) -> None:
    ids = [said(api, content=str(n)).json()["id"] for n in range(3)]
    by_bob = said(api, "OBSERVATION", "span", authorUserId=bob.pk).json()["id"]
    listed = api.get("comments", limit=2).json()
    check(listed, "GetCommentsResponse")
    check_list(listed, "Comment")
    assert [row["id"] for row in listed["data"]] == [by_bob, ids[2]]
    assert listed["meta"] == {"page": 1, "limit": 2, "totalItems": 4, "totalPages": 2}
    of_trace = api.get("comments", objectType="TRACE", objectId="trace").json()["data"]
    assert [row["id"] for row in of_trace] == ids[::-1]
    assert [row["id"] for row in api.get("comments", objectType="OBSERVATION").json()["data"]] == [by_bob]
    assert [row["id"] for row in api.get("comments", authorUserId=bob.pk).json()["data"]] == [by_bob]
    assert api.get("comments", objectType="", objectId="").json()["meta"]["totalItems"] == 4


def test_an_object_without_its_type_is_refused(api: Api) -> None:
    answer = api.get("comments", objectId="trace")
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == ["objectType"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": " \n"}, "content"),
        ({"content": "x" * 5001}, "content"),
        ({"content": 5}, "content"),
        ({"objectType": "DATASET"}, "objectType"),
        ({"objectId": ""}, "objectId"),
        ({"objectId": "x" * 801}, "objectId"),
        ({"objectId": "a\0"}, "objectId"),
        ({"objectId": None}, "objectId"),
    ],
)
def test_bad_comments_are_refused_by_the_name_of_the_field(api: Api, change: dict[str, Any], field: str) -> None:
    body = {"projectId": "p", "objectType": "TRACE", "objectId": "trace", "content": "x"} | change
    answer = api.post("comments", body)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [field]


@pytest.mark.parametrize("query", [{"objectType": "X"}, {"limit": 101}, {"page": 0}, {"authorUserId": "\0"}])
def test_bad_questions_are_refused(api: Api, query: dict[str, Any]) -> None:
    assert api.get("comments", **query).status_code == 400


def test_the_longest_comment_and_odd_characters_are_kept(api: Api) -> None:
    made = said(api, content="ж" * 4999 + "\0").json()["id"]
    assert api.get(f"comments/{made}").json()["content"] == "ж" * 4999 + "\ufffd"


def test_strangers_neither_read_nor_write(api: Api, other_api: Api) -> None:
    made = said(api).json()["id"]
    assert other_api.get(f"comments/{made}").status_code == 404
    assert other_api.get("comments").json()["data"] == []
    assert said(other_api).status_code == 404


@pytest.mark.parametrize("which", ["x", "%00", "a" * 900])
def test_unknown_comments_are_not_found(api: Api, which: str) -> None:
    assert api.get(f"comments/{which}").status_code == 404


def test_comments_go_with_their_trace(api: Api, django_capture_on_commit_callbacks: Any) -> None:
    said(api)
    said(api, "OBSERVATION", "span")
    kept = said(api, "SESSION", "session/1").json()["id"]
    with django_capture_on_commit_callbacks(execute=True):
        api.delete("traces/trace")
    assert [row["id"] for row in api.get("comments").json()["data"]] == [kept]
