"""Sealing what must be read back: provider keys, second factors. What need not be read back is hashed instead."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(Exception):
    """A sealed text that this instance's PROMPTLAB_ENCRYPTION_KEY does not open."""


def seal(text: str) -> str:
    """The text encrypted and signed under PROMPTLAB_ENCRYPTION_KEY (Fernet)."""
    return _fernet(settings.ENCRYPTION_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again. Raises Unreadable."""
    try:
        return _fernet(settings.ENCRYPTION_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("This was sealed under another PROMPTLAB_ENCRYPTION_KEY.") from None


@cache
def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
