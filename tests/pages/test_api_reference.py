"""The page API reference."""

import pytest

from accounts.models import User
from promptlab.api_operations import GROUPS
from tests.conftest import Keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(page_client, vera: User, project: Keys):
    """Whoever may look at the project may read it."""
    client = page_client(vera)
    return lambda path="", **headers: client.get(f"/project/{project.id}/settings/api-reference{path}", headers=headers)


def test_it_lists_every_operation(page) -> None:
    text = page().content.decode()
    for group in GROUPS:
        assert group.title in text
        for operation in group.operations:
            assert f"<code>/api/public{operation.path}</code>" in text
            assert operation.summary.replace("'", "&#x27;").replace('"', "&quot;") in text


def test_words_find_operations(page) -> None:
    text = page("?q=prompts delete").content.decode()
    assert "Delete a prompt" in text
    assert "List traces" not in text
    assert "No route matches." in page("?q=nothing+of+the+kind").content.decode()


def test_an_operation_tells_what_it_takes_and_answers(page) -> None:
    answer = page("/postScores")
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in ("POST /api/public/scores", "traceId", "202", "curl -X POST"):
        assert words in text
    assert "public key alone" in text


def test_htmx_gets_the_operation_alone(page) -> None:
    text = page("/getTraces", HX_Request="true").content.decode()
    assert "<html" not in text
    assert "orderBy" in text


def test_what_is_no_operation_is_not_found(page) -> None:
    assert page("/getNothing").status_code == 404
