"""Whether this server is about to go, known to all of its worker processes."""

import mmap

_going = mmap.mmap(-1, 1)  # shared with the processes forked after this import


def begin() -> None:
    """From now on the server is not ready for new work."""
    _going[0] = 1


def has_begun() -> bool:
    return _going[0] == 1
