"""Inviting people by e-mail to an organization or to one of its projects.

The link in the mail carries a one-time token of which only a keyed hash is stored. It lets exactly the invited address
in: a person signed in with it, or one who signs up with it. A link that was shown on a page instead (no mail server, or
no broker) does the same, but does not prove that the address is the person's (`shown`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.hashing import hash_secret
from accounts.links import invitation_link
from accounts.memberships import effective
from accounts.models import Invitation, Membership, Organization, Project, ProjectMembership, User
from accounts.projects import remember_project
from accounts.roles import Role
from accounts.tasks import send_invitation
from common.errors import Conflict, Denied, Invalid, NotFound
from common.queue import enqueue


@dataclass(slots=True)
class NewLink:
    """An invitation with its link, which is known only now.

    `link` is empty where a mail brings it; after the commit it is filled in when the broker was away.
    """

    invitation: Invitation
    token: str
    link: str = ""


def invite(organization: Organization, project: Project | None, email: str, role: Role, by: Actor) -> NewLink:
    """Invite an address to the project, or to the whole organization where `project` is None.

    `by.role` is the actor's role there. An older invitation of that address to the same place is replaced. Raises
    Denied, Invalid, Conflict (a member already).
    """
    by.needs("members:manage")
    by.needs_to_give(role)
    email = _needs_email(email)
    _needs_stranger(organization, project, email)
    with transaction.atomic():
        now = timezone.now()
        pending(organization, project).filter(email=email).update(revoked_at=now)
        invitation = Invitation(
            organization=organization, project=project, email=email, role=role, invited_by=by.user, created_at=now
        )
        made = _with_new_token(invitation)
        _record("invite", invitation, by)
        _send(made)
    return made


def resend(invitation: Invitation, by: Actor) -> NewLink:
    """Mail a new link that lives as long as a new invitation; the old link stops working. Raises Denied, Conflict."""
    return _renew("resend", invitation, by, _send)


def renew_link(invitation: Invitation, by: Actor) -> NewLink:
    """Make a new link to be handed over by a person; the old one stops working. Raises Denied, Conflict."""
    return _renew("link", invitation, by, _show)


def revoke(invitation: Invitation, by: Actor) -> None:
    """Take an invitation back. Raises Denied, Conflict."""
    _may_change(invitation, by)
    with transaction.atomic():
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        _record("revoke", invitation, by)


def pending(organization: Organization, project: Project | None) -> QuerySet[Invitation]:
    """Invitations to exactly this place that nobody has accepted or revoked, expired ones included, newest first."""
    return Invitation.objects.filter(
        organization=organization, project=project, accepted_at__isnull=True, revoked_at__isnull=True
    ).order_by("-created_at")


def find(token: str) -> Invitation:
    """The invitation of a link. Raises NotFound, or Conflict with the reason why it does not work any more."""
    invitation = (
        Invitation.objects.select_related("organization", "project", "invited_by")
        .filter(token_hash=hash_secret(token))
        .first()
    )
    if invitation is None or (invitation.project and invitation.project.deleted_at):
        raise NotFound(
            _("This invitation is not valid. A newer one may have replaced it: use the link you were sent last.")
        )
    if invitation.accepted_at:
        raise Conflict(_("This invitation has been accepted already. Sign in to go on."))
    if invitation.revoked_at:
        raise Conflict(_("This invitation has been taken back. Ask the person who invited you for a new one."))
    if invitation.is_expired:
        raise Conflict(_("This invitation has expired. Ask the person who invited you for a new one."))
    return invitation


def accepted_by(user: User | AnonymousUser, token: str) -> Invitation | None:
    """The invitation of a link, if this person has accepted it."""
    if not isinstance(user, User):
        return None
    return Invitation.objects.filter(token_hash=hash_secret(token), accepted_by=user).first()


def accept(invitation: Invitation, user: User) -> None:
    """Make the invited person a member. Raises Denied (another address), Conflict (not valid any more)."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if invitation.email != user.email.lower():
            raise Denied(
                _("This invitation is for %(invited)s; you are signed in as %(email)s.")
                % {"invited": invitation.email, "email": user.email}
            )
        if invitation.accepted_at or invitation.revoked_at or invitation.is_expired:
            raise Conflict(_("This invitation is not valid any more."))
        _give_role(invitation, user)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        _record("accept", invitation, Actor(None, user))
        if invitation.project:
            remember_project(user, invitation.project)


