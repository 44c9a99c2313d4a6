"""The audit log: who did what to which configured thing, when, and what it was before and after.

Every verb that changes something configured calls `record` inside its own transaction, so that the entry and the change
stand or fall together.
"""

from typing import Any

from accounts.models import AuditEntry, Organization, Project, User
from accounts.storable import storable

MAX_ID = 800


def record(
    *,
    action: str,
    subject_type: str,
    subject_id: str | int,
    project: Project | str | None = None,
    organization: Organization | str | None = None,
    user: User | str | None = None,
    api_key: str = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Write one entry.

    `action` is a verb ("create", "update", "delete", "label", "role"…), `subject_type` a noun ("prompt", "api_key"…);
    together they are shown and filtered. One of `project` and `organization` must be given (objects or ids); the
    organization is looked up from a project's id. `user` is the acting person, or `api_key` the public key of the
    acting program; neither means the server itself. `before` and `after` are JSON values; never put a secret into them.
    """
    project_id = project.pk if isinstance(project, Project) else project
    person = User.objects.filter(pk=user).first() if isinstance(user, str) else user
    AuditEntry.objects.create(
        organization_id=_organization_id(project, organization),
        project_id=project_id,
        user=person,
        actor=person.email if person else api_key,
        api_key=api_key,
        action=action,
        subject_type=subject_type,
        subject_id=storable(str(subject_id))[:MAX_ID],
        before=storable(before),
        after=storable(after),
    )


def _organization_id(project: Project | str | None, organization: Organization | str | None) -> str:
    if isinstance(organization, Organization):
        return organization.pk
    if organization:
        return organization
    if isinstance(project, Project):
        return project.organization_id
    if project is None:
        raise TypeError("An audit entry belongs to a project or an organization; give one of them.")
    return Project.objects.values_list("organization_id", flat=True).get(pk=project)
