"""Who does it, and with whose strength: what every verb that changes people, projects and keys is told."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, Project, User
from accounts.roles import ROLE_LABELS, Role, may
from common.errors import Denied


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the role that counts here, or a program with an organization's key (which acts as OWNER)."""

    role: Role | None
    user: User | None = None
    api_key: str = ""

    def needs(self, action: str) -> None:
        """Raise Denied unless the role may do `action` (see `accounts.roles.PERMISSIONS`)."""
        if not may(self.role, action):
            raise Denied(_("Your role does not allow this (%(action)s).") % {"action": action})

    def may_give(self, role: Role) -> bool:
        """Nobody gives a role stronger than their own."""
        return self.role is not None and not role.stronger_than(self.role)

    def needs_to_give(self, role: Role) -> None:
        """Raise Denied when `role` is more than this actor has."""
        if not self.may_give(role):
            raise Denied(_("Only somebody with the role %(role)s may give it.") % {"role": ROLE_LABELS[role]}, "role")

    def record(
        self,
        action: str,
        subject_type: str,
        subject_id: str,
        *,
        project: Project | None = None,
        organization: Organization | None = None,
        before: Any = None,
        after: Any = None,
    ) -> None:
        """Write it into the audit log."""
        audit.record(
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            project=project,
            organization=organization,
            user=self.user,
            api_key=self.api_key,
            before=before,
            after=after,
        )
