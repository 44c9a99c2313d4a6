"""Addresses for mails and pages outside a request: always below PROMPTLAB_URL, never what a Host header claims."""

from urllib.parse import urlsplit

from django.conf import settings


def public(address: str) -> str:
    """The address (a path, or a whole one) on the instance's own public URL."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{settings.PUBLIC_URL}{parts.path}{query}"


def invitation_link(token: str) -> str:
    """The address that an invitation's token opens."""
    return public(f"/invitations/{token}")
