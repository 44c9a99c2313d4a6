"""Signing in and out, passwords, addresses, second factors: allauth's doors as we have set them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts.models import User
from promptlab.celery import app
from tests.accounts.sign_in import SignIn
from tests.conftest import PASSWORD, Keys

pytestmark = pytest.mark.django_db
NEW = "another long password"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password}, **more)


def is_signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


@pytest.fixture
def mail(settings: Any, mailoutbox: Any) -> Iterator[Any]:
    """A mail server is configured, and what is queued for it arrives at once."""
    settings.MAIL_CONFIGURED, settings.ACCOUNT_EMAIL_VERIFICATION = True, "mandatory"
    app.conf.task_always_eager = True
    yield mailoutbox
    app.conf.task_always_eager = False


# --- In and out -------------------------------------------------------------------------------------------------


def test_a_member_signs_in_by_address_in_any_case_and_out_again(client: Client, bob: User) -> None:
    assert sign_in(client, "BOB@example.org").status_code == 302
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_a_link_signs_nobody_out(bob: User, page_client: SignIn) -> None:
    client = page_client(bob)
    client.get("/accounts/logout/")
    assert is_signed_in(client)


@pytest.mark.parametrize("email", ["bob@example.org", "nobody@example.org", "a\0b@example.org"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(client: Client, bob: User, email: str) -> None:
    page = sign_in(client, email, "wrong")
    assert page.status_code == 200
    if "\0" not in email:
        assert b"are not correct" in page.content
    assert not is_signed_in(client)


def test_it_leads_back_to_the_page_one_came_for(client: Client, project: Keys, bob: User) -> None:
    asked = client.get(f"/project/{project.id}/settings?a=1")
    assert asked.headers["Location"].startswith("/accounts/login/?next=/project/")
    page = client.get(asked.headers["Location"])
    back = re.search(r'name="next" value="([^"]+)"', page.content.decode())
    assert back
    answer = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD, "next": back[1]})
    assert answer.headers["Location"] == f"/project/{project.id}/settings?a=1"


def test_it_leads_to_no_other_server(client: Client, bob: User) -> None:
    for evil in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD, "next": evil})
        assert "evil" not in answer.headers.get("Location", "")
        client.post("/accounts/logout/")


def test_guessing_is_throttled(client: Client, bob: User) -> None:
    for _ in range(5):
        sign_in(client, bob.email, "wrong")
    page = sign_in(client, bob.email)
    assert b"Too many failed login attempts" in page.content
    assert not is_signed_in(client)


def test_a_forged_host_does_not_loosen_the_throttle(client: Client, bob: User) -> None:
    for number in range(5):
        sign_in(client, bob.email, "wrong", headers={"Host": f"host{number}.example"})
    assert b"Too many failed login attempts" in sign_in(client, bob.email).content


def test_a_forged_header_does_not_loosen_the_throttle(client: Client, bob: User) -> None:
    codes = [
        sign_in(client, f"nobody{n}@example.org", "wrong", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(35)
    ]
    assert 429 in codes or b"Too many" in sign_in(client, bob.email).content


def test_a_deactivated_person_is_not_let_in(client: Client, bob: User) -> None:
    bob.is_active = False
    bob.save()
    sign_in(client, bob.email)
    assert not is_signed_in(client)


def test_the_admin_has_no_door_of_its_own(client: Client, project: Keys, bob: User) -> None:
    """Django's own sign-in form knows neither the throttle nor the second factor."""
    address = f"/project/{project.id}/admin/login/"
    for answer in (client.get(address), client.post(address, {"username": bob.email, "password": PASSWORD})):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")
    assert not is_signed_in(client)


def test_forms_need_their_token(bob: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict, bob.email).status_code == 403


def test_the_chosen_language_comes_along(client: Client, bob: User) -> None:
    bob.language = "ru"
    bob.save()
    assert sign_in(client, bob.email).cookies["django_language"].value == "ru"


# --- Sign-up ------------------------------------------------------------------------------------------------------


def test_sign_up_is_by_invitation_only(client: Client, db: None) -> None:
    assert b"By invitation only" in client.get("/accounts/signup/").content
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": NEW, "password2": NEW})
    assert not User.objects.exists()
    assert b"Sign up" not in client.get("/accounts/login/").content


