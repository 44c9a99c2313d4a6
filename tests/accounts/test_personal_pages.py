"""Choose a project; my account; the project prefix and addresses without one."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.acting import Actor
from accounts.invitations import invite
from accounts.memberships import role_in
from accounts.models import Membership, Organization, Project, User
from accounts.roles import Role
from tests.accounts.sign_in import SignIn
from tests.conftest import Keys, make_project, make_user

pytestmark = pytest.mark.django_db


def test_the_choice_shows_my_projects_and_no_others(
    project: Keys, other_project: Keys, bob: User, page_client: SignIn
) -> None:
    page = page_client(bob).get("/projects").content.decode()
    assert f"/project/{project.id}/" in page
    assert other_project.id not in page
    assert "Strangers" not in page


def test_it_costs_few_queries_however_many_projects_there_are(
    organization: Organization, alice: User, page_client: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        make_project(organization, f"Project {number}")
    client = page_client(alice)
    with django_assert_max_num_queries(9):
        client.get("/projects")


def test_an_admin_makes_a_project_and_lands_in_it(organization: Organization, alice: User, page_client: SignIn) -> None:
    field = f"{organization.pk}-name"
    answer = page_client(alice).post(f"/organizations/{organization.pk}/projects", {field: "Rivers"})
    assert answer.headers["Location"] == f"/project/{Project.objects.get(name='Rivers').pk}/"


def test_a_taken_name_is_refused_beside_the_field(
    organization: Organization, project: Keys, alice: User, page_client: SignIn
) -> None:
    field = f"{organization.pk}-name"
    page = page_client(alice).post(f"/organizations/{organization.pk}/projects", {field: "Capitals"})
    assert page.status_code == 422
    assert b"already has a project named Capitals" in page.content


def test_a_member_makes_no_projects(organization: Organization, bob: User, page_client: SignIn) -> None:
    client = page_client(bob)
    assert b"New project" not in client.get("/projects").content
    client.post(f"/organizations/{organization.pk}/projects", {f"{organization.pk}-name": "Mine"})
    assert not Project.objects.filter(name="Mine").exists()


def test_nobody_makes_projects_in_other_organizations(
    organization: Organization, mallory: User, page_client: SignIn
) -> None:
    address = f"/organizations/{organization.pk}/projects"
    assert page_client(mallory).post(address, {f"{organization.pk}-name": "Mine"}).status_code == 404


def test_organizations_are_made_by_the_instance_s_admin(page_client: SignIn, bob: User) -> None:
    client = page_client(bob)
    assert b"New organization" not in client.get("/projects").content
    assert client.post("/organizations", {"name": "Mine"}).status_code == 422
    assert not Organization.objects.filter(name="Mine").exists()
    bob.is_superuser = True
    bob.save()
    assert client.post("/organizations", {"name": "Mine"}).status_code == 302
    assert Membership.objects.get(user=bob, organization__name="Mine").role == Role.OWNER


def test_where_sign_up_is_open_a_new_person_makes_an_organization(
    client: Client, settings: Any, page_client: SignIn
) -> None:
    settings.SIGNUP_OPEN = True
    passwords = {"password1": "correct horse battery", "password2": "correct horse battery"}
    answer = client.post("/accounts/signup/", {"email": "new@example.org", "name": "New", **passwords}, follow=True)
    assert b"You are not a member of any project yet" in answer.content
    client.post("/organizations", {"name": "My lab"})
    organization = Organization.objects.get(name="My lab")
    answer = client.post(f"/organizations/{organization.pk}/projects", {f"{organization.pk}-name": "First"})
    assert role_in(User.objects.get(email="new@example.org"), Project.objects.get(name="First")) is Role.OWNER


def test_who_belongs_nowhere_is_told_what_to_do(page_client: SignIn, db: None) -> None:
    page = page_client(make_user("lonely@example.org")).get("/projects").content
    assert b"You are not a member of any project yet" in page
    assert b"lonely@example.org" in page


def test_a_waiting_invitation_is_accepted_from_there(
    organization: Organization, project: Keys, alice: User, page_client: SignIn
) -> None:
    eva = make_user("eva@example.org")
    EmailAddress.objects.create(user=eva, email=eva.email, primary=True, verified=True)
    made = invite(organization, project.project, eva.email, Role.ANNOTATOR, Actor(Role.OWNER, alice))
    client = page_client(eva)
    assert b"You are invited to" in client.get("/projects").content
    answer = client.post(f"/account/invitations/{made.invitation.pk}")
    assert answer.headers["Location"] == f"/project/{project.id}/"
    assert role_in(eva, project.project) is Role.ANNOTATOR


def test_somebody_else_s_invitation_is_not_accepted_by_its_id(
    organization: Organization, project: Keys, alice: User, mallory: User, page_client: SignIn
) -> None:
    made = invite(organization, project.project, "eva@example.org", Role.ADMIN, Actor(Role.OWNER, alice))
    assert page_client(mallory).post(f"/account/invitations/{made.invitation.pk}").status_code == 404
    assert role_in(mallory, project.project) is None


# --- My account ----------------------------------------------------------------------------------------------


def test_name_language_and_appearance_are_kept(bob: User, page_client: SignIn) -> None:
    client = page_client(bob)
    assert client.get("/account").status_code == 200
    answer = client.post("/account", {"name": "Bob Berg", "language": "ru", "theme": "dark"})
    bob.refresh_from_db()
    assert (bob.name, bob.language, bob.theme) == ("Bob Berg", "ru", "dark")
    assert answer.cookies["django_language"].value == "ru"
    assert answer.cookies["promptlab_theme"].value == "dark"
    assert 'lang="ru"' in client.get("/account").content.decode()


def test_an_unknown_language_is_refused(bob: User, page_client: SignIn) -> None:
    page = page_client(bob).post("/account", {"name": "Bob", "language": "tlh", "theme": "dark"})
    assert page.status_code == 422


def test_nobody_makes_himself_an_admin_by_the_account_form(bob: User, page_client: SignIn) -> None:
    sneaky = {"is_superuser": "on", "is_staff": "on", "email": "root@example.org"}
    page_client(bob).post("/account", {"name": "Bob", "language": "en", "theme": "auto", **sneaky})
    bob.refresh_from_db()
    assert (bob.is_superuser, bob.is_staff, bob.email) == (False, False, "bob@example.org")


def test_the_language_switch_works_for_signed_out_people_too(client: Client, db: None) -> None:
    client.post("/i18n/setlang/", {"language": "ru", "next": "/accounts/login/"})
    page = client.get("/accounts/login/")
    assert page.headers["Content-Language"] == "ru"


def test_a_person_leaves_an_organization(organization: Organization, bob: User, page_client: SignIn) -> None:
    page_client(bob).post(f"/account/leave/{organization.pk}")
    assert not Membership.objects.filter(user=bob).exists()


def test_the_last_owner_does_not_leave(organization: Organization, alice: User, page_client: SignIn) -> None:
    page = page_client(alice).post(f"/account/leave/{organization.pk}", follow=True)
    assert b"last owner" in page.content
    assert Membership.objects.filter(user=alice).exists()


# --- Addresses -------------------------------------------------------------------------------------------------


def test_an_address_without_a_project_leads_to_the_last_one_seen(project: Keys, bob: User, page_client: SignIn) -> None:
    client = page_client(bob)
    assert client.get("/").headers["Location"] == "/projects"
    client.get(f"/project/{project.id}/settings")
    assert client.get("/settings?a=1").headers["Location"] == f"/project/{project.id}/settings?a=1"


def test_htmx_requests_and_refusals_do_not_move_it(
    organization: Organization, project: Keys, other_project: Keys, bob: User, page_client: SignIn
) -> None:
    rivers = make_project(organization, "Rivers")
    client = page_client(bob)
    client.get(f"/project/{project.id}/settings")
    client.get(f"/project/{rivers.id}/settings", headers={"HX-Request": "true"})
    client.get(f"/project/{other_project.id}/settings")
    bob.refresh_from_db()
    assert bob.last_project == project.project


@pytest.mark.parametrize("page", ["account?a=1", "projects", "accounts/login/?next=/x", "invitations/abc"])
def test_a_person_s_pages_stand_at_one_address_only(client: Client, project: Keys, page: str) -> None:
    answer = client.get(f"/project/{project.id}/{page}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{page}")
    assert client.post(f"/project/{project.id}/{page}").status_code == 404


def test_no_project_s_id_makes_that_redirect_go_in_circles(client: Client, db: None) -> None:
    for project_id in ("a:b@c", "a'b", "ä", "a%20b", "a%3Fb"):
        assert client.get(f"/project/{project_id}/projects").headers["Location"] == "/projects"


def test_the_api_does_not_stand_below_a_project(client: Client, project: Keys) -> None:
    assert client.get(f"/project/{project.id}/api/public/projects").status_code == 404


@pytest.mark.parametrize("project_id", ["nobody", "a%00b", "%2e%2e", "x" * 3000, "%ED%A0%80"])
def test_a_project_that_is_none_is_404(bob: User, page_client: SignIn, project_id: str) -> None:
    assert page_client(bob).get(f"/project/{project_id}/settings").status_code == 404
