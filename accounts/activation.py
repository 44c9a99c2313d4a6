"""Keeping people out, and letting them in again: what the instance's admin decides about whole accounts.

A deactivated person cannot sign in, and every session they have ends at once; their memberships stay for later.
"""

import logging

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization, User
from common.errors import Conflict, Denied
from common.finding import find

log = logging.getLogger("promptlab.accounts")


def deactivate(user_id: str, by: User) -> User:
    """Raises Denied, NotFound, Conflict (nobody locks themselves out)."""
    if user_id == by.pk:
        raise Conflict(_("You cannot deactivate yourself. Another administrator of this instance can."))
    return _set_active(user_id, False, by)


def reactivate(user_id: str, by: User) -> User:
    """Raises Denied, NotFound."""
    return _set_active(user_id, True, by)


def end_sessions(user: User) -> None:
    """Sign the person out everywhere."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)


def _set_active(user_id: str, active: bool, by: User) -> User:
    if not by.is_superuser:
        raise Denied(_("Only an administrator of this instance may do this."))
    with transaction.atomic():
        user = find(User.objects.select_for_update(), user_id, f"There is no user {user_id}.")
        if user.is_active != active:
            user.is_active = active
            user.save(update_fields=["is_active"])
            end_sessions(user)
            _record("reactivate" if active else "deactivate", user, by)
    return user


def _record(action: str, user: User, by: User) -> None:
    """In the log of each organization that the person belongs to; of one without any the server's own log tells."""
    log.info("%s: %s %s", by.email, action, user.email)
    for organization in Organization.objects.filter(memberships__user=user):
        audit.record(action=action, subject_type="user", subject_id=user.email, organization=organization, user=by)
