"""Plain fields of what clients send, made safe for columns: ids, short texts, times, levels.

Texts lose what PostgreSQL cannot store (NUL becomes U+FFFD) and are cut at a length that a list can carry; ids are
never changed, they are refused instead.
"""

from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid
from tracing.records import LEVELS
from tracing.scores import MAX_ID, MAX_ID_BYTES

# Names and the like are shown in lists; longer ones are surely something else.
MAX_SHORT_TEXT = 2000
FIRST_YEAR, LAST_YEAR = 1970, 2500

# What other tools call a level (lower case) -> ours.
LEVEL_NAMES = {
    **{level.lower(): level for level in LEVELS},
    "trace": "DEBUG",
    "info": "DEFAULT",
    "log": "DEFAULT",
    "notice": "DEFAULT",
    "warn": "WARNING",
    "err": "ERROR",
    "critical": "ERROR",
    "fatal": "ERROR",
}


def text(value: str | None) -> str | None:
    """A text of any length; None for None."""
    return value.replace("\0", "\ufffd") if value and "\0" in value else value


def short(value: str | None) -> str | None:
    """A text for a column that lists show; None for None and for nothing."""
    if not value:
        return None
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    return value if len(value) <= MAX_SHORT_TEXT else value[: MAX_SHORT_TEXT - 1] + "…"


def identifier(value: str | None, field: str) -> str | None:
    """An id as it was sent; None for None and for nothing. Raises Invalid for one that cannot be kept."""
    if not value:
        return None
    if len(value) > MAX_ID:
        raise Invalid(f"{field}: an id has at most {MAX_ID} characters, this one has {len(value)}.", field)
    if "\r" in value or "\0" in value:
        raise Invalid(f"{field}: an id must not hold carriage returns or NUL characters.", field)
    if not value.isascii() and len(value.encode()) > MAX_ID_BYTES:
        raise Invalid(f"{field}: an id has at most {MAX_ID_BYTES} bytes, this one has {len(value.encode())}.", field)
    return value


def moment(value: datetime | None, field: str) -> datetime | None:
    """A time in UTC; one without an offset is taken as UTC. Raises Invalid for a year that is surely a mistake."""
    if value is None:
        return None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Invalid(f"{field}: the year must be between {FIRST_YEAR} and {LAST_YEAR}, not {value.year}.", field)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def from_nanoseconds(nanoseconds: int) -> datetime | None:
    """A time from nanoseconds since 1970; None for 0, which means "not set", and for what no clock shows."""
    if not 0 < nanoseconds < 2**64:
        return None
    return datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC)


def level(value: Any) -> str | None:
    """A level under whichever name; None for one nobody knows."""
    return LEVEL_NAMES.get(value.lower()) if isinstance(value, str) else None
