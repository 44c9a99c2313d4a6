"""Notes which public methods of an SDK were called, so that a script can tell which it forgot."""

import functools
import inspect
from typing import Any

_never: set[str] = set()


def watch(*kinds: type) -> None:
    """Watch the public methods that the classes themselves define."""
    for kind in kinds:
        for name, member in list(vars(kind).items()):
            inner = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            if name.startswith("_") or not inspect.isfunction(inner):
                continue
            key = f"{kind.__name__}.{name}"
            _never.add(key)
            noted = _noting(inner, key)
            setattr(kind, name, type(member)(noted) if inner is not member else noted)


def never_called() -> list[str]:
    """What was watched and not called."""
    return sorted(_never)


def _noting(function: Any, key: str) -> Any:
    @functools.wraps(function)
    def noting(*args: Any, **kwargs: Any) -> Any:
        _never.discard(key)
        return function(*args, **kwargs)

    return noting