def waiting_for(user: User) -> QuerySet[Invitation]:
    """What a person with a proven address may accept without a link."""
    proven = EmailAddress.objects.filter(user=user, verified=True, email__iexact=user.email).exists()
    return open_for(user.email) if proven else Invitation.objects.none()


def open_for(email: str) -> QuerySet[Invitation]:
    """Invitations of an address that can be accepted now."""
    return Invitation.objects.filter(
        email=email.lower(),
        accepted_at__isnull=True,
        revoked_at__isnull=True,
        expires_at__gt=timezone.now(),
        project__deleted_at__isnull=True,
    ).select_related("organization", "project", "invited_by")


# --- Parts -------------------------------------------------------------------------------------------


def _needs_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(_("This is not an e-mail address."), "email") from None
    return email


def _needs_stranger(organization: Organization, project: Project | None, email: str) -> None:
    membership = organization.memberships.filter(user__email__iexact=email).first()
    if membership is None:
        return
    own = project.memberships.filter(user=membership.user).first() if project else None
    if effective(membership.role, own.role if own else None):
        raise Conflict(
            _("%(email)s is a member already. Change the role in the list of members.") % {"email": email}, "email"
        )


def _may_change(invitation: Invitation, by: Actor) -> None:
    by.needs("members:manage")
    by.needs_to_give(Role(invitation.role))
    if invitation.accepted_at or invitation.revoked_at:
        raise Conflict(_("This invitation is not pending any more."))


def _renew(action: str, invitation: Invitation, by: Actor, hand_over: Callable[[NewLink], None]) -> NewLink:
    _may_change(invitation, by)
    with transaction.atomic():
        made = _with_new_token(invitation)
        _record(action, invitation, by)
        hand_over(made)
    return made


def _with_new_token(invitation: Invitation) -> NewLink:
    token = secrets.token_urlsafe(32)
    invitation.token_hash = hash_secret(token)
    invitation.expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    invitation.sent_at = None
    invitation.shown = False
    invitation.save()
    return NewLink(invitation, token)


def _send(made: NewLink) -> None:
    """Mail the link after the commit, and show it where no mail will bring it."""
    if not settings.MAIL_CONFIGURED:
        _show(made)
    transaction.on_commit(partial(_enqueue, made))


def _enqueue(made: NewLink) -> None:
    if not enqueue(send_invitation, made.invitation.pk, made.token, get_language() or settings.LANGUAGE_CODE):
        _show(made)


def _show(made: NewLink) -> None:
    made.link = invitation_link(made.token)
    made.invitation.shown = True
    made.invitation.save(update_fields=["shown"])


def _give_role(invitation: Invitation, user: User) -> None:
    """The invited role, unless the person has got a stronger one since."""
    role = Role(invitation.role)
    membership = Membership.objects.get_or_create(user=user, organization=invitation.organization)[0]
    if invitation.project is None:
        if role.stronger_than(Role(membership.role) if membership.role else None):
            Membership.objects.filter(pk=membership.pk).update(role=role)
        return
    own = ProjectMembership.objects.filter(user=user, project=invitation.project).first()
    if role.stronger_than(effective(membership.role, own.role if own else None)):
        ProjectMembership.objects.update_or_create(user=user, project=invitation.project, defaults={"role": role})


def _record(action: str, invitation: Invitation, by: Actor) -> None:
    by.record(
        action,
        "invitation",
        invitation.email,
        project=invitation.project,
        organization=invitation.organization,
        after={"role": invitation.role},
    )
