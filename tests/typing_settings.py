"""The settings as the type checker reads them: it calls no server, and needs nobody's secrets."""

import os

os.environ.setdefault("SECRET_KEY", "types-only-" + "s" * 40)
os.environ.setdefault("PROMPTLAB_ENCRYPTION_KEY", "types-only-" + "e" * 40)
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/nothing")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379/0")

from promptlab.settings import *  # noqa: F403
