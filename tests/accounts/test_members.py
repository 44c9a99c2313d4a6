"""`accounts.members`: roles given, changed and taken; who may not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.acting import Actor
from accounts.members import (
    members_of_organization,
    members_of_project,
    remove_from_organization,
    set_organization_role,
    set_project_role,
)
from accounts.memberships import projects_of, role_in
from accounts.models import AuditEntry, Membership, Organization, ProjectMembership, User
from accounts.roles import Role
from common.errors import Conflict, Denied, DomainError, NotFound
from tests.conftest import Keys, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam(organization: Organization) -> User:
    """An ADMIN."""
    return make_user("adam@example.org", organization, Role.ADMIN)


def test_an_owner_gives_a_member_another_role(organization: Organization, alice: User, bob: User) -> None:
    set_organization_role(organization, bob.pk, Role.ADMIN, Actor(Role.OWNER, alice))
    assert Membership.objects.get(user=bob).role == Role.ADMIN
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.subject_id, entry.before, entry.after) == (alice.email, bob.email, "MEMBER", "ADMIN")


def test_an_admin_cannot_make_owners(organization: Organization, adam: User, bob: User) -> None:
    with pytest.raises(Denied):
        set_organization_role(organization, bob.pk, Role.OWNER, Actor(Role.ADMIN, adam))


def test_an_admin_cannot_make_himself_an_owner(organization: Organization, adam: User, project: Keys) -> None:
    with pytest.raises(Denied):
        set_organization_role(organization, adam.pk, Role.OWNER, Actor(Role.ADMIN, adam))
    with pytest.raises(Denied):
        set_project_role(project.project, adam.pk, Role.OWNER, Actor(Role.ADMIN, adam))


def test_an_admin_cannot_demote_or_remove_an_owner(
    organization: Organization, project: Keys, adam: User, alice: User
) -> None:
    with pytest.raises(Denied):
        set_organization_role(organization, alice.pk, Role.VIEWER, Actor(Role.ADMIN, adam))
    with pytest.raises(Denied):
        set_project_role(project.project, alice.pk, Role.VIEWER, Actor(Role.ADMIN, adam))
    with pytest.raises(Denied):
        remove_from_organization(organization, alice.pk, Actor(Role.ADMIN, adam))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.ANNOTATOR])
def test_others_change_nobody(organization: Organization, project: Keys, vera: User, bob: User, role: Role) -> None:
    by = Actor(role, bob)
    for change in (
        lambda: set_organization_role(organization, vera.pk, Role.ANNOTATOR, by),
        lambda: set_project_role(project.project, vera.pk, Role.ANNOTATOR, by),
        lambda: remove_from_organization(organization, vera.pk, by),
    ):
        with pytest.raises(Denied):
            change()


def test_the_last_owner_neither_leaves_nor_steps_down(organization: Organization, alice: User) -> None:
    by = Actor(Role.OWNER, alice)
    with pytest.raises(Conflict):
        set_organization_role(organization, alice.pk, Role.ADMIN, by)
    with pytest.raises(Conflict):
        remove_from_organization(organization, alice.pk, by)
    make_user("olga@example.org", organization, Role.OWNER)
    remove_from_organization(organization, alice.pk, by)
    assert not Membership.objects.filter(user=alice).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_succeed(organization: Organization, alice: User) -> None:
    olga = make_user("olga@example.org", organization, Role.OWNER)

    def leave(user: User) -> bool:
        try:
            remove_from_organization(organization, user.pk, Actor(Role.OWNER, user))
        except DomainError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, [alice, olga])) == [False, True]


def test_anybody_may_leave(organization: Organization, vera: User) -> None:
    remove_from_organization(organization, vera.pk, Actor(Role.VIEWER, vera))
    assert not Membership.objects.filter(user=vera).exists()


def test_removal_ends_roles_in_projects_too(organization: Organization, project: Keys, alice: User, bob: User) -> None:
    set_project_role(project.project, bob.pk, Role.ADMIN, Actor(Role.OWNER, alice))
    bob.last_project = project.project
    bob.save()
    remove_from_organization(organization, bob.pk, Actor(Role.OWNER, alice))
    bob.refresh_from_db()
    assert role_in(bob, project.project) is None
    assert bob.last_project is None


def test_a_role_in_a_project_overrides_the_organization_s(
    organization: Organization, project: Keys, alice: User, bob: User
) -> None:
    other = make_project(organization, "Rivers").project
    by = Actor(Role.OWNER, alice)
    set_project_role(project.project, bob.pk, Role.VIEWER, by)
    assert (role_in(bob, project.project), role_in(bob, other)) == (Role.VIEWER, Role.MEMBER)
    set_project_role(project.project, bob.pk, None, by)
    assert role_in(bob, project.project) is Role.MEMBER


def test_an_owner_of_the_organization_is_owner_of_every_project(
    organization: Organization, project: Keys, alice: User
) -> None:
    olga = make_user("olga@example.org", organization, Role.OWNER)
    with pytest.raises(Conflict):
        set_project_role(project.project, alice.pk, Role.VIEWER, Actor(Role.OWNER, olga))
    ProjectMembership.objects.create(user=alice, project=project.project, role=Role.VIEWER)
    assert role_in(alice, project.project) is Role.OWNER


def test_taking_back_a_role_does_not_raise_anybody_above_the_actor(
    organization: Organization, project: Keys, alice: User, adam: User, bob: User
) -> None:
    """Adam is ADMIN, but VIEWER in this project; Bob is ADMIN of this project only."""
    set_project_role(project.project, adam.pk, Role.VIEWER, Actor(Role.OWNER, alice))
    with pytest.raises(Denied):
        set_project_role(project.project, adam.pk, None, Actor(Role.VIEWER, adam))


def test_who_has_roles_in_projects_only_is_no_stranger_there_and_one_elsewhere(
    organization: Organization, project: Keys, alice: User
) -> None:
    paula = make_user("paula@example.org", organization, None)
    other = make_project(organization, "Rivers").project
    assert list(projects_of(paula)) == []
    set_project_role(project.project, paula.pk, Role.ANNOTATOR, Actor(Role.OWNER, alice))
    assert list(projects_of(paula)) == [project.project]
    assert role_in(paula, other) is None
    set_project_role(project.project, paula.pk, None, Actor(Role.OWNER, alice))
    assert not Membership.objects.filter(user=paula).exists()


def test_a_stranger_is_not_added_by_his_id(
    organization: Organization, project: Keys, alice: User, mallory: User
) -> None:
    with pytest.raises(NotFound):
        set_organization_role(organization, mallory.pk, Role.VIEWER, Actor(Role.OWNER, alice))
    with pytest.raises(NotFound):
        set_project_role(project.project, mallory.pk, Role.VIEWER, Actor(Role.OWNER, alice))


def test_a_program_with_the_organization_s_key_may_add_a_user(organization: Organization, mallory: User) -> None:
    set_organization_role(organization, mallory.pk, Role.VIEWER, Actor(Role.OWNER, api_key="pk-lf-org"))
    assert Membership.objects.get(user=mallory, organization=organization).role == Role.VIEWER
    assert AuditEntry.objects.get().actor == "pk-lf-org"


def test_members_are_listed_with_the_role_that_counts(
    organization: Organization, project: Keys, alice: User, bob: User, vera: User, mallory: User
) -> None:
    set_project_role(project.project, vera.pk, Role.ADMIN, Actor(Role.OWNER, alice))
    make_user("paula@example.org", organization, None)
    rows = [(row.user.email, row.role) for row in members_of_project(project.project)]
    assert rows == [(alice.email, Role.OWNER), (vera.email, Role.ADMIN), (bob.email, Role.MEMBER)]
    assert [row.user.email for row in members_of_organization(organization)][-1] == "paula@example.org"


def test_roles_are_read_with_one_query(project: Keys, bob: User, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert role_in(bob, project.project) is Role.MEMBER


def test_a_deactivated_user_has_no_role(project: Keys, bob: User) -> None:
    bob.is_active = False
    assert role_in(bob, project.project) is None
