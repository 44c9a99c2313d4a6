"""People of an organization as an identity provider manages them (SCIM 2.0; api.md, section 8).

The provider acts with the organization's key. It adds people by their address, gives them roles, and takes them out
again; an account itself belongs to the person and may be a member elsewhere, so that only the membership goes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.acting import Actor
from accounts.activation import end_sessions
from accounts.members import remove_from_organization, set_organization_role
from accounts.models import Membership, Organization, User
from accounts.naming import LONGEST
from accounts.roles import Role
from accounts.storable import storable
from common.errors import Conflict, Invalid, NotFound

MOST = 100
_FILTER = re.compile(r'\s*userName\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*")\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """Members from the `start`-th on (1 is the first), and how many match in all."""

    members: list[Membership]
    start: int
    total: int


def members(organization: Organization, filter_text: str = "", start: int = 1, count: int = MOST) -> Page:
    """The organization's members by address; of filters only `userName eq "…"` is understood. Raises Invalid."""
    found = organization.memberships.select_related("user").order_by("user__email")
    if filter_text.strip():
        found = found.filter(user__email__iexact=_name_in(filter_text))
    start = max(start, 1)
    return Page(list(found[start - 1 : start - 1 + min(count, MOST)]), start, found.count())


def member(organization: Organization, user_id: str) -> Membership:
    """The member of that id. Raises NotFound."""
    found = None
    if "\0" not in user_id:
        found = organization.memberships.select_related("user").filter(user=user_id).first()
    if found is None:
        raise NotFound("User not found in organization")
    return found


def provision(organization: Organization, email: str, name: str, role: Role | None, by: Actor) -> Membership:
    """Add the person of that address, whose account is made when there is none. Raises Invalid, Conflict.

    Nobody is given a password: people sign in by single sign-on, or set one by the mail that resets passwords.
    """
    email = _address(email)
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        if organization.memberships.filter(user__email__iexact=email).exists():
            raise Conflict("User with this userName already exists", "userName")
        user = User.objects.filter(email__iexact=email).first() or _create_account(email, name)
        if not user.is_active:
            raise Conflict("The account of this userName is deactivated by the administrator", "userName")
        set_organization_role(organization, user.pk, role, by)
    return member(organization, user.pk)


def change(
    organization: Organization,
    user_id: str,
    by: Actor,
    *,
    active: bool | None = None,
    roles: Sequence[Role | None] = (),
) -> Membership | None:
    """Let the person in (again) or out, or give another role, the first of `roles`: the membership, None when it went.

    A provider repeats what it has said: a member who is to be active keeps the role, unless one is named. Raises
    NotFound, Conflict (the last OWNER).
    """
    with transaction.atomic():
        if active is False:
            deprovision(organization, user_id, by)
            return None
        present = organization.memberships.filter(user=user_id).exists() if "\0" not in user_id else False
        if not present and not active:
            raise NotFound("User not found in organization")
        if roles or not present:
            set_organization_role(organization, user_id, roles[0] if roles else None, by)
    return member(organization, user_id)


def deprovision(organization: Organization, user_id: str, by: Actor) -> None:
    """End the membership; who belongs nowhere any more is signed out everywhere. Raises NotFound, Conflict."""
    with transaction.atomic():
        user = remove_from_organization(organization, user_id, by)
        if not user.memberships.exists():
            end_sessions(user)


def _create_account(email: str, name: str) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, name=storable(name.strip())[:LONGEST])
            # The provider says so, but nothing has proven it: a link in a mail, or single sign-on, will.
            EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    except IntegrityError:  # another organization's provider made it in this moment
        user = User.objects.get(email__iexact=email)
    return user


def _address(text: str) -> str:
    email = text.strip().lower()
    try:
        User._meta.get_field("email").clean(email, None)  # neither empty nor too long
    except ValidationError:
        raise Invalid("userName must be the person's e-mail address.", "userName") from None
    return email


def _name_in(filter_text: str) -> str:
    found = _FILTER.fullmatch(filter_text)
    try:
        value = orjson.loads(found["value"]) if found else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, str):
        raise Invalid('Only the filter userName eq "name@example.org" is supported.', "filter")
    return value.replace("\0", "")
