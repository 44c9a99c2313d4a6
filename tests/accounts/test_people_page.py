"""People of the instance: its admin keeps somebody out, and lets them in again."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, Membership, Organization, User
from accounts.roles import Role
from tests.accounts.sign_in import SignIn
from tests.conftest import PASSWORD, Keys, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.org", PASSWORD, name="Root")


def sign_in(email: str) -> Any:
    return Client().post("/accounts/login/", {"login": email, "password": PASSWORD})


def test_everybody_is_listed_with_where_they_belong(
    root: User, alice: User, mallory: User, page_client: SignIn
) -> None:
    page = page_client(root).get("/account/people").content.decode()
    for text in ("alice@example.org", "Psychtelab", "mallory@example.com", "Strangers", "administrator"):
        assert text in page
    found = page_client(root).get("/account/people", {"q": "ALICE"}).content.decode()
    assert "alice@example.org" in found and "mallory@example.com" not in found
    assert page_client(root).get("/account/people", {"q": "\0nobody"}).status_code == 200
    assert 'href="/account/people"' in page_client(root).get("/account").content.decode()


def test_pages_follow_each_other_at_a_fixed_number_of_queries(
    root: User, organization: Organization, page_client: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        user = User.objects.create(email=f"p{number:02}@example.org")
        Membership.objects.create(user=user, organization=organization, role=Role.VIEWER)
    client = page_client(root)
    with django_assert_max_num_queries(6):
        first = client.get("/account/people")
    assert len(first.context["people"]) == 50
    second = client.get("/account/people", {"cursor": first.context["page"]["next_cursor"]})
    assert [person.email for person in second.context["people"]][-1] == "root@example.org"
    assert len(second.context["people"]) == 11


def test_who_is_deactivated_is_out_at_once_everywhere(
    root: User, project: Keys, bob: User, page_client: SignIn
) -> None:
    browsers = [page_client(bob), page_client(bob)]
    answer = page_client(root).post(f"/account/people/{bob.pk}/deactivate", follow=True)
    assert b"bob@example.org is signed out" in answer.content
    for browser in browsers:
        assert browser.get(f"/project/{project.id}/traces").headers["Location"].startswith("/accounts/login/")
    assert sign_in(bob.email).headers.get("Location") == "/accounts/inactive/"
    assert Membership.objects.filter(user=bob).exists()

    page_client(root).post(f"/account/people/{bob.pk}/reactivate")
    for browser in browsers:  # the old sessions stay ended
        assert browser.get(f"/project/{project.id}/traces").status_code == 302
    assert sign_in(bob.email).headers["Location"] == "/"
    entries = AuditEntry.objects.filter(subject_type="user").order_by("id")
    assert [(entry.action, entry.subject_id, entry.user) for entry in entries] == [
        ("deactivate", bob.email, root),
        ("reactivate", bob.email, root),
    ]


def test_nobody_deactivates_themselves(root: User, page_client: SignIn) -> None:
    answer = page_client(root).post(f"/account/people/{root.pk}/deactivate", follow=True)
    assert b"You cannot deactivate yourself" in answer.content
    assert User.objects.get().is_active


def test_twice_is_once(root: User, bob: User, page_client: SignIn) -> None:
    for _ in range(2):
        assert page_client(root).post(f"/account/people/{bob.pk}/deactivate").status_code == 302
    assert AuditEntry.objects.filter(action="deactivate").count() == 1


def test_owners_of_an_organization_find_nothing_here(alice: User, bob: User, page_client: SignIn) -> None:
    client = page_client(alice)
    assert client.get("/account/people").status_code == 404
    assert client.post(f"/account/people/{bob.pk}/deactivate").status_code == 404
    assert User.objects.get(pk=bob.pk).is_active
    assert b"/account/people" not in client.get("/account").content
    assert Client().get("/account/people").status_code == 302


def test_somebody_unknown_is_404(root: User, page_client: SignIn) -> None:
    for user_id in ("nobody", "1" * 800):
        assert page_client(root).post(f"/account/people/{user_id}/deactivate").status_code == 404
    told = page_client(root).get(f"/account/people/{root.pk}/deactivate")
    assert (told.status_code, told.headers["Allow"]) == (405, "POST")
    assert "Go back and send it again" in told.content.decode()


def test_a_session_that_is_made_after_all_that_holds(root: User, page_client: SignIn) -> None:
    eva = make_user("eva@example.org")
    for verb in ("deactivate", "reactivate"):
        page_client(root).post(f"/account/people/{eva.pk}/{verb}")
    client = page_client(User.objects.get(pk=eva.pk))
    assert client.get("/account").status_code == 200
    assert client.get("/account").status_code == 200
