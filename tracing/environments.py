"""Names of environments, as clients may send them (api.md, section 1): never an error."""

import re
from functools import lru_cache

DEFAULT = "default"
MAX_LENGTH = 40
_RESERVED = re.compile(r"^(?:langfuse[-_]?)+")
_NAME = re.compile(r"^[a-z0-9_-]+$")


@lru_cache(maxsize=4096)
def environment_name(sent: str) -> str:
    """Lower case, without the reserved prefix, at most 40 characters; "default" for what is no name."""
    name = _RESERVED.sub("", sent[:200].lower())[:MAX_LENGTH]
    return name if _NAME.match(name) else DEFAULT
