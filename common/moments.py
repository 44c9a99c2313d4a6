"""Times as somebody wrote them."""

from datetime import UTC, datetime


def parse_moment(text: object) -> datetime | None:
    """An ISO 8601 time, in UTC, which it is also taken to be in where it names no zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # what no zone but its own can tell: the first and the last day of all
        return None
