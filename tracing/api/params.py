"""Query parameters of the reading routes, and how they become filters. Empty text counts as absent."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from django.http import QueryDict

from common.errors import Invalid, NotFound
from common.moments import parse_moment
from tracing.filters import Filter, parse_filters

Order = tuple[str, Literal["asc", "desc"]]
# A plus sign that nobody escaped arrives as a space.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


class Params:
    """The parameters of one request; raises Invalid with the name of the one that cannot be read."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query
        for name in query:
            if any("\0" in value for value in query.getlist(name)):
                raise Invalid(f"{name} must not hold NUL characters.", name)

    def text(self, name: str) -> str | None:
        return self._query.get(name) or None

    def given_empty(self, name: str) -> bool:
        """Whether the parameter is there with nothing in it."""
        return self._query.get(name) == ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A parameter that may be repeated, as `name=a&name=b` or `name[]=a&name[]=b`."""
        return tuple(filter(None, (*self._query.getlist(name), *self._query.getlist(f"{name}[]"))))

    def words(self, name: str) -> tuple[str, ...]:
        """A comma-separated list."""
        return tuple(filter(None, (word.strip() for word in self._query.get(name, "").split(","))))

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        if text is None:
            return None
        moment = parse_moment(_LOST_PLUS.sub("+", text.strip()))
        if moment is None:
            raise Invalid(f"{name} must be an ISO 8601 date and time.", name)
        return moment

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in ("true", "false"):
            raise Invalid(f"{name} must be true or false.", name)
        return text.lower() == "true"

    def number(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise Invalid(f"{name} must be a number.", name)
        return value

    def one_of(self, name: str, known: Sequence[str]) -> str | None:
        """One of some words, in whichever case."""
        text = self.text(name)
        if text is None:
            return None
        if text.upper() not in known:
            raise Invalid(f"{name} must be one of {', '.join(known)}.", name)
        return text.upper()

    def groups(self, known: Sequence[str]) -> frozenset[str]:
        """The field groups asked for by `fields`; all of them when it is absent."""
        return frozenset(self.words("fields") or known)

    def order(self, default: Order) -> Order:
        """`orderBy=<column>.<asc|desc>`; the store knows which columns have an order."""
        text = self.text("orderBy")
        if text is None:
            return default
        column, _, direction = text.rpartition(".")
        match direction.lower():
            case "asc" if column:
                return column, "asc"
            case "desc" if column:
                return column, "desc"
        raise Invalid("orderBy must look like timestamp.asc or timestamp.desc.", "orderBy")

    def filters(self, table: "Table") -> tuple[Filter, ...]:
        """The JSON of `filter`, which overrides all others; else the plain parameters of the table."""
        text = self.text("filter")
        if text is not None:
            return storable(parse_filters(text))
        found = (read(self, name, column) for name, (read, column) in table.items())
        return tuple(condition for condition in found if condition is not None)


Reader = Callable[[Params, str, str], Filter | None]
# name of the parameter -> how it is read, and the column it is about
Table = Mapping[str, tuple[Reader, str]]


def equal(params: Params, name: str, column: str) -> Filter | None:
    text = params.text(name)
    return Filter("string", column, "=", text) if text is not None else None


def any_of(params: Params, name: str, column: str) -> Filter | None:
    texts = params.texts(name)
    return Filter("stringOptions", column, "any of", texts) if texts else None


def all_of(params: Params, name: str, column: str) -> Filter | None:
    texts = params.texts(name)
    return Filter("arrayOptions", column, "all of", texts) if texts else None


def listed(params: Params, name: str, column: str) -> Filter | None:
    words = params.words(name)
    return Filter("stringOptions", column, "any of", words) if words else None


def since(params: Params, name: str, column: str) -> Filter | None:
    moment = params.moment(name)
    return Filter("datetime", column, ">=", moment) if moment is not None else None


def before(params: Params, name: str, column: str) -> Filter | None:
    moment = params.moment(name)
    return Filter("datetime", column, "<", moment) if moment is not None else None


def said(params: Params, name: str, column: str) -> Filter | None:
    flag = params.flag(name)
    return Filter("boolean", column, "=", flag) if flag is not None else None


def path_id(value: str, what: str) -> str:
    """An id out of a path; one that cannot be stored is not found."""
    if "\0" in value:
        raise NotFound(f"{what} not found within authorized project")
    return value


def storable(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """The filters as they are; raises Invalid for text that nothing stored can be compared with."""

    def holds_nul(value: Any) -> bool:
        return any("\0" in text for text in (value if isinstance(value, tuple) else (value,)) if isinstance(text, str))

    for position, condition in enumerate(filters):
        if holds_nul(condition.value) or holds_nul(condition.key) or holds_nul(condition.column):
            raise Invalid(f"filter[{position}] must not hold NUL characters.", f"filter[{position}]")
    return filters
