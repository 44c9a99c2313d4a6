"""Filters and searches by what stands in the packs. The database cannot look into them: these look at texts.

What they mean is what `filters` means: text is compared ignoring case, except by "="; a missing value "does not
contain" anything and is "none of" anything.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from tracing.filters import Filter
from tracing.store.base import ObservationQuery, TraceQuery
from tracing.store.postgres import reading
from tracing.store.postgres.filters import Condition, checked, comparison, compile_filter, json_escaped
from tracing.store.postgres.narrowing import narrow
from tracing.store.postgres.paging import Judge, Listing, Rows, ordered
from tracing.store.postgres.places import OBSERVATIONS, TRACES, Entity
from tracing.store.postgres.rows import PACKED_KEYS
from tracing.store.postgres.texts import Texts

COLUMNS = frozenset({"input", "output", "metadata"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, ">": gt, "<": lt, ">=": ge, "<=": le}
_NUMBER = re.compile(r'"?(-?[0-9]{1,200}([.][0-9]{1,200})?([eE][-+]?[0-9]{1,2})?)"?')


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a filter thinks of texts. `words` must stand in every text it lets pass, if it says which."""

    passes: Callable[[Texts], bool]
    words: str = ""


def split(entity: Entity, filters: Iterable[Filter]) -> tuple[list[Condition], list[Opinion]]:
    """The filters as SQL, and those that need the texts; raises Invalid as `filters.compile_filter` does."""
    conditions, opinions = [], []
    for condition in filters:
        if _is_packed(entity, condition):
            opinions.append(_opinion(entity, condition))
        else:
            conditions.append(compile_filter(entity, condition))
    return conditions, opinions


def as_conditions(entity: Entity, filters: Sequence[Filter], scope: Condition) -> list[Condition]:
    """The filters as SQL alone: those that need the texts are asked first and become the ids of the rows that pass,
    among those in `scope`, whose first parameter is the project."""
    conditions, opinions = split(entity, filters)
    if not opinions:
        return conditions
    identity, project_id = f"{entity.alias}.id", scope.params[0]
    few = narrow(entity, project_id, (opinion.words for opinion in opinions if opinion.words))
    listing = Listing(entity, (identity, *reading.TAILS[entity.name]), [scope, *conditions, *few], ("id", "asc"))
    passing = [row[0] for row in ordered(listing, judge(entity, project_id, opinions, before=1))]
    return [*conditions, Condition(f"{identity} = ANY(%s::text[])", (passing,))]


def judge(entity: Entity, project_id: str, opinions: Sequence[Opinion], before: int) -> Judge:
    """Lets pass the rows that all opinions let pass; `before` the tail stand so many columns."""
    read = reading.trace_texts if entity is TRACES else reading.observation_texts

    def passing(rows: Rows) -> Sequence[bool]:
        said = read(project_id, [row[before:] for row in rows], whole=True)
        return [all(opinion.passes(texts) for opinion in opinions) for texts in said]

    return passing


def searching(
    entity: Entity, query: TraceQuery | ObservationQuery, filtering: Judge | None, places: Sequence[int], before: int
) -> Judge:
    """Lets pass the rows that hold the sought text in one of the columns at `places`, or in their texts: in all of
    them, or (without `search_bodies`) in the lines that lists show. A filter's judge is asked first."""
    read = reading.trace_texts if entity is TRACES else reading.observation_texts
    sought, escaped = query.search.lower(), json_escaped(query.search).lower()

    def holds(texts: Texts) -> bool:
        said = [texts.input, texts.output] if query.search_bodies else []
        return any(escaped in text.lower() for text in said if isinstance(text, str)) or any(
            sought in line.lower() for line in texts.previews.values()
        )

    def passing(rows: Rows) -> Sequence[bool]:
        named = [any(sought in (row[place] or "").lower() for place in places) for row in rows]
        said = read(project_id, [row[before:] for row in rows], whole=query.search_bodies)
        found = [is_named or holds(texts) for is_named, texts in zip(named, said, strict=True)]
        return [all(both) for both in zip(found, filtering(rows), strict=True)] if filtering else found

    project_id = query.project_id
    return passing


def _is_packed(entity: Entity, condition: Filter) -> bool:
    if entity is OBSERVATIONS:
        return condition.column in COLUMNS
    if entity is not TRACES or condition.column not in COLUMNS:
        return False
    return condition.column != "metadata" or condition.type == "null" or condition.key in PACKED_KEYS


def _opinion(entity: Entity, condition: Filter) -> Opinion:
    checked(entity, condition)
    column, key = condition.column, condition.key or ""

    def value(texts: Texts) -> str | None:
        if column == "metadata":
            return texts.metadata.get(key)
        text = texts.input if column == "input" else texts.output
        return text if isinstance(text, str) else None

    if condition.type == "null":
        wanted = condition.operator == "is not null"
        if column == "metadata":
            return Opinion(lambda texts: bool(texts.metadata) is wanted)
        return Opinion(lambda texts: (value(texts) is not None) is wanted)
    matches, negated, words = _test(condition)

    def passes(texts: Texts) -> bool:
        found = value(texts)
        return (found is not None and matches(found)) is not negated

    return Opinion(passes, "" if negated else words)


def _test(condition: Filter) -> tuple[Callable[[str], bool], bool, str]:
    """What a JSON text must be like, whether the filter wants the others, and words that must be in the text."""
    value, operator = condition.value, condition.operator
    match condition.type:
        case "string" | "stringObject":
            return *_text(operator, value), json_escaped(value)
        case "numberObject":
            compare, wanted = _COMPARE[comparison(condition)], Decimal(str(value))
            return lambda text: (number := _number(text)) is not None and compare(number, wanted), False, ""
        case "booleanObject":
            said = "true" if value is (operator == "=") else "false"
            return lambda text: text.strip('"') == said, False, ""
        case _:
            options = {form for option in value for form in (option, f'"{json_escaped(option)}"')}
            return options.__contains__, operator == "none of", ""


def _text(operator: str, value: str) -> tuple[Callable[[str], bool], bool]:
    """A JSON text against plain text: a string is compared without its quotes, others as they are written."""
    inside = json_escaped(value)
    if operator == "=":
        return {value, f'"{inside}"'}.__contains__, False
    plain, sought = value.lower(), inside.lower()
    if operator == "starts with":
        return lambda text: text.lower().startswith((plain, f'"{sought}')), False
    if operator == "ends with":
        return lambda text: text.lower().endswith((plain, f'{sought}"')), False
    return lambda text: sought in text.lower(), operator == "does not contain"


def _number(text: str) -> Decimal | None:
    found = _NUMBER.fullmatch(text)
    return Decimal(found[1]) if found else None
