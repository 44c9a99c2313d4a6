"""Issuing and revoking API keys on somebody's behalf. How keys are made and checked is `accounts.keys`' business."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.keys import NewKey, create_key, revoke_key
from accounts.models import ApiKey, Organization, Project
from common.errors import Conflict, Invalid
from common.finding import find

LONGEST_NOTE = 200
PREFIXES = {"publicKey": "pk-lf-", "secretKey": "sk-lf-"}


def issue_key(
    owner: Project | Organization, by: Actor, *, note: str = "", public_key: str = "", secret_key: str = ""
) -> NewKey:
    """Make a key pair; `by.role` is the actor's role in `owner`. A given pair is taken as it is.

    Raises Denied, Invalid (half a pair, wrong prefix, long note), Conflict (the public key is taken).
    """
    _needs_permission(owner, by)
    note = note.strip()
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Invalid(_("A note has up to %(longest)s characters.") % {"longest": LONGEST_NOTE}, "note")
    if bool(public_key) != bool(secret_key):
        raise Invalid("Give both halves of a key pair, or none.", "publicKey" if secret_key else "secretKey")
    for field, value in (("publicKey", public_key), ("secretKey", secret_key)):
        if value and not (value.startswith(PREFIXES[field]) and len(PREFIXES[field]) < len(value) <= 200):
            raise Invalid(f"It must start with {PREFIXES[field]} and have up to 200 characters.", field)
        if ":" in value or not value.isprintable():
            raise Invalid("It must hold neither colons nor unprintable characters.", field)
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = create_key(owner, note=note, created_by=by.user, public_key=public_key, secret=secret_key)
        except IntegrityError:
            raise Conflict("This public key is taken.", "publicKey") from None
        _record("create", owner, made.key, by)
    return made


def withdraw_key(owner: Project | Organization, key_id: str, by: Actor) -> None:
    """Revoke a key of `owner`; it stops working at once. Raises Denied, NotFound."""
    _needs_permission(owner, by)
    key = find(owner.api_keys.all(), key_id, f"There is no key {key_id} here.")
    with transaction.atomic():
        _record("revoke", owner, key, by)
        revoke_key(key)


def _needs_permission(owner: Project | Organization, by: Actor) -> None:
    by.needs("keys:manage" if isinstance(owner, Project) else "organization:manage")


def _record(action: str, owner: Project | Organization, key: ApiKey, by: Actor) -> None:
    by.record(
        action,
        "api_key",
        key.public_key,
        project=owner if isinstance(owner, Project) else None,
        organization=owner if isinstance(owner, Organization) else None,
        after={"note": key.note} if action == "create" else None,
    )