def test_where_it_is_open_and_mail_works_the_address_has_to_be_proven(client: Client, settings: Any, mail: Any) -> None:
    settings.SIGNUP_OPEN = True
    client.post("/accounts/signup/", {"email": "new@example.org", "name": "New", "password1": NEW, "password2": NEW})
    assert not is_signed_in(client)
    link = re.search(r"http://localhost:3000(/accounts/confirm-email/\S+)", mail[0].body)
    assert link, mail[0].body
    client.post(link[1])
    assert EmailAddress.objects.get().verified
    sign_in(client, "new@example.org", NEW)
    assert is_signed_in(client)


# --- Passwords ----------------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_reset_by_mail(client: Client, bob: User, mail: Any) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True, verified=True)
    client.post("/accounts/password/reset/", {"email": bob.email})
    link = re.search(r"http://localhost:3000(/accounts/password/reset/key/\S+)", mail[0].body)
    assert link, mail[0].body
    form = client.get(link[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    sign_in(client, bob.email, NEW)
    assert is_signed_in(client)


def test_a_forged_host_does_not_get_the_link(client: Client, bob: User, mail: Any) -> None:
    client.post("/accounts/password/reset/", {"email": bob.email}, headers={"Host": "evil.example"})
    assert "evil.example" not in mail[0].body + mail[0].subject
    assert "http://localhost:3000/accounts/password/reset/key/" in mail[0].body


def test_a_reset_does_not_tell_who_has_an_account(client: Client, bob: User, mail: Any) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": f"{who}@example.org"}) for who in ("bob", "nobody")]
    assert [answer.headers["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2


def test_a_mail_server_that_is_away_does_not_break_the_page(client: Client, bob: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    assert client.post("/accounts/password/reset/", {"email": bob.email}).status_code == 302


def test_a_password_is_changed_only_by_who_knows_it(bob: User, client: Client) -> None:
    sign_in(client, bob.email)
    page = client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    assert b"errorlist" in page.content
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    bob.refresh_from_db()
    assert bob.check_password(NEW)


def test_an_address_changes_when_the_new_one_is_proven(bob: User, client: Client, mail: Any) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True, verified=True)
    sign_in(client, bob.email)
    client.post("/accounts/email/", {"email": "bob@elsewhere.org", "action_add": ""}, follow=True)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"email": "bob@elsewhere.org", "action_add": ""})
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"
    link = re.search(r"http://localhost:3000(/accounts/confirm-email/\S+)", mail[-1].body)
    assert link, mail[-1].body
    client.post(link[1])
    bob.refresh_from_db()
    assert bob.email == "bob@elsewhere.org"


# --- The second factor ----------------------------------------------------------------------------------------------


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_second_factor_is_set_up_asked_for_and_its_secret_sealed(bob: User, client: Client) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True, verified=True)
    sign_in(client, bob.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="(\w+)"', page)
    assert secret, page
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret[1])})
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret[1] not in stored

    other = Client()
    answer = sign_in(other, bob.email)
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_signed_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_signed_in(other)
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    other.post("/accounts/2fa/authenticate/", {"code": recovery})
    assert is_signed_in(other)


PAGES = ["login/", "password/reset/", "password/reset/done/", "confirm-email/", "inactive/", "social/login/error/"]
MANAGED = [
    "email/",
    "password/change/",
    "2fa/",
    "2fa/recovery-codes/generate/",
    "3rdparty/",
    "logout/",
    "reauthenticate/",
]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_of_allauth_wears_our_shell(client: Client, bob: User, language: str) -> None:
    client.cookies["django_language"] = language
    for page in PAGES:
        answer = client.get(f"/accounts/{page}", follow=True)
        assert b'class="lone"' in answer.content, page
    sign_in(client, bob.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for page in MANAGED:
        answer = client.get(f"/accounts/{page}", follow=True)
        assert answer.status_code == 200, page
        assert b'class="lone"' in answer.content, page
        assert b"<script>" not in answer.content, page  # the content security policy refuses inline scripts
