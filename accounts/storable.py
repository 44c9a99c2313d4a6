"""What PostgreSQL takes."""

from collections.abc import Mapping
from typing import Any

from common.errors import Invalid


def storable(value: Any) -> Any:
    """The value without NUL characters and lone surrogates, which PostgreSQL refuses in text and in JSON."""
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {storable(str(key)): storable(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [storable(inner) for inner in value]
        case _:
            return value


def needs_storable(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The value as it is. Raises Invalid (`field`) when PostgreSQL would refuse something in it."""
    if storable(value) != value:
        raise Invalid(f"The {field} holds NUL characters or halves of characters, which cannot be stored.", field)
    return dict(value)
