"""Single sign-on against a real provider: the whole way over HTTP, as a browser goes it.

Safe means: an address counts only when the provider says that it has verified it, and by single sign-on nobody comes
in who could not come in by invitation.
"""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured

from accounts.acting import Actor
from accounts.invitations import invite
from accounts.memberships import role_in
from accounts.models import Organization, User
from accounts.roles import Role
from promptlab import sso
from tests.accounts.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running
from tests.conftest import PASSWORD, Keys, make_user


@pytest.fixture(scope="module")
def provider_server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(provider_server: Provider, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The provider, and PromptLab told of it by its environment."""
    for name, value in {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "ISSUER": provider_server.url}.items():
        monkeypatch.setenv(f"PROMPTLAB_SSO_OIDC_{name}", value)
    monkeypatch.setenv("PROMPTLAB_SSO_OIDC_NAME", "The lab")
    settings.SOCIALACCOUNT_PROVIDERS = sso.providers()
    settings.PUBLIC_URL = live_server.url
    provider_server.redirects = {f"{live_server.url}/accounts/oidc/oidc/login/callback/"}
    provider_server.refusals.clear()
    return provider_server


SSO = "/accounts/oidc/oidc/login/"


class Browser:
    """Follows redirects between the two servers and keeps cookies; presses buttons of forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(follow_redirects=True, timeout=20)

    def open(self, path: str) -> httpx.Response:
        return self.http.get(self.url + path)

    def press(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """Send the page's form whose action starts like this, with its token."""
        found = re.search(rf'action="({re.escape(action)}[^"]*)"', page.text)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.text
        assert token, page.text
        where = self.url + html.unescape(found[1])
        return self.http.post(where, data={"csrfmiddlewaretoken": token[1], **fields})

    def sign_in_by_sso(self, next_page: str = "") -> httpx.Response:
        page = self.open(f"/accounts/login/{'?next=' + next_page if next_page else ''}")
        return self.press(page, SSO)

    @property
    def is_signed_in(self) -> bool:
        return urlsplit(str(self.open("/account").url)).path == "/account"


@pytest.fixture
def browser(live_server: Any) -> Iterator[Browser]:
    made = Browser(live_server.url)
    yield made
    made.http.close()


def test_the_sign_in_page_offers_it_by_name(provider: Provider, browser: Browser) -> None:
    assert "The lab" in browser.open("/accounts/login/").text


def test_a_member_whose_address_is_verified_on_both_sides_comes_in(
    provider: Provider, browser: Browser, alice: User
) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    provider.person("1", "Alice@Example.org")
    browser.sign_in_by_sso()
    assert browser.is_signed_in
    assert SocialAccount.objects.get().user == alice
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert provider.refusals == []


def test_the_second_time_the_account_is_known_whatever_its_address_is(
    provider: Provider, browser: Browser, alice: User
) -> None:
    provider.person("1", alice.email)
    browser.sign_in_by_sso()
    browser.http.cookies.clear()
    assert not browser.is_signed_in
    provider.person("1", "alice.married@example.org", verified=False)
    browser.sign_in_by_sso()
    assert browser.is_signed_in
    assert User.objects.count() == 1


@pytest.mark.parametrize("verified", [False, "false", None, "no"])
def test_an_address_that_the_provider_has_not_verified_opens_nothing(
    provider: Provider, browser: Browser, alice: User, verified: Any
) -> None:
    provider.person("666", alice.email, verified=verified)
    page = browser.sign_in_by_sso()
    assert "By invitation only" in page.text
    assert not browser.is_signed_in
    assert not SocialAccount.objects.exists()


def test_a_password_set_by_somebody_who_never_proved_the_address_ends_when_its_owner_comes(
    provider: Provider, browser: Browser
) -> None:
    """Else whoever made an account for another's address could wait inside it."""
    waiting = make_user("victim@example.org")
    EmailAddress.objects.create(user=waiting, email=waiting.email, primary=True, verified=False)
    provider.person("2", "victim@example.org")
    browser.sign_in_by_sso()
    assert browser.is_signed_in
    waiting.refresh_from_db()
    assert not waiting.has_usable_password()


def test_a_stranger_is_not_let_in(provider: Provider, browser: Browser) -> None:
    provider.person("3", "stranger@example.org")
    page = browser.sign_in_by_sso()
    assert "By invitation only" in page.text
    assert not User.objects.exists()


def test_an_invited_address_comes_in_and_is_a_member_at_once(
    provider: Provider, browser: Browser, project: Keys, organization: Organization, alice: User
) -> None:
    made = invite(organization, project.project, "eva@example.org", Role.ANNOTATOR, Actor(Role.OWNER, alice))
    provider.person("4", "eva@example.org", name="Eva Lindgren")
    page = browser.press(browser.open(f"/invitations/{made.token}"), SSO)
    assert page.status_code in (200, 404)
    eva = User.objects.get(email="eva@example.org")
    assert eva.name == "Eva Lindgren"
    assert role_in(eva, project.project) is Role.ANNOTATOR
    assert browser.open(f"/project/{project.id}/settings").status_code == 200


def test_an_invitation_does_not_help_who_only_claims_its_address(
    provider: Provider, browser: Browser, project: Keys, organization: Organization, alice: User
) -> None:
    invite(organization, project.project, "eva@example.org", Role.MEMBER, Actor(Role.OWNER, alice))
    provider.person("5", "eva@example.org", verified="false")
    browser.sign_in_by_sso()
    assert not browser.is_signed_in
    assert not User.objects.filter(email="eva@example.org").exists()


def test_where_sign_up_is_open_anybody_verified_gets_an_account(
    provider: Provider, browser: Browser, settings: Any
) -> None:
    settings.SIGNUP_OPEN = True
    provider.person("6", "new@example.org", name="New")
    browser.sign_in_by_sso()
    assert browser.is_signed_in
    assert "You are not a member of any project yet" in browser.open("/projects").text


def test_it_leads_back_to_the_page_one_came_for(
    provider: Provider, browser: Browser, project: Keys, alice: User
) -> None:
    provider.person("1", alice.email)
    page = browser.sign_in_by_sso(next_page=f"/project/{project.id}/settings")
    assert urlsplit(str(page.url)).path == f"/project/{project.id}/settings"


def test_it_does_not_lead_to_another_server(provider: Provider, browser: Browser, alice: User) -> None:
    provider.person("1", alice.email)
    page = browser.sign_in_by_sso(next_page="https://evil.example/")
    assert urlsplit(str(page.url)).netloc == urlsplit(browser.url).netloc


def test_who_presses_cancel_is_told_so(provider: Provider, browser: Browser) -> None:
    provider.user = None
    page = browser.sign_in_by_sso()
    assert page.status_code in (200, 401)
    assert not browser.is_signed_in


def test_an_answer_with_a_state_of_nobody_s_is_refused(provider: Provider, browser: Browser, alice: User) -> None:
    """Login CSRF: somebody else's answer pasted into this browser."""
    provider.person("1", alice.email)
    page = browser.open("/accounts/oidc/oidc/login/callback/?code=stolen&state=made-up")
    assert page.status_code < 500
    assert not browser.is_signed_in


def test_a_provider_that_is_away_is_a_page_not_a_crash(provider: Provider, browser: Browser, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    page = browser.sign_in_by_sso()
    assert page.status_code == 503
    assert "Single sign-on did not work" in page.text
    assert not browser.is_signed_in


def test_a_connected_account_can_be_added_and_taken_away(provider: Provider, browser: Browser, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    page = browser.open("/accounts/login/")
    browser.press(page, "/accounts/login/", login=alice.email, password=PASSWORD)
    provider.person("7", "private@example.net")
    page = browser.press(browser.open("/accounts/3rdparty/"), SSO)
    browser.press(page, "/accounts/reauthenticate/", password=PASSWORD)  # nobody adds theirs at an open desk
    account = SocialAccount.objects.get()
    assert account.user == alice
    browser.press(browser.open("/accounts/3rdparty/"), "/accounts/3rdparty/", account=str(account.pk))
    assert not SocialAccount.objects.exists()


def test_the_environment_names_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sso.providers() == {}
    for kind in ("GOOGLE", "GITHUB", "GITLAB", "OIDC"):
        monkeypatch.setenv(f"PROMPTLAB_SSO_{kind}_CLIENT_ID", f"id of {kind}")
        monkeypatch.setenv(f"PROMPTLAB_SSO_{kind}_CLIENT_SECRET", "secret")
    monkeypatch.setenv("PROMPTLAB_SSO_OIDC_ISSUER", "http://keycloak.lan/realms/lab/")
    found = sso.providers()
    assert set(found) == {"google", "github", "openid_connect"}
    apps = found["openid_connect"]["APPS"]
    assert [app["settings"]["server_url"] for app in apps] == ["http://keycloak.lan/realms/lab", "https://gitlab.com"]
    assert sso.form_targets(found) == ["http://keycloak.lan"]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"GOOGLE_CLIENT_ID": "x"}, "PROMPTLAB_SSO_GOOGLE_CLIENT_SECRET"),
        ({"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}, "PROMPTLAB_SSO_OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y", "OIDC_ISSUER": "keycloak"}, "a whole address"),
    ],
)
def test_half_a_configuration_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"PROMPTLAB_SSO_{name}", value)
    with pytest.raises(ImproperlyConfigured, match=says):
        sso.providers()
