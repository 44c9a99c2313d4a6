"""API keys: made, verified, revoked.

The secret is random (not a password), so a keyed hash is enough: HMAC-SHA-256 under the instance's secret key.
Verification is one indexed read, remembered in the cache; refusals are remembered too, so that a client that
hammers with a wrong key costs one cache read per request.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts.hashing import hash_secret
from accounts.models import ApiKey, Organization, Project, User

REMEMBERED_SECONDS = 60
REFUSED_SECONDS = 30
# `last_used_at` is shown in minutes; writing it on every request would make reads writes.
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request's credentials open.

    `kind`: "project" (a project key), "organization" (an organization key) or "scores" (the public key alone, as
    browsers send it: it may only write scores), or "instance" (the instance's own key, see `accounts.admin_key`).
    """

    kind: Literal["project", "organization", "scores", "instance"]
    organization_id: str
    project_id: str
    public_key: str
    key_id: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; the only moment at which the secret is known."""

    key: ApiKey
    secret: str


def create_key(
    owner: Project | Organization,
    *,
    note: str = "",
    created_by: User | None = None,
    public_key: str = "",
    secret: str = "",
) -> NewKey:
    """Make a key pair for a project or an organization; given values are taken as they are."""
    secret = secret or f"sk-lf-{secrets.token_hex(24)}"
    if public_key:  # a given pair may have been refused a moment ago, and the refusal be remembered
        _forget(public_key, hash_secret(secret))
    key = ApiKey.objects.create(
        project=owner if isinstance(owner, Project) else None,
        organization=owner if isinstance(owner, Organization) else None,
        public_key=public_key or f"pk-lf-{secrets.token_hex(16)}",
        secret_hash=hash_secret(secret),
        secret_display=f"{secret[:6]}…{secret[-4:]}",
        note=note,
        created_by=created_by,
    )
    return NewKey(key, secret)


def revoke_key(key: ApiKey) -> None:
    """Delete the key; it stops working at once."""
    key.delete()
    _forget(key.public_key, key.secret_hash)


def verify_pair(public_key: str, secret: str) -> Scope | None:
    """The scope of `public_key:secret`, or None when the pair is wrong, revoked or expired."""
    return _verify(public_key, hash_secret(secret))


def verify_public(public_key: str) -> Scope | None:
    """The scores-only scope of a project's public key alone."""
    return _verify(public_key, "")


def _forget(public_key: str, secret_hash: str) -> None:
    """Now, and again after the commit: until then others read, and remember, what was."""
    slots = [_remembered(public_key, secret_hash), _remembered(public_key, "")]
    cache.delete_many(slots)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: cache.delete_many(slots))


def _remembered(public_key: str, secret_hash: str) -> str:
    return f"key:{hashlib.sha256(public_key.encode('utf-8', 'surrogatepass')).hexdigest()}:{secret_hash[:32]}"


def _verify(public_key: str, secret_hash: str) -> Scope | None:
    slot = _remembered(public_key, secret_hash)
    known: Scope | Literal["no"] | None = cache.get(slot)
    if known is not None:
        return None if known == "no" else known
    scope = _read(public_key, secret_hash)
    cache.set(slot, scope or "no", REMEMBERED_SECONDS if scope else REFUSED_SECONDS)
    return scope


def _read(public_key: str, secret_hash: str) -> Scope | None:
    if "\0" in public_key:
        return None
    key = ApiKey.objects.select_related("project").filter(public_key=public_key).first()
    now = timezone.now()
    if key is None or (key.expires_at and key.expires_at <= now):
        return None
    if secret_hash and not hmac.compare_digest(key.secret_hash, secret_hash):
        return None
    if not secret_hash and key.project is None:
        return None
    if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    if key.project is None:
        return Scope("organization", str(key.organization_id), "", public_key, key.pk)
    kind: Literal["project", "scores"] = "project" if secret_hash else "scores"
    return Scope(kind, key.project.organization_id, key.project.pk, public_key, key.pk)
