"""Making, changing and deleting projects."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.keys import revoke_key
from accounts.models import Organization, Project, User
from accounts.naming import needs_name
from accounts.storable import needs_storable
from accounts.tasks import purge_project
from common.errors import Conflict, Invalid
from common.queue import enqueue

SHORTEST_RETENTION = 3  # days; api.md, section 8


def create_project(
    organization: Organization,
    name: str,
    by: Actor,
    *,
    metadata: Mapping[str, Any] | None = None,
    retention_days: int | None = None,
) -> Project:
    """Make a project. `by.role` is the actor's role in the organization. Raises Denied, Invalid, Conflict."""
    by.needs("project:manage")
    project = Project(
        organization=organization,
        name=needs_name(name),
        metadata=needs_storable(metadata or {}, "metadata"),
        retention_days=_needs_retention(retention_days),
    )
    with transaction.atomic():
        _save(project)
        by.record("create", "project", project.pk, project=project, after=_facts(project))
        if by.user:
            remember_project(by.user, project)
    return project


def update_project(
    project: Project,
    by: Actor,
    *,
    name: str,
    metadata: Mapping[str, Any] | None = None,
    retention_days: int | None = None,
    keep_retention: bool = False,
) -> Project:
    """Rename a project and say how many days its traces are kept (None or 0: for ever).

    `metadata` None keeps what is there, and so does `keep_retention` with the retention.
    Raises Denied, Invalid, Conflict.
    """
    by.needs("project:manage")
    before = _facts(project)
    project.name = needs_name(name)
    if metadata is not None:
        project.metadata = needs_storable(metadata, "metadata")
    if not keep_retention:
        project.retention_days = _needs_retention(retention_days)
    after = _facts(project)
    if before != after:
        with transaction.atomic():
            _save(project)
            by.record("update", "project", project.pk, project=project, before=before, after=after)
    return project


def delete_project(project: Project, by: Actor) -> None:
    """Delete a project for good. Raises Denied.

    Nobody finds it any more and its keys are refused at once; what was in it, which may be millions of rows, is deleted
    by a task (`accounts.purging`), and by the hourly sweep should the broker have been away.
    """
    by.needs("project:delete")
    with transaction.atomic():
        by.record("delete", "project", project.pk, project=project, before=_facts(project))
        for key in project.api_keys.all():
            revoke_key(key)
        project.deleted_at = timezone.now()
        project.save(update_fields=["deleted_at"])
        User.objects.filter(last_project=project).update(last_project=None)
        transaction.on_commit(partial(enqueue, purge_project, project.pk))


def remember_project(user: User, project: Project) -> None:
    """The project that addresses without one lead to."""
    if user.last_project_id != project.pk:
        user.last_project = project
        User.objects.filter(pk=user.pk).update(last_project=project)


def _save(project: Project) -> None:
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError:
        raise Conflict(
            _("The organization already has a project named %(name)s.") % {"name": project.name}, "name"
        ) from None


def _needs_retention(days: int | None) -> int | None:
    if not days:
        return None
    if not SHORTEST_RETENTION <= days <= 36_500:
        raise Invalid(
            _("Keep data for at least %(days)s days, or leave it empty to keep it for ever.")
            % {"days": SHORTEST_RETENTION},
            "retention",
        )
    return days


def _facts(project: Project) -> dict[str, Any]:
    return {"name": project.name, "metadata": project.metadata, "retention_days": project.retention_days}
