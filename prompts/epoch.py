"""Prompts in the cache: valid while the project's epoch lasts.

An entry carries the epoch that was read *before* the database was; a change of any prompt gives the project a new
epoch after its commit, so that what a slower reader stores with the old one is never believed. The epoch belongs to the
project and not to a name, because resolved prompts contain others. Entry and epoch come in one round trip.

An epoch lives a few seconds and is then replaced by the next reader. That bounds what happens when a change is
committed while the cache is away and the cache comes back with its old contents.
"""

import secrets

from django.core.cache import cache

EPOCH_SECONDS = 5
ENTRY_SECONDS = 3600


def _epoch_key(project_id: str) -> str:
    return f"prompts:{project_id}:epoch"


def read(project_id: str, key: str) -> tuple[bytes | None, str | None]:
    """The cached bytes (None: a miss), and the epoch to `store` with; None while the cache cannot be reached."""
    epoch_key = _epoch_key(project_id)
    found = cache.get_many((epoch_key, key))
    epoch = found.get(epoch_key)
    if epoch is None:
        cache.add(epoch_key, secrets.token_hex(8), EPOCH_SECONDS)
        # Whoever came first has named it.
        return None, cache.get(epoch_key)
    entry = found.get(key)
    return (entry[1] if entry is not None and entry[0] == epoch else None), epoch


def store(key: str, epoch: str | None, value: bytes) -> None:
    """Keep `value`, read from the database after `epoch` was."""
    if epoch is not None:
        cache.set(key, (epoch, value), ENTRY_SECONDS)


def rotate(project_id: str) -> None:
    """Forget all cached prompts of the project; call it after the commit."""
    cache.set(_epoch_key(project_id), secrets.token_hex(8), EPOCH_SECONDS)
