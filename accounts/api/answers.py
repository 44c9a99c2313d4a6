"""What the routes about organizations, projects, members and keys answer, for the API's description."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET

from common.api.describing import Unset
from common.api.fields import WireStruct


class OrganizationName(WireStruct, frozen=True):
    id: str
    name: str


class Project(WireStruct, kw_only=True, frozen=True):
    """`retentionDays` only when one is set."""

    id: str
    name: str
    organization: OrganizationName
    metadata: dict[str, Any]
    retention_days: int | Unset = UNSET


class Projects(WireStruct, frozen=True):
    data: list[Project]


class OrganizationProject(WireStruct, frozen=True):
    id: str
    name: str
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class OrganizationProjects(WireStruct, frozen=True):
    projects: list[OrganizationProject]


class ProjectDeleted(WireStruct, frozen=True):
    success: bool
    message: str


class Key(WireStruct, frozen=True):
    id: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    note: str | None
    public_key: str
    display_secret_key: str


class Keys(WireStruct, frozen=True):
    api_keys: list[Key]


class NewKey(WireStruct, frozen=True):
    """The only answer with the secret."""

    id: str
    created_at: datetime
    public_key: str
    secret_key: str
    display_secret_key: str
    note: str | None


class Membership(WireStruct, frozen=True):
    user_id: str
    role: Literal["OWNER", "ADMIN", "MEMBER", "VIEWER"]
    email: str
    name: str


class Memberships(WireStruct, frozen=True):
    memberships: list[Membership]


class MembershipRemoved(WireStruct, frozen=True):
    message: str
    user_id: str


class FeedbackTaken(WireStruct, frozen=True):
    id: str
