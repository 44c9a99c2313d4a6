"""Bodies and answers of the routes about organizations, projects, members and keys (openapi.yml)."""

from typing import Any

from accounts.keys import NewKey
from accounts.members import Row
from accounts.models import ApiKey, Organization, Project
from accounts.roles import Role
from common.api.fields import WireStruct


class ProjectBody(WireStruct, frozen=True):
    """`retention` in days; 0 keeps data for ever; absent or null keeps the setting."""

    name: str
    metadata: dict[str, Any] | None = None
    retention: int | None = None


class KeyBody(WireStruct, frozen=True):
    note: str | None = None
    public_key: str | None = None
    secret_key: str | None = None


class MembershipBody(WireStruct, frozen=True):
    user_id: str
    role: Role


class MembershipDeletionBody(WireStruct, frozen=True):
    user_id: str


def project(row: Project) -> dict[str, Any]:
    """A project with its organization; `retentionDays` only when one is set."""
    answer = {
        "id": row.pk,
        "name": row.name,
        "organization": {"id": row.organization.pk, "name": row.organization.name},
        "metadata": row.metadata,
    }
    return answer | ({"retentionDays": row.retention_days} if row.retention_days else {})


def organization_project(row: Project) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "metadata": row.metadata,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def key(row: ApiKey) -> dict[str, Any]:
    """A key as lists show it; the secret is not known any more."""
    return {
        "id": row.pk,
        "createdAt": row.created_at,
        "expiresAt": row.expires_at,
        "lastUsedAt": row.last_used_at,
        "note": row.note or None,
        "publicKey": row.public_key,
        "displaySecretKey": row.secret_display,
    }


def new_key(made: NewKey) -> dict[str, Any]:
    """A key just made: the only answer with the secret."""
    row = made.key
    return {
        "id": row.pk,
        "createdAt": row.created_at,
        "publicKey": row.public_key,
        "secretKey": made.secret,
        "displaySecretKey": row.secret_display,
        "note": row.note or None,
    }


def keys(owner: Project | Organization) -> dict[str, Any]:
    return {"apiKeys": [key(row) for row in owner.api_keys.order_by("-created_at")]}


def membership(row: Row, role: Role) -> dict[str, Any]:
    """The contract, and with it every typed client, knows no annotators: to them they are viewers."""
    shown = Role.VIEWER if role is Role.ANNOTATOR else role
    return {"userId": row.user.pk, "role": shown, "email": row.user.email, "name": row.user.name}
