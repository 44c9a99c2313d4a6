"""The page behind an invitation's link."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.acting import Actor
from accounts.invitations import NewLink, invite, revoke
from accounts.memberships import role_in
from accounts.models import Invitation, Organization, User
from accounts.roles import Role
from tests.accounts.sign_in import SignIn
from tests.conftest import PASSWORD, Keys, make_user

pytestmark = pytest.mark.django_db
NEW = {"name": "Eva Lindgren", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def owner(alice: User) -> Actor:
    return Actor(Role.OWNER, alice)


@pytest.fixture
def made(organization: Organization, project: Keys, owner: Actor) -> NewLink:
    return invite(organization, project.project, "eva@example.org", Role.MEMBER, owner)


def test_a_new_person_makes_an_account_and_is_in(client: Client, made: NewLink, project: Keys) -> None:
    page = client.get(f"/invitations/{made.token}")
    assert b"eva@example.org" in page.content
    answer = client.post(f"/invitations/{made.token}", NEW)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/project/{project.id}/")
    eva = User.objects.get(email="eva@example.org")
    assert (eva.name, role_in(eva, project.project)) == ("Eva Lindgren", Role.MEMBER)
    assert client.get(f"/project/{project.id}/settings").status_code == 200


def test_the_address_is_not_the_person_s_to_change(client: Client, made: NewLink) -> None:
    client.post(f"/invitations/{made.token}", {**NEW, "email": "thief@example.com"})
    assert not User.objects.filter(email="thief@example.com").exists()
    assert User.objects.filter(email="eva@example.org").exists()


def test_bad_passwords_come_back_with_the_reason_and_what_was_typed(client: Client, made: NewLink) -> None:
    for passwords in ({"password1": "short", "password2": "short"}, {"password2": "something else entirely"}):
        page = client.post(f"/invitations/{made.token}", {**NEW, **passwords})
        assert page.status_code == 422
        assert b"errorlist" in page.content
        assert b"Eva Lindgren" in page.content
    assert not User.objects.filter(email="eva@example.org").exists()


def test_the_link_works_once(client: Client, made: NewLink) -> None:
    client.post(f"/invitations/{made.token}", NEW)
    for method in ("get", "post"):
        page = getattr(Client(), method)(f"/invitations/{made.token}", NEW)
        assert page.status_code == 410
        assert b"accepted already" in page.content


def test_who_joined_by_it_is_led_to_the_project(client: Client, made: NewLink, project: Keys) -> None:
    client.post(f"/invitations/{made.token}", NEW)
    assert client.get(f"/invitations/{made.token}").headers["Location"] == f"/project/{project.id}/"


def test_a_signed_in_person_of_that_address_joins_by_one_press(
    made: NewLink, project: Keys, page_client: SignIn
) -> None:
    eva = make_user("eva@example.org")
    client = page_client(eva)
    assert b"Join" in client.get(f"/invitations/{made.token}").content
    assert client.post(f"/invitations/{made.token}").status_code == 302
    assert role_in(eva, project.project) is Role.MEMBER


def test_a_signed_in_person_of_another_address_is_told_and_does_not_join(
    made: NewLink, project: Keys, mallory: User, page_client: SignIn
) -> None:
    client = page_client(mallory)
    assert b"you are signed in as mallory@example.com" in client.get(f"/invitations/{made.token}").content
    assert client.post(f"/invitations/{made.token}").status_code == 403
    assert role_in(mallory, project.project) is None
    assert Invitation.objects.get().accepted_at is None


def test_who_has_an_account_is_asked_to_sign_in(client: Client, made: NewLink) -> None:
    eva = make_user("eva@example.org")
    page = client.get(f"/invitations/{made.token}").content.decode()
    assert f"/accounts/login/?next=/invitations/{made.token}" in page
    assert client.post(f"/invitations/{made.token}", NEW).status_code == 422
    eva.refresh_from_db()
    assert eva.check_password(PASSWORD)
    assert Invitation.objects.get().accepted_at is None


def test_a_revoked_and_a_made_up_link_say_why(client: Client, made: NewLink, owner: Actor) -> None:
    revoke(made.invitation, owner)
    assert b"taken back" in client.get(f"/invitations/{made.token}").content
    page = client.get("/invitations/made-up")
    assert (page.status_code, b"not valid" in page.content) == (404, True)


def test_a_mailed_link_proves_the_address(
    client: Client, organization: Organization, project: Keys, owner: Actor, settings: Any
) -> None:
    settings.MAIL_CONFIGURED, settings.ACCOUNT_EMAIL_VERIFICATION = True, "mandatory"
    made = invite(organization, project.project, "eva@example.org", Role.MEMBER, owner)
    assert client.post(f"/invitations/{made.token}", NEW).headers["Location"] == f"/project/{project.id}/"
    assert EmailAddress.objects.get(email="eva@example.org").verified


def test_a_shown_link_does_not_prove_it_so_a_mail_has_to(
    client: Client, made: NewLink, project: Keys, settings: Any
) -> None:
    settings.MAIL_CONFIGURED, settings.ACCOUNT_EMAIL_VERIFICATION = True, "mandatory"
    answer = client.post(f"/invitations/{made.token}", NEW)
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert not EmailAddress.objects.get(email="eva@example.org").verified
    assert client.get(f"/project/{project.id}/settings").status_code == 302


def test_guessing_tokens_is_throttled(client: Client, made: NewLink) -> None:
    codes = [client.post(f"/invitations/guess-{n}", NEW).status_code for n in range(25)]
    assert codes[0] == 404
    assert codes[-1] == 429
