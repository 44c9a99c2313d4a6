"""Which role a person has where."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef

from accounts.models import Membership, Project, ProjectMembership, User
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


def role_in(user: User | AnonymousUser, project: Project) -> Role | None:
    """The person's role in the project: its own there, else the organization's; OWNER for instance admins."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.OWNER
    own = ProjectMembership.objects.filter(user=user, project=project).values_list("role").first()
    if own:
        return Role(own[0])
    inherited = (
        Membership.objects.filter(user=user, organization_id=project.organization_id).values_list("role").first()
    )
    return Role(inherited[0]) if inherited and inherited[0] else None


def projects_of(user: User) -> list[Project]:
    """The projects a person may enter, by organization and name."""
    projects = Project.objects.select_related("organization").order_by("organization__name", "name")
    if user.is_superuser:
        return list(projects)
    return list(
        projects.filter(
            Exists(Membership.objects.filter(user=user, role__isnull=False, organization=OuterRef("organization")))
            | Exists(ProjectMembership.objects.filter(user=user, project=OuterRef("pk")))
        )
    )
