"""Traces by the scores they have. Two sides to look from: the newest traces, whose scores are looked up until a page is
full (right for what is common), and the scores of a name and value, which an index has (right for what is rare).

The index is asked first, and no further than for `FEW` scores. What it gives only narrows: the condition as `filters`
compiles it decides. Counting reads everything anyway; there a mean is taken once for all traces of a score's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tracing.filters import Filter
from tracing.scores import MAX_VALUE
from tracing.store.postgres.filters import Condition, comparison, compile_filter
from tracing.store.postgres.places import BEGINNING, TRACES
from tracing.store.postgres.sql import fetch, plain

COLUMNS = frozenset({"scores_avg", "scores", "score_categories", "score_booleans"})
FEW = 5_000
# A mean is a sum of rounded sums: it may leave the range of its values by as much as this part of it.
_ROUNDING = 1e-9

_NAMED = "s.project_id = (SELECT %s) AND s.name = %s AND s.trace_id IS NOT NULL"
_NUMBERS = "s.data_type IN ('NUMERIC', 'BOOLEAN')"
_SOME = (
    f"SELECT s.trace_id FROM tracing_score s WHERE {_NAMED} AND left(s.name, {BEGINNING}) = %s AND {{}}"  # noqa: S608
    " LIMIT %s"
)
_WITH_MEAN = (
    f"t.id IN (SELECT s.trace_id FROM tracing_score s WHERE {_NAMED} AND {_NUMBERS}"  # noqa: S608
    " GROUP BY s.trace_id HAVING avg(s.value) {} %s)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The same traces, twice: a condition to read a page of them by, and one to count them all by."""

    read: Condition
    count: Condition


def is_by_score(condition: Filter) -> bool:
    """Whether the filter of traces asks for their scores."""
    return condition.column in COLUMNS


def find(project_id: str, condition: Filter) -> Found:
    """A filter by score; raises Invalid as `filters.compile_filter` does."""
    decides = compile_filter(TRACES, condition)
    named = (project_id, condition.key)
    beginning = plain(condition.key or "")[:BEGINNING]
    for necessary in _necessary(condition):
        scores = fetch(_SOME.format(necessary.sql), (*named, beginning, *necessary.params, FEW + 1))
        if len(scores) <= FEW:
            ids = sorted({id for (id,) in scores})
            few = Condition(f"t.id = ANY(%s::text[]) AND {decides.sql}", (ids, *decides.params))
            return Found(few, few)
    if condition.type != "numberObject":
        return Found(decides, decides)
    return Found(decides, Condition(_WITH_MEAN.format(comparison(condition)), (*named, condition.value)))


def _necessary(condition: Filter) -> Iterator[Condition]:
    """What at least one score of every such trace is like: each of the conditions holds."""
    value = condition.value
    match condition.type, condition.operator:
        case "numberObject", operator if abs(value) <= MAX_VALUE:
            margin = abs(value) * _ROUNDING
            if operator in (">", ">=", "="):
                yield Condition(f"{_NUMBERS} AND s.value >= %s", (float(value - margin),))
            if operator in ("<", "<=", "="):
                yield Condition(f"{_NUMBERS} AND s.value <= %s", (float(value + margin),))
        case "booleanObject", "=":
            yield Condition("s.data_type = 'BOOLEAN' AND s.value = %s", (1.0 if value else 0.0,))
        case "categoryOptions", "any of":
            chosen = "s.data_type IN ('CATEGORICAL', 'BOOLEAN') AND s.string_value = ANY(%s::text[])"
            yield Condition(chosen, (list(value),))
