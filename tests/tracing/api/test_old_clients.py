"""SDK 2 fails on a whole answer that holds a score of a type younger than itself."""

import pytest

from tests.conftest import Api

SDK_2 = {"HTTP_X_LANGFUSE_SDK_NAME": "python", "HTTP_X_LANGFUSE_SDK_VERSION": "2.60.10"}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["scores", "v2/scores", "score-configs", "traces/t"])
def test_texts_are_kept_from_a_client_that_does_not_know_them(api: Api, path: str) -> None:
    api.post("traces", {"id": "t"})
    for kind, value in (("TEXT", "well said"), ("NUMERIC", 1)):
        assert api.post("scores", {"traceId": "t", "name": "n", "dataType": kind, "value": value}).status_code == 200
        assert api.post("score-configs", {"name": kind, "dataType": kind}).status_code == 200

    def kinds(**headers: str) -> set[str]:
        answer = api.client.get(f"/api/public/{path}", **headers).json()
        return {row["dataType"] for row in answer.get("scores") or answer.get("data")}

    assert kinds() == {"TEXT", "NUMERIC"}
    assert kinds(**SDK_2) == {"NUMERIC"}


def test_a_generated_client_without_a_name_is_believed_old_only_in_the_old_list(api: Api) -> None:
    assert (
        api.post("scores", {"traceId": "t", "name": "n", "dataType": "TEXT", "value": "well said"}).status_code == 200
    )
    found = {
        path: api.client.get(f"/api/public/{path}", HTTP_X_FERN_LANGUAGE="Python").json()["data"]
        for path in ("scores", "v2/scores")
    }
    assert not found["scores"]
    assert len(found["v2/scores"]) == 1
