"""Keyed hashes of secrets."""

import hashlib
import hmac

from django.conf import settings


def hash_secret(secret: str) -> str:
    """The keyed hash under which an API key's secret or an invitation's token is stored: 64 hex digits.

    Both are random, not chosen by people, so a slow password hash would only cost time.
    """
    return hmac.new(settings.SECRET_KEY.encode(), secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
