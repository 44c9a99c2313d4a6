"""Settings: general, keys, members, organization, audit log."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import audit
from accounts.keys import verify_pair
from accounts.memberships import role_in
from accounts.models import ApiKey, Invitation, Membership, Organization, Project, User
from accounts.roles import Role
from tests.accounts.sign_in import SignIn
from tests.conftest import Keys, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def at(project: Keys) -> Callable[[str], str]:
    """The address of a page of the settings."""
    return lambda page: f"/project/{project.id}/settings{page}"


@pytest.fixture
def adam(organization: Organization) -> User:
    return make_user("adam@example.org", organization, Role.ADMIN)


At = Callable[[str], str]


def test_general_renames_and_sets_the_retention(at: At, project: Keys, alice: User, page_client: SignIn) -> None:
    answer = page_client(alice).post(at(""), {"name": "Cities", "retention": "30"})
    assert answer.status_code == 302
    project.project.refresh_from_db()
    assert (project.project.name, project.project.retention_days) == ("Cities", 30)


def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(at: At, alice: User, page_client: SignIn) -> None:
    page = page_client(alice).post(at(""), {"name": "Cities", "retention": "1"})
    content = page.content.decode()
    assert page.status_code == 422
    assert "at least 3 days" in content
    assert 'value="Cities"' in content
    assert "Capitals" in content  # the shell still shows the project as it is


def test_deleting_asks_for_the_name(at: At, project: Keys, alice: User, page_client: SignIn) -> None:
    client = page_client(alice)
    assert client.post(at("/delete"), {"confirmation": "capitals"}).status_code == 422
    assert Project.objects.filter(pk=project.id).exists()
    assert client.post(at("/delete"), {"confirmation": "Capitals"}).headers["Location"] == "/projects"
    assert not Project.objects.filter(pk=project.id).exists()
    assert client.get(at("")).status_code == 404


def test_an_admin_cannot_delete_the_project(at: At, project: Keys, adam: User, page_client: SignIn) -> None:
    client = page_client(adam)
    assert client.post(at("/delete"), {"confirmation": "Capitals"}).status_code == 403
    assert b"Delete for good" not in client.get(at("")).content


def test_a_new_secret_is_shown_once_with_lines_to_paste(at: At, adam: User, page_client: SignIn, settings: Any) -> None:
    client = page_client(adam)
    page = client.post(at("/keys"), {"note": "CI"}, headers=HTMX)
    key = ApiKey.objects.get(note="CI")
    content = page.content.decode()
    assert not content.lstrip().startswith("<!DOCTYPE")
    lines = dict(
        line.split("=", 1) for line in content.split("<code>")[-1].split("</code>")[0].split("\n") if "=" in line
    )
    lines = page.context["environment"].split("\n")
    values = dict(line.split("=", 1) for line in lines)
    assert verify_pair(values["LANGFUSE_PUBLIC_KEY"], values["LANGFUSE_SECRET_KEY"])
    assert values["LANGFUSE_HOST"] == settings.PUBLIC_URL
    assert values["LANGFUSE_SECRET_KEY"] in content
    assert values["LANGFUSE_SECRET_KEY"] not in client.get(at("/keys")).content.decode()
    assert key.created_by == adam


def test_a_key_is_revoked(at: At, project: Keys, adam: User, page_client: SignIn) -> None:
    client, key = page_client(adam), ApiKey.objects.get()
    assert client.post(at(f"/keys/{key.pk}/revoke")).status_code == 302
    assert verify_pair(project.public_key, project.secret_key) is None
    assert client.post(at(f"/keys/{key.pk}/revoke")).status_code == 404


def test_the_list_of_keys_costs_a_fixed_number_of_queries(
    at: At, project: Keys, alice: User, page_client: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = page_client(alice)
    for number in range(12):
        client.post(at("/keys"), {"note": str(number)})
    with django_assert_max_num_queries(10):
        assert client.get(at("/keys")).status_code == 200


def test_members_get_roles_in_this_project(at: At, project: Keys, adam: User, bob: User, page_client: SignIn) -> None:
    client = page_client(adam)
    assert b"bob@example.org" in client.get(at("/members")).content
    client.post(at(f"/members/{bob.pk}"), {"role": "VIEWER"})
    assert role_in(bob, project.project) is Role.VIEWER
    client.post(at(f"/members/{bob.pk}"), {"role": ""})
    assert role_in(bob, project.project) is Role.MEMBER


def test_no_admin_becomes_an_owner_by_a_forged_form(
    at: At, project: Keys, adam: User, alice: User, page_client: SignIn
) -> None:
    client = page_client(adam)
    assert client.post(at(f"/members/{adam.pk}"), {"role": "OWNER"}).status_code == 403
    assert client.post(at(f"/members/{alice.pk}"), {"role": "VIEWER"}).status_code == 403
    assert client.post(at(f"/organization/members/{adam.pk}"), {"role": "OWNER"}).status_code == 403
    assert client.post(at(f"/organization/members/{alice.pk}/remove")).status_code == 403
    assert client.post(at("/organization"), {"name": "Mine"}).status_code == 403
    assert client.post(at("/organization/keys"), {"note": "mine"}).status_code == 403
    page = client.post(at("/invitations"), {"email": "eva@example.org", "role": "OWNER"}, headers=HTMX)
    assert page.status_code == 422
    assert (role_in(adam, project.project), role_in(alice, project.project)) == (Role.ADMIN, Role.OWNER)
    assert not Invitation.objects.exists()


def test_nonsense_instead_of_a_role_is_refused_in_words(
    at: At, project: Keys, adam: User, bob: User, page_client: SignIn
) -> None:
    page = page_client(adam).post(at(f"/members/{bob.pk}"), {"role": "KING"}, follow=True)
    assert b"Choose one of the roles." in page.content
    assert role_in(bob, project.project) is Role.MEMBER


def test_an_invitation_is_made_renewed_and_revoked(at: At, adam: User, page_client: SignIn) -> None:
    client = page_client(adam)
    page = client.post(at("/invitations"), {"email": "eva@example.org", "role": "MEMBER"}, headers=HTMX)
    made = Invitation.objects.get()
    assert page.context["invited"].link in page.content.decode()
    again = client.post(at(f"/invitations/{made.pk}/link"), headers=HTMX)
    assert again.context["invited"].link != page.context["invited"].link
    assert client.post(at(f"/invitations/{made.pk}/resend"), headers=HTMX).status_code == 200
    assert b"eva@example.org" not in client.post(at(f"/invitations/{made.pk}/revoke"), headers=HTMX).content
    assert client.post(at(f"/invitations/{made.pk}/revoke"), headers=HTMX).status_code == 404


def test_a_refused_invitation_keeps_what_was_typed(at: At, adam: User, bob: User, page_client: SignIn) -> None:
    page = page_client(adam).post(at("/invitations"), {"email": "bob@example.org", "role": "VIEWER"}, headers=HTMX)
    assert page.status_code == 422
    assert b"is a member already" in page.content
    assert b'value="bob@example.org"' in page.content


def test_the_organization_s_page_is_for_its_own_admins(
    at: At, organization: Organization, project: Keys, alice: User, bob: User, page_client: SignIn
) -> None:
    """Bob is ADMIN of this project only."""
    page_client(alice).post(at(f"/members/{bob.pk}"), {"role": "ADMIN"})
    client = page_client(bob)
    assert client.get(at("/members")).status_code == 200
    assert client.get(at("/organization")).status_code == 403
    assert client.post(at(f"/organization/members/{bob.pk}"), {"role": "ADMIN"}).status_code == 403
    assert client.post(at("/organization/invitations"), {"email": "a@example.org", "role": "VIEWER"}).status_code == 403


def test_an_owner_names_manages_and_invites_to_the_organization(
    at: At, organization: Organization, alice: User, bob: User, page_client: SignIn
) -> None:
    client = page_client(alice)
    assert client.get(at("/organization")).status_code == 200
    client.post(at("/organization"), {"name": "The lab"})
    client.post(at(f"/organization/members/{bob.pk}"), {"role": "ADMIN"})
    organization.refresh_from_db()
    assert (organization.name, Membership.objects.get(user=bob).role) == ("The lab", "ADMIN")
    page = client.post(at("/organization/invitations"), {"email": "eva@example.org", "role": "VIEWER"}, headers=HTMX)
    assert page.context["invited"].link
    assert Invitation.objects.get().project is None
    page = client.post(at("/organization/keys"), {"note": "CI"}, headers=HTMX)
    assert verify_pair(page.context["made"].key.public_key, page.context["made"].secret).kind == "organization"  # type: ignore[union-attr]
    key = ApiKey.objects.get(organization=organization)
    assert client.post(at(f"/organization/keys/{key.pk}/revoke")).status_code == 302
    client.post(at(f"/organization/members/{bob.pk}/remove"))
    assert not Membership.objects.filter(user=bob).exists()


def test_the_last_owner_is_told_why_he_cannot_step_down(at: At, alice: User, page_client: SignIn) -> None:
    page = page_client(alice).post(at(f"/organization/members/{alice.pk}"), {"role": "VIEWER"}, follow=True)
    assert b"last owner" in page.content


def test_the_audit_log_filters_and_pages(at: At, project: Keys, adam: User, page_client: SignIn) -> None:
    for number in range(60):
        kind = "prompt" if number % 2 else "api_key"
        audit.record(project=project.id, action="create", subject_type=kind, subject_id=f"thing-{number}", user=adam)
    client = page_client(adam)
    first = client.get(at("/audit-log"))
    assert len(first.context["entries"]) == 50
    second = client.get(at("/audit-log"), {"cursor": first.context["page"]["next_cursor"]})
    assert [entry.subject_id for entry in second.context["entries"]] == [f"thing-{n}" for n in range(9, -1, -1)]
    found = client.get(at("/audit-log"), {"kind": "prompt", "q": "thing-59"}).context["entries"]
    assert [entry.subject_id for entry in found] == ["thing-59"]
    for nonsense in ("x", "-1", "9" * 40, "\0"):
        assert client.get(at("/audit-log"), {"cursor": nonsense, "q": nonsense, "kind": nonsense}).status_code == 200


def test_what_happened_in_the_organization_is_for_its_owners(
    at: At, organization: Organization, adam: User, alice: User, page_client: SignIn
) -> None:
    audit.record(organization=organization, action="update", subject_type="organization", subject_id="the lab")
    query = {"scope": "organization"}
    assert b"the lab" in page_client(alice).get(at("/audit-log"), query).content
    assert b"the lab" not in page_client(adam).get(at("/audit-log"), query).content


def test_the_tabs_are_what_the_role_may_open(
    at: At, alice: User, bob: User, vera: User, anna: User, page_client: SignIn
) -> None:
    def tabs(user: User) -> set[str]:
        page = page_client(user).get(at("")).content.decode()
        return {name for name in ("keys", "members", "organization", "audit-log") if at(f"/{name}") in page}

    assert tabs(alice) == {"keys", "members", "organization", "audit-log"}
    assert tabs(bob) == {"members"}
    assert tabs(vera) == tabs(anna) == set()


def test_everything_is_there_in_russian(at: At, alice: User, page_client: Callable[[User], Client]) -> None:
    client = page_client(alice)
    client.cookies["django_language"] = "ru"
    assert 'lang="ru"' in client.get(at("")).content.decode()
