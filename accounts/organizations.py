"""Making, changing and deleting organizations."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.keys import revoke_key
from accounts.memberships import may_create_organizations
from accounts.models import Membership, Organization, Project, User
from accounts.naming import needs_name
from accounts.roles import Role
from accounts.storable import needs_storable
from common.errors import Conflict, Denied, Invalid


def create_organization(name: str, by: User) -> Organization:
    """Make an organization whose OWNER is `by`. Raises Denied where only the instance's admin may, Invalid."""
    if not may_create_organizations(by):
        raise Denied(_("Only the administrator of this PromptLab makes organizations."))
    with transaction.atomic():
        organization = found_organization(name, Actor(Role.OWNER, by))
        Membership.objects.create(user=by, organization=organization, role=Role.OWNER)
    return organization


def found_organization(name: str, by: Actor, metadata: Mapping[str, Any] | None = None) -> Organization:
    """Make an organization that has no members yet. Raises Invalid."""
    with transaction.atomic():
        organization = Organization.objects.create(
            name=needs_name(name), metadata=needs_storable(metadata or {}, "metadata")
        )
        by.record("create", "organization", organization.pk, organization=organization, after=_facts(organization))
    return organization


def update_organization(
    organization: Organization, by: Actor, *, name: str, metadata: Mapping[str, Any] | None = None
) -> None:
    """Rename an organization; `metadata` None keeps what is there. Raises Denied, Invalid."""
    by.needs("organization:manage")
    before = _facts(organization)
    organization.name = needs_name(name)
    if metadata is not None:
        organization.metadata = needs_storable(metadata, "metadata")
    if before == _facts(organization):
        return
    with transaction.atomic():
        organization.save(update_fields=["name", "metadata", "updated_at"])
        by.record(
            "update",
            "organization",
            organization.pk,
            organization=organization,
            before=before,
            after=_facts(organization),
        )


def delete_organization(organization: Organization, by: Actor) -> None:
    """Delete an organization that has no projects, with its members, keys and audit log.

    Raises Denied, Invalid (it has projects), Conflict (deleted ones are still being removed).
    """
    by.needs("organization:manage")
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        if organization.projects.exists():
            raise Invalid("The organization has projects. Delete them first.")
        if Project.everything.filter(organization=organization).exists():
            raise Conflict("The organization's deleted projects are still being removed. Try again later.")
        for key in organization.api_keys.all():
            revoke_key(key)
        organization.delete()


def _facts(organization: Organization) -> dict[str, Any]:
    return {"name": organization.name} | ({"metadata": organization.metadata} if organization.metadata else {})
