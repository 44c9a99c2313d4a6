"""Filters of the list pages: what stands in the address becomes conditions of the store, and chips to remove them.

A mapping is a table: parameter -> label, and how its text becomes a `Filter`. A text that makes no sense is shown as a
chip with its fault instead of being dropped in silence.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from tracing.filters import Filter

RANGES: Mapping[str, tuple[Any, timedelta | None]] = {
    "1h": (_("Last hour"), timedelta(hours=1)),
    "24h": (_("Last 24 hours"), timedelta(days=1)),
    "7d": (_("Last 7 days"), timedelta(days=7)),
    "30d": (_("Last 30 days"), timedelta(days=30)),
    "90d": (_("Last 90 days"), timedelta(days=90)),
    "all": (_("All time"), None),
}
_COMPARISON = re.compile(r"^\s*(?P<name>.+?)\s*(?P<operator>>=|<=|=|>|<)\s*(?P<value>.*?)\s*$")

Reader = Callable[[str], Filter]


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition as the person sees it; `param` and `text` are what to take out of the address to remove it."""

    label: Any
    text: str
    param: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Filtering:
    """What the address asks for."""

    filters: tuple[Filter, ...]
    chips: tuple[Chip, ...]
    search: str
    search_bodies: bool
    range: str
    since: datetime | None
    until: datetime | None


def _options(column: str) -> Reader:
    return lambda text: Filter("stringOptions", column, "any of", (text,))


def _contains(column: str) -> Reader:
    return lambda text: Filter("string", column, "contains", text)


def _tags(text: str) -> Filter:
    return Filter("arrayOptions", "tags", "all of", (text,))


def _at_least(column: str) -> Reader:
    def read(text: str) -> Filter:
        try:
            return Filter("number", column, ">=", _number(text))
        except ValueError:
            raise Invalid(str(_("Give a number."))) from None

    return read


def _number(text: str) -> float:
    """Raises ValueError, for what is no finite number too."""
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _metadata(text: str) -> Filter:
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise Invalid(str(_("Write key=value.")))
    return Filter("stringObject", "metadata", "=", value.strip(), key.strip())


def _score(text: str) -> Filter:
    found = _COMPARISON.match(text)
    if not found:
        raise Invalid(str(_("Write name=value or name>=value.")))
    name, operator, value = found["name"], found["operator"], found["value"]
    try:
        return Filter("numberObject", "scores_avg", operator, _number(value), name)
    except ValueError:
        if operator != "=":
            raise Invalid(str(_("Only numbers can be compared with < and >."))) from None
        return Filter("categoryOptions", "score_categories", "any of", (value,), name)


# parameter -> (label, reader)
TRACE_FILTERS: Mapping[str, tuple[Any, Reader]] = {
    "name": (_("Name"), _options("name")),
    "user": (_("User"), _options("userId")),
    "session": (_("Session"), _options("sessionId")),
    "environment": (_("Environment"), _options("environment")),
    "tag": (_("Tag"), _tags),
    "level": (_("Level"), _options("level")),
    "version": (_("Version"), _options("version")),
    "release": (_("Release"), _options("release")),
    "metadata": (_("Metadata"), _metadata),
    "score": (_("Score"), _score),
    "latency": (_("Latency, s ≥"), _at_least("latency")),
    "cost": (_("Cost, $ ≥"), _at_least("totalCost")),
    "tokens": (_("Tokens ≥"), _at_least("totalTokens")),
}
OBSERVATION_FILTERS: Mapping[str, tuple[Any, Reader]] = {
    "type": (_("Type"), _options("type")),
    "name": (_("Name"), _options("name")),
    "model": (_("Model"), _options("model")),
    "prompt": (_("Prompt"), _options("promptName")),
    "user": (_("User"), _options("userId")),
    "session": (_("Session"), _options("sessionId")),
    "environment": (_("Environment"), _options("environment")),
    "level": (_("Level"), _options("level")),
    "version": (_("Version"), _options("version")),
    "metadata": (_("Metadata"), _metadata),
    "latency": (_("Latency, s ≥"), _at_least("latency")),
    "cost": (_("Cost, $ ≥"), _at_least("totalCost")),
    "tokens": (_("Tokens ≥"), _at_least("totalTokens")),
}
SCORE_FILTERS: Mapping[str, tuple[Any, Reader]] = {
    "name": (_("Name"), _options("name")),
    "source": (_("Source"), _options("source")),
    "type": (_("Type"), _options("dataType")),
    "environment": (_("Environment"), _options("environment")),
    "comment": (_("Comment"), _contains("comment")),
}
SESSION_FILTERS: Mapping[str, tuple[Any, Reader]] = {
    "user": (_("User"), _options("userId")),
    "environment": (_("Environment"), _options("environment")),
}


def read_filters(
    params: QueryDict, table: Mapping[str, tuple[Any, Reader]], time_column: str, default_range: str = "all"
) -> Filtering:
    """The conditions, chips and range that `params` ask for; repeated parameters are ANDed."""
    filters: list[Filter] = []
    chips: list[Chip] = []
    for param, (label, reader) in table.items():
        for text in filter(None, params.getlist(param)):
            chip = Chip(label, text, param)
            try:
                filters.append(reader(text.replace("\0", "\ufffd")))  # no stored text holds NUL
            except Invalid as fault:
                chip = replace(chip, fault=fault.message)
            chips.append(chip)
    chosen, since, until = read_range(params, default_range)
    for param, label in (("from", _("From")), ("to", _("To"))):
        if (text := params.get(param, "")) and _moment(text) is None:
            chips.append(Chip(label, text, param, str(_("Give a date, like 2026-01-31 or 2026-01-31T12:00."))))
    for operator, moment in ((">=", since), ("<", until)):
        if moment is not None:
            filters.append(Filter("datetime", time_column, operator, moment))
    search = params.get("q", "").replace("\0", "").strip()
    return Filtering(tuple(filters), tuple(chips), search, params.get("in") == "texts", chosen, since, until)


def read_range(params: QueryDict, default: str) -> tuple[str, datetime | None, datetime | None]:
    """The chosen range as (name, since, until): a named one, or `from`/`to` as ISO dates or times.

    A time without a zone is one of this server's zone, in which pages show times.
    """
    since, until = _moment(params.get("from", "")), _moment(params.get("to", ""))
    if since or until:
        return "custom", since, until
    chosen = params.get("range", default)
    if chosen not in RANGES:
        chosen = default
    length = RANGES[chosen][1]
    return chosen, (timezone.now() - length if length else None), None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_current_timezone())
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def chip_links(params: QueryDict, chips: tuple[Chip, ...]) -> list[dict[str, Any]]:
    """Each chip with the address of this page without it."""
    links = []
    for chip in chips:
        rest = params.copy()
        rest.setlist(chip.param, [text for text in params.getlist(chip.param) if text != chip.text])
        rest.pop("cursor", None)
        rest.pop("back", None)
        links.append({"chip": chip, "url": f"?{rest.urlencode()}"})
    return links


def read_order(params: QueryDict, allowed: tuple[str, ...], default: str) -> tuple[str, str]:
    """The order `?order=column.asc|desc` if it is one of the allowed columns, else the default."""
    column, _dot, direction = params.get("order", default).partition(".")
    if column not in allowed or direction not in ("asc", "desc"):
        column, _dot, direction = default.partition(".")
    return column, direction
