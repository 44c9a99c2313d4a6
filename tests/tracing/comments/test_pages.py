"""Comments on the pages of traces, sessions and prompts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.conftest import Api, Keys
from tests.tracing.comments.test_api import said, things
from tracing import comments
from tracing.models.comments import Comment

__all__ = ["things"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TARGET = {"object_type": "TRACE", "object_id": "trace"}


def address(keys: Keys, path: str = "comments") -> str:
    return f"/project/{keys.id}/{path}"


def test_an_annotator_says_something_and_everybody_reads_it(
    project: Keys, anna: User, vera: User, page_client: SignIn
) -> None:
    said_it = page_client(anna).post(address(project), TARGET | {"content": "Here it <b>fails</b>.\nWhy?"})
    assert said_it.status_code == 200
    page = page_client(vera).get(address(project), TARGET).content.decode()
    assert "Here it &lt;b&gt;fails&lt;/b&gt;.\nWhy?" in page
    assert "Anna" in page
    assert "<textarea" not in page, "a viewer only reads"


def test_a_viewer_says_nothing(project: Keys, vera: User, page_client: SignIn) -> None:
    assert page_client(vera).post(address(project), TARGET | {"content": "x"}).status_code == 403
    assert not Comment.objects.exists()


@pytest.mark.parametrize("content", ["", "x" * 5001])
def test_what_is_refused_stays_in_the_form(project: Keys, bob: User, page_client: SignIn, content: str) -> None:
    answer = page_client(bob).post(address(project), TARGET | {"content": content})
    assert answer.status_code == 422
    assert f">{content}</textarea>" in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_everybody_takes_back_their_own_words_only(project: Keys, bob: User, alice: User, page_client: SignIn) -> None:
    page_client(bob).post(address(project), TARGET | {"content": "mine"})
    removal = address(project, f"comments/{Comment.objects.get().pk}/delete")
    assert page_client(alice).post(removal).status_code == 404
    assert "delete" not in page_client(alice).get(address(project), TARGET).content.decode()
    answer = page_client(bob).post(removal)
    assert answer.status_code == 200
    assert "mine" not in answer.content.decode()
    assert not Comment.objects.exists()


def test_the_trace_page_counts_them_where_they_are(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    client, page = page_client(vera), address(project, "traces/trace")
    assert '<span id="comment-count" class="count" hidden>0</span>' in client.get(page).content.decode()
    said(api)
    said(api, "OBSERVATION", "span")
    said(api, "OBSERVATION", "span")
    html = client.get(page).content.decode()
    assert '<span id="comment-count" class="count" >1</span>' in html
    assert "chat_bubble</span>2</span>" in html
    chosen = client.get(page, {"observation": "span", "tab": "comments"}).content.decode()
    assert '<span id="comment-count" class="count" >2</span>' in chosen
    assert "object_type=OBSERVATION&amp;object_id=span" in chosen


def test_pages_of_sessions_and_prompts_load_them(
    project: Keys, vera: User, page_client: SignIn, things: dict[str, str]
) -> None:
    client = page_client(vera)
    assert (
        "object_type=SESSION&amp;object_id=session%2F1"
        in client.get(address(project, "sessions/session/1")).content.decode()
    )
    prompt = client.get(address(project, "prompts/p")).content.decode()
    assert f"object_type=PROMPT&amp;object_id={things['PROMPT']}" in prompt


@pytest.mark.parametrize("query", [{}, {"object_type": "X", "object_id": "a"}, {"object_type": "TRACE"}])
def test_nothing_named_is_nothing_found(project: Keys, vera: User, page_client: SignIn, query: dict[str, str]) -> None:
    assert page_client(vera).get(address(project), query).status_code == 404


def test_strangers_find_no_comments(
    api: Api, project: Keys, other_project: Keys, mallory: User, page_client: SignIn
) -> None:
    said(api, content="a secret")
    client = page_client(mallory)
    assert client.get(address(project), TARGET).status_code == 404
    assert "a secret" not in client.get(address(other_project), TARGET).content.decode()
    assert client.post(address(other_project), TARGET | {"content": "x"}).status_code == 404


def test_the_sweep_takes_what_was_said_about_traces_that_are_gone(api: Api) -> None:
    said(api)
    said(api, "SESSION", "session/1")
    Comment.objects.update(created_at=timezone.now() - timedelta(days=1))
    comments.sweep()
    assert Comment.objects.count() == 2
    Comment.objects.filter(object_type="TRACE").update(trace_id="gone")
    comments.sweep()
    assert Comment.objects.get().object_type == "SESSION"
