"""How the tables of query parameters (`params.Table`) are told in the API's description."""

from datetime import datetime
from typing import Any

from common.api.describing import Parameter
from tracing.api.params import Table, all_of, any_of, before, equal, listed, said, since

# reader -> type, and what it does with the field named
KINDS: dict[Any, tuple[Any, str]] = {
    equal: (str, "Only with exactly this {}."),
    any_of: (list[str], "Only with one of these {}; may be repeated."),
    all_of: (list[str], "Only with all of these {}; may be repeated."),
    listed: (str, "Only with one of these {}, separated by commas."),
    since: (datetime, "Only from this {} on."),
    before: (datetime, "Only before this {}."),
    said: (bool, "Only those of which {} is so."),
}
FILTER = Parameter(
    "filter",
    "Conditions as a JSON list of {type, column, operator, value, key?}, joined by AND; overrides the other filters.",
)


def filters(table: Table, **told: Parameter) -> tuple[Parameter, ...]:
    """The parameters of a table and `filter`; those with a reader of their own are told by the caller."""
    found = []
    for name, (reader, column) in table.items():
        if name in told:
            found.append(told[name])
            continue
        kind, about = KINDS[reader]
        found.append(Parameter(name, about.format(column), kind))
    return (*found, FILTER)
