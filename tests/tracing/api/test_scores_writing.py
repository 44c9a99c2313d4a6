"""`POST /scores`, one or many, and `DELETE /scores/{id}`."""

import base64

import pytest
from django.conf import settings

from accounts.authors import Author
from promptlab.testing import ApiClient
from tests.contract import check
from tracing.score_configs import Draft, create

pytestmark = pytest.mark.django_db

SCORE = {"name": "quality", "value": 0.9, "traceId": "t1"}


def stored(api) -> dict[str, object]:
    return {row["name"]: row["value"] for row in api.get("v2/scores").json()["data"]}


def test_one_score_is_stored_and_its_id_told(api) -> None:
    body = (
        b'{"name":"quality","value":0.9,"traceId":"t1","comment":"da","metadata":{"k":{"n":12345678901234567890123}}}'
    )
    answer = api.post("scores", body)
    assert answer.status_code == 200
    check(answer.json(), "CreateScoreResponse")
    found = api.get(f"v2/scores/{answer.json()['id']}")
    check(found.json(), "Score")
    assert (found.json()["value"], found.json()["comment"], found.json()["traceId"]) == (0.9, "da", "t1")
    assert b'"n":12345678901234567890123' in found.content


def test_the_same_id_twice_is_one_score_changed(api) -> None:
    api.post("scores", {**SCORE, "id": "s1"})
    api.post("scores", {**SCORE, "id": "s1", "value": 0.1})
    assert [row["value"] for row in api.get("v2/scores").json()["data"]] == [0.1]


def test_a_score_keeps_the_time_it_was_given(api) -> None:
    api.post("scores", {**SCORE, "id": "s1", "timestamp": "2026-01-02T03:04:05.678Z"})
    assert api.get("scores/s1").json()["timestamp"] == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a", "value": 1}, ["traceId"]),
        ({**SCORE, "value": True}, ["value"]),
        ({**SCORE, "value": -1, "dataType": "BOOLEAN"}, ["value"]),
        ({**SCORE, "configId": "nope"}, ["configId"]),
        ({**SCORE, "source": "EVAL"}, ["source"]),
        ({**SCORE, "id": "x" * 801}, ["id"]),
    ],
)
def test_what_breaks_a_rule_is_refused_and_not_stored(api, body: dict, path: list[str]) -> None:
    answer = api.post("scores", body)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == path
    assert stored(api) == {}


def test_a_broken_rule_of_a_config_is_told_at_once(api, project) -> None:
    config = create(project.id, Draft(name="Style", data_type="NUMERIC", max_value=1), Author())
    answer = api.post("scores", {**SCORE, "value": 2, "configId": config.pk})
    assert answer.status_code == 400
    assert "above 1, the highest of 'Style'" in answer.json()["error"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b'"x"', b"5", b"null", b"\xff", b"[" * 300 + b"]" * 300, b"{" * 300])
def test_what_is_no_score_at_all_is_a_bad_request(api, body: bytes) -> None:
    answer = api.post("scores", body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_texts_that_postgresql_cannot_store_are_mended(api) -> None:
    answer = api.post("scores", b'{"name":"a\\u0000\\ud800","value":1,"traceId":"t","comment":"\\udfff","id":"s"}')
    assert answer.status_code == 200
    assert api.get("scores/s").json()["name"] == "a\ufffd\ufffd"


def test_a_list_of_sdk_5_is_accepted(api) -> None:
    answer = api.post("scores", [{**SCORE, "name": "a"}, {**SCORE, "name": "b", "value": "good"}])
    assert (answer.status_code, answer.json()) == (202, {"message": "Accepted"})
    assert stored(api) == {"a": 0.9, "b": 0}
    assert api.post("scores", []).status_code == 202


def test_of_a_list_the_good_ones_are_stored_and_the_others_told(api) -> None:
    bodies = [{**SCORE, "name": "a"}, {"name": "b", "value": 1}, 5, {**SCORE, "name": "c", "value": None}]
    answer = api.post("scores", bodies)
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (1, 3)
    assert [error["message"][:4] for error in told["errors"]] == ["[1] ", "[2] ", "[3] "]
    assert "exactly one of traceId" in told["errors"][0]["message"]
    assert stored(api) == {"a": 0.9}


def test_the_same_id_twice_in_a_list_leaves_the_later_one(api) -> None:
    api.post("scores", [{**SCORE, "id": "s", "value": 1}, {**SCORE, "id": "s", "value": 2}])
    assert stored(api) == {"quality": 2}


def test_a_browser_gives_scores_with_the_public_key_alone(api, project) -> None:
    browser = ApiClient(HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    given = browser.post("/api/public/scores", SCORE, content_type="application/json")
    assert given.status_code == 200
    assert stored(api) == {"quality": 0.9}
    assert browser.get("/api/public/scores").status_code == 403
    assert browser.get("/api/public/v3/scores").status_code == 403
    assert browser.delete("/api/public/scores/x").status_code == 403


def test_a_wrong_secret_is_refused(project, db) -> None:
    pair = base64.b64encode(f"{project.public_key}:wrong".encode()).decode()
    answer = ApiClient(HTTP_AUTHORIZATION=f"Basic {pair}").post(
        "/api/public/scores", SCORE, content_type="application/json"
    )
    assert answer.status_code == 401


def test_a_body_beyond_the_limit_is_refused(api, monkeypatch) -> None:
    monkeypatch.setattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", 1000)
    answer = api.post("scores", {**SCORE, "comment": "x" * 2000})
    assert answer.status_code == 413


def test_a_score_is_deleted(api, other_api) -> None:
    api.post("scores", {**SCORE, "id": "s1"})
    assert other_api.delete("scores/s1").status_code == 202
    assert api.get("v2/scores/s1").status_code == 200, "it was not theirs"
    answer = api.delete("scores/s1")
    assert (answer.status_code, list(answer.json())) == (202, ["message"])
    assert api.get("v2/scores/s1").status_code == 404
    assert api.delete("scores/s1").status_code == 202, "deleting twice is no fault"


def test_the_same_id_in_two_projects_is_two_scores(api, other_api) -> None:
    api.post("scores", {**SCORE, "id": "s", "value": 1})
    other_api.post("scores", {**SCORE, "id": "s", "value": 2})
    assert (stored(api), stored(other_api)) == ({"quality": 1}, {"quality": 2})
