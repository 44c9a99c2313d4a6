"""What PostgreSQL takes."""

from typing import Any


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
