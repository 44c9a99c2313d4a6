"""What the routes below `/scim` take and answer (RFC 7643 and 7644)."""

from datetime import datetime
from functools import partial
from typing import Any, Literal

import msgspec

from accounts.api.scim import ChangeBody, PatchBody, UserBody
from common.api.describing import Group, Operation, Parameter, Refusals, State
from common.api.fields import WireStruct


class Name(WireStruct, frozen=True):
    formatted: str


class Email(WireStruct, frozen=True):
    primary: bool
    value: str
    type: str


class Meta(WireStruct, frozen=True):
    resource_type: str
    created: datetime
    last_modified: datetime
    location: str


class User(WireStruct, frozen=True):
    """A member of the organization."""

    schemas: list[str]
    id: str
    user_name: str
    name: Name
    emails: list[Email]
    active: bool
    roles: list[Literal["OWNER", "ADMIN", "MEMBER", "VIEWER", "ANNOTATOR", "NONE"]]
    meta: Meta


class UserList(WireStruct, frozen=True):
    schemas: list[str]
    total_results: int
    start_index: int
    items_per_page: int
    resources: list[User] = msgspec.field(name="Resources")


class Catalogue(WireStruct, frozen=True):
    """What the service knows: its types or its schemas."""

    schemas: list[str]
    total_results: int
    resources: list[dict[str, Any]] = msgspec.field(name="Resources")


scim = partial(Operation, key="organization", refusals=Refusals.SCIM)
ONE = "/scim/Users/{userId}"

GROUPS = (
    Group(
        "SCIM",
        (
            scim("GET", "/scim/ServiceProviderConfig", "Tell what is supported.", dict[str, Any]),
            scim("GET", "/scim/ResourceTypes", "Tell which things there are.", Catalogue),
            scim("GET", "/scim/Schemas", "Tell what they are like.", Catalogue),
            scim(
                "GET",
                "/scim/Users",
                "List members.",
                UserList,
                query=(
                    Parameter("filter", 'Only of this address: userName eq "x".'),
                    Parameter("startIndex", "The first to list, from 1.", int),
                    Parameter("count", "How many to list.", int),
                ),
            ),
            scim(
                "POST",
                "/scim/Users",
                "Make a person a member.",
                User,
                201,
                body=UserBody,
                differs="201 as RFC 7644 says. A name is not needed, and a password is ignored.",
            ),
            scim("GET", ONE, "Read a member.", User),
            scim(
                "PUT",
                ONE,
                "Change what an organization decides of a member.",
                User,
                body=ChangeBody,
                state=State.EXTRA,
            ),
            scim(
                "PATCH",
                ONE,
                "Change whether a member is active, or the role.",
                User,
                body=PatchBody,
                state=State.EXTRA,
            ),
            scim("DELETE", ONE, "End a membership; the account stays.", dict[str, Any]),
        ),
    ),
)
