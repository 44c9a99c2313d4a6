"""Making and naming organizations."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.memberships import may_create_organizations
from accounts.models import Membership, Organization, User
from accounts.naming import needs_name
from accounts.roles import Role
from common.errors import Denied


def create_organization(name: str, by: User) -> Organization:
    """Make an organization whose OWNER is `by`. Raises Denied where only the instance's admin may, Invalid."""
    if not may_create_organizations(by):
        raise Denied(_("Only the administrator of this PromptLab makes organizations."))
    with transaction.atomic():
        organization = Organization.objects.create(name=needs_name(name))
        Membership.objects.create(user=by, organization=organization, role=Role.OWNER)
        Actor(Role.OWNER, by).record(
            "create", "organization", organization.pk, organization=organization, after={"name": organization.name}
        )
    return organization


def rename_organization(organization: Organization, name: str, by: Actor) -> None:
    """Raises Denied, Invalid."""
    by.needs("organization:manage")
    before, organization.name = organization.name, needs_name(name)
    if before == organization.name:
        return
    with transaction.atomic():
        organization.save(update_fields=["name", "updated_at"])
        by.record(
            "update",
            "organization",
            organization.pk,
            organization=organization,
            before={"name": before},
            after={"name": organization.name},
        )
