"""Changing who belongs where, and as what.

The rules, whoever asks (page or API): nobody gives a role stronger than their own, nobody touches somebody stronger,
nobody raises themselves, and an organization never loses its last OWNER. Everybody may leave.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.memberships import effective
from accounts.models import Membership, Organization, Project, ProjectMembership, User
from accounts.roles import Role
from common.errors import Conflict, Denied, NotFound


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list of members. `project_role` is None where only the organization's role counts."""

    user: User
    organization_role: Role | None
    project_role: Role | None = None

    @property
    def role(self) -> Role | None:
        """The role that counts."""
        return effective(self.organization_role, self.project_role)


def members_of_project(project: Project) -> list[Row]:
    """Everybody who may enter the project, strongest first."""
    own = dict(project.memberships.values_list("user_id", "role"))
    everybody = project.organization.memberships.select_related("user")
    rows = (Row(m.user, _role(m.role), _role(own.get(m.user_id))) for m in everybody)
    return sorted((row for row in rows if row.role), key=_strongest_first)


def members_of_organization(organization: Organization) -> list[Row]:
    """Everybody in the organization, strongest first; those with roles in single projects only come last."""
    rows = (Row(m.user, _role(m.role)) for m in organization.memberships.select_related("user"))
    return sorted(rows, key=_strongest_first)


def set_organization_role(organization: Organization, user_id: str, role: Role | None, by: Actor) -> Row:
    """Give a member another role in the organization; a program with the organization's key may also add a user.

    None is no role of its own: only those in single projects count. `by.role` is the actor's role in the organization.
    Raises NotFound, Denied, Conflict (the last OWNER).
    """
    by.needs("members:manage")
    if role is not None:
        by.needs_to_give(role)
    with _one_change_at_a_time(organization):
        membership = _membership(organization, user_id)
        if membership is None and by.user is not None:
            raise NotFound(f"The user {user_id} is not a member of this organization. Invite them first.")
        user = membership.user if membership else _user(user_id)
        before = _role(membership.role) if membership else None
        _needs_strength_over(by, before)
        if before is Role.OWNER and role is not Role.OWNER:
            _needs_another_owner(organization, user)
        Membership.objects.update_or_create(user=user, organization=organization, defaults={"role": role})
        if before != role or membership is None:
            by.record("role", "member", user.email, organization=organization, before=before, after=role)
    return Row(user, role)


def remove_from_organization(organization: Organization, user_id: str, by: Actor) -> User:
    """End a membership, with all roles in the organization's projects. Raises NotFound, Denied, Conflict."""
    with _one_change_at_a_time(organization):
        membership = _membership(organization, user_id)
        if membership is None:
            raise NotFound(f"The user {user_id} is not a member of this organization.")
        user, role = membership.user, _role(membership.role)
        own = ProjectMembership.objects.filter(user=user, project__organization=organization)
        if by.user != user:
            by.needs("members:manage")
            for given in (role, *(Role(given) for given in own.values_list("role", flat=True))):
                _needs_strength_over(by, given)
        if role is Role.OWNER:
            _needs_another_owner(organization, user)
        own.delete()
        membership.delete()
        by.record("remove", "member", user.email, organization=organization, before=role)
        User.objects.filter(pk=user.pk, last_project__organization=organization).update(last_project=None)
    return user


def set_project_role(project: Project, user_id: str, role: Role | None, by: Actor) -> Row:
    """Give a member of the organization a role in one project, or take it back (None: the organization's counts again).

    `by.role` is the actor's role in the project. Raises NotFound, Denied, Conflict (an OWNER of the organization).
    """
    with _one_change_at_a_time(project.organization):
        membership = _membership(project.organization, user_id)
        if membership is None:
            raise NotFound(f"The user {user_id} is not a member of this project's organization. Add them there first.")
        user, at_organization = membership.user, _role(membership.role)
        own = project.memberships.filter(user=user).first()
        before, after = effective(at_organization, own.role if own else None), effective(at_organization, role)
        if by.user != user or role is not None:
            by.needs("members:manage")
        _needs_strength_over(by, before)
        if after is not None:
            by.needs_to_give(after)
        if at_organization is Role.OWNER and role is not None:
            raise Conflict(
                _("%(email)s is an owner of the organization and so of all its projects.") % {"email": user.email},
                "role",
            )
        if role is None and own:
            own.delete()
            _forget_without_roles(membership)
        elif role is not None:
            ProjectMembership.objects.update_or_create(user=user, project=project, defaults={"role": role})
        if before != after:
            by.record("role" if after else "remove", "member", user.email, project=project, before=before, after=after)
        if after is None:
            User.objects.filter(pk=user.pk, last_project=project).update(last_project=None)
    return Row(user, at_organization, role)


# --- The rules ---------------------------------------------------------------------------------------


def _needs_strength_over(by: Actor, role: Role | None) -> None:
    if role is not None and role.stronger_than(by.role):
        raise Denied(_("This member has a stronger role than you."))


def _needs_another_owner(organization: Organization, leaving: User) -> None:
    others = organization.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(user=leaving)
    if not others.exists():
        raise Conflict(_("This is the organization's last owner. Make somebody else an owner first."), "role")


@contextmanager
def _one_change_at_a_time(organization: Organization) -> Iterator[None]:
    """Two owners who demote each other at the same moment must not both succeed."""
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        yield


def _membership(organization: Organization, user_id: str) -> Membership | None:
    if "\0" in user_id:
        return None
    return organization.memberships.filter(user=user_id).select_related("user").first()


def _forget_without_roles(membership: Membership) -> None:
    """A membership without a role of its own stands for roles in projects; with the last of them it goes too."""
    if not membership.role and not ProjectMembership.objects.filter(
        user=membership.user, project__organization=membership.organization
    ):
        membership.delete()


def _role(text: str | None) -> Role | None:
    return Role(text) if text else None


def _user(user_id: str) -> User:
    user = User.objects.filter(pk=user_id, is_active=True).first() if "\0" not in user_id else None
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


def _strongest_first(row: Row) -> tuple[int, str]:
    return (list(Role).index(row.role) if row.role else len(Role), row.user.email)
