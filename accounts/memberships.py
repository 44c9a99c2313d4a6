"""Which role a person has where. Changing it is `accounts.members`' business.

A person's role in a project is the one given there, else the organization's. An OWNER of the organization is OWNER of
all its projects, whatever a project says: an organization cannot lock itself out of a project.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import Membership, Organization, Project, ProjectMembership, User
from accounts.roles import Role, may


@dataclass(frozen=True, slots=True)
class Member:
    """A person as seen by one project; `role` is None for a stranger."""

    user: User | AnonymousUser
    project: Project
    role: Role | None

    def may(self, action: str) -> bool:
        """Whether this member may do `action` (see `accounts.roles.PERMISSIONS`)."""
        return may(self.role, action)


def effective(organization_role: str | None, project_role: str | None) -> Role | None:
    """The role that counts in a project, of the two that may be given."""
    if organization_role == Role.OWNER:
        return Role.OWNER
    counts = project_role or organization_role
    return Role(counts) if counts else None


def role_in(user: User | AnonymousUser, project: Project) -> Role | None:
    """The person's role in the project; OWNER for instance admins. One query."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.OWNER
    roles = User.objects.filter(pk=user.pk).values_list(
        Subquery(Membership.objects.filter(user=user, organization=project.organization_id).values("role")),
        Subquery(ProjectMembership.objects.filter(user=user, project=project).values("role")),
    )
    return effective(*roles.get())


def role_in_organization(user: User | AnonymousUser, organization: Organization) -> Role | None:
    """The person's role in the organization itself; OWNER for instance admins."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.OWNER
    role = Membership.objects.filter(user=user, organization=organization).values_list("role", flat=True).first()
    return Role(role) if role else None


def projects_of(user: User) -> QuerySet[Project]:
    """The projects a person may enter, by organization and name."""
    projects = Project.objects.select_related("organization").order_by("organization__name", "organization", "name")
    if user.is_superuser:
        return projects
    return projects.filter(
        Exists(Membership.objects.filter(user=user, role__isnull=False, organization=OuterRef("organization")))
        | Exists(ProjectMembership.objects.filter(user=user, project=OuterRef("pk")))
    )


def organizations_of(user: User) -> QuerySet[Organization]:
    """The organizations a person belongs to, in whatever way, by name."""
    organizations = Organization.objects.order_by("name", "pk")
    return organizations if user.is_superuser else organizations.filter(memberships__user=user)


def may_create_organizations(user: User) -> bool:
    """Where sign-up is open everybody may; otherwise organizations are the instance admin's decision."""
    return settings.SIGNUP_OPEN or user.is_superuser
