"""The store in use. `store()` is the only way to reach measured rows."""

from functools import cache

from tracing.store.base import Store
from tracing.store.postgres import PostgresStore


@cache
def store() -> Store:
    """The configured store (PostgreSQL)."""
    return PostgresStore()
