"""`accounts.projects`, `accounts.purging`: made, changed, deleted."""

from typing import Any

import pytest

from accounts.acting import Actor
from accounts.keys import verify_pair
from accounts.memberships import projects_of
from accounts.models import AuditEntry, Organization, Project, User
from accounts.projects import create_project, delete_project, update_project
from accounts.purging import purge, purge_all
from accounts.roles import Role
from accounts.signals import project_purged
from common.errors import Conflict, Denied, Invalid
from tests.conftest import Api, Keys

pytestmark = pytest.mark.django_db


def test_an_admin_makes_a_project_and_is_led_there(organization: Organization, alice: User) -> None:
    project = create_project(organization, " Rivers ", Actor(Role.ADMIN, alice))
    assert (project.name, project.organization) == ("Rivers", organization)
    alice.refresh_from_db()
    assert alice.last_project == project


def test_two_projects_of_an_organization_do_not_share_a_name(organization: Organization, project: Keys) -> None:
    with pytest.raises(Conflict) as refusal:
        create_project(organization, "Capitals", Actor(Role.OWNER))
    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b", "a\nb"])
def test_nonsense_is_no_name(organization: Organization, name: str) -> None:
    with pytest.raises(Invalid):
        create_project(organization, name, Actor(Role.OWNER))


@pytest.mark.parametrize(("days", "stored"), [(None, None), (0, None), (3, 3), (365, 365)])
def test_retention_is_for_ever_or_three_days_at_least(project: Keys, days: int | None, stored: int | None) -> None:
    update_project(project.project, Actor(Role.ADMIN), name="Capitals", retention_days=days)
    project.project.refresh_from_db()
    assert project.project.retention_days == stored


@pytest.mark.parametrize("days", [1, 2, -5, 10**9])
def test_a_shorter_retention_is_refused(project: Keys, days: int) -> None:
    with pytest.raises(Invalid) as refusal:
        update_project(project.project, Actor(Role.ADMIN), name="Capitals", retention_days=days)
    assert refusal.value.field == "retention"


def test_a_change_is_in_the_audit_log_and_no_change_is_not(project: Keys) -> None:
    update_project(project.project, Actor(Role.ADMIN), name="Capitals")
    assert not AuditEntry.objects.exists()
    update_project(project.project, Actor(Role.ADMIN), name="Cities")
    assert AuditEntry.objects.get().after["name"] == "Cities"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.ANNOTATOR, None])
def test_only_owners_delete_projects(project: Keys, role: Role | None) -> None:
    with pytest.raises(Denied):
        delete_project(project.project, Actor(role))


def test_a_deleted_project_is_gone_for_everybody_at_once(project: Keys, alice: User, api: Api) -> None:
    assert verify_pair(project.public_key, project.secret_key)
    delete_project(project.project, Actor(Role.OWNER, alice))
    assert not Project.objects.filter(pk=project.id).exists()
    assert verify_pair(project.public_key, project.secret_key) is None
    assert not projects_of(alice).exists()


def test_its_name_is_free_again(organization: Organization, project: Keys) -> None:
    delete_project(project.project, Actor(Role.OWNER))
    assert create_project(organization, "Capitals", Actor(Role.OWNER)).pk != project.id


def test_the_purge_tells_the_other_rooms_and_may_be_repeated(project: Keys, other_project: Keys) -> None:
    told: list[str] = []

    def receive(project_id: str, **_: Any) -> None:
        told.append(project_id)

    project_purged.connect(receive)
    purge(project.id)  # not deleted: nothing happens
    assert Project.objects.filter(pk=project.id).exists()
    delete_project(project.project, Actor(Role.OWNER))
    purge_all()
    purge(project.id)
    project_purged.disconnect(receive)
    assert told == [project.id]
    assert list(Project.everything.all()) == [other_project.project]


def test_the_audit_log_still_knows_who_deleted_it(project: Keys, alice: User) -> None:
    delete_project(project.project, Actor(Role.OWNER, alice))
    purge_all()
    entry = AuditEntry.objects.get(action="delete")
    assert (entry.actor, entry.before["name"]) == (alice.email, "Capitals")
