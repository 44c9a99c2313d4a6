"""Times in bodies."""

from datetime import datetime

from common.errors import Invalid
from common.moments import parse_moment


def read_moment(text: str | None, field: str) -> datetime | None:
    """An ISO 8601 time, in UTC where it names no zone; None and empty text give None; raises Invalid."""
    if not text:
        return None
    moment = parse_moment(text)
    if moment is None:
        raise Invalid(f"{field} must be an ISO 8601 time such as 2026-01-31T12:00:00Z, not {text[:60]!r}.", field)
    return moment
