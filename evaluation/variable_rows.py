"""The rows of a form in which people say where the variables of a judge come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.mapping import Mapped, usual_source


@dataclass(slots=True)
class VariableRow:
    """A variable with its source, and the JSONPath into it as typed."""

    variable: str
    source: str
    path: str = ""


def usual_row(variable: str) -> VariableRow:
    """As a variable stands there that nobody has mapped yet."""
    return VariableRow(variable, usual_source(variable))


def rows_of(mapping: Sequence[Mapped] | None) -> list[VariableRow]:
    """A mapping as it opens."""
    return [VariableRow(one.variable, one.source, one.json_path or "") for one in mapping or ()]


def mapping_of(rows: Sequence[VariableRow]) -> list[Mapped]:
    """The mapping as typed, half made or not."""
    return [Mapped(row.variable, row.source, row.path.strip() or None) for row in rows]
