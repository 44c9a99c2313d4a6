"""Who may do what: one table, which pages, admin and API obey."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """A member's role, strongest first."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    VIEWER = "VIEWER"
    ANNOTATOR = "ANNOTATOR"

    def stronger_than(self, other: "Role | None") -> bool:
        """Whether this role is more than `other`; every role is more than none."""
        order = list(Role)
        return other is None or order.index(self) < order.index(other)


ROLE_LABELS = {
    Role.OWNER: _("Owner"),
    Role.ADMIN: _("Admin"),
    Role.MEMBER: _("Member"),
    Role.VIEWER: _("Viewer"),
    Role.ANNOTATOR: _("Annotator"),
}
ROLE_CHOICES = [(role.value, label) for role, label in ROLE_LABELS.items()]

_READERS = {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.ANNOTATOR}
_OVERSEERS = {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER}
_SCORERS = {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.ANNOTATOR}
_WRITERS = {Role.OWNER, Role.ADMIN, Role.MEMBER}
_ADMINS = {Role.OWNER, Role.ADMIN}
_OWNERS = {Role.OWNER}

# action -> the roles that may do it
PERMISSIONS: dict[str, set[Role]] = {
    "project:read": _READERS,
    "scores:write": _SCORERS,  # annotate: give, change and remove one's own scores; comment
    "prompts:write": _WRITERS,
    "traces:write": _WRITERS,  # bookmark, publish, tag, delete
    "datasets:write": _WRITERS,
    "evaluation:read": _OVERSEERS,  # what others said of answers, and what sums it up: runs, comparisons, dashboards
    "evaluation:write": _WRITERS,  # experiments, evaluators, queues
    "score_configs:write": _WRITERS,
    "dashboards:write": _WRITERS,
    "models:write": _WRITERS,
    "llm_connections:write": _ADMINS,
    "prompts:protect": _ADMINS,  # protected labels: set them, and move them
    "keys:manage": _ADMINS,
    "views:share": _WRITERS,  # saved views of lists that everybody in the project sees
    "members:read": _WRITERS,
    "members:manage": _ADMINS,
    "project:manage": _ADMINS,  # name, retention, export
    "audit:read": _ADMINS,
    "project:delete": _OWNERS,
    "organization:manage": _OWNERS,
}


def may(role: Role | str | None, action: str) -> bool:
    """Whether `role` may do `action`; an unknown action is a programming error (KeyError)."""
    allowed = PERMISSIONS[action]
    return role is not None and role in allowed
