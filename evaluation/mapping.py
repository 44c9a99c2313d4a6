"""Which part of what is judged fills which variable of a judge's prompt (spec unstableEvaluationRuleMapping)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from accounts.storable import storable
from common.errors import Invalid
from evaluation.json_paths import MAX_PATH, fault_of
from evaluation.refusals import Rejected

# source -> the column of a code evaluator's payload that it is
SOURCES: Mapping[str, str] = {
    "input": "input",
    "output": "output",
    "metadata": "metadata",
    "tool_calls": "toolCalls",
    "expected_output": "experimentItemExpectedOutput",
    "experiment_item_metadata": "experimentItemMetadata",
}
# What only the answer to a dataset's item has.
OF_EXPERIMENTS = frozenset({"expected_output", "experiment_item_metadata"})
OBSERVATION_SOURCES = tuple(source for source in SOURCES if source not in OF_EXPERIMENTS)
# source -> names under which prompts of judges ask for it
_USUAL_NAMES: Mapping[str, Sequence[str]] = {
    "input": ("input", "question", "query", "message", "prompt", "request", "вопрос", "запрос", "вход"),
    "output": ("output", "answer", "answer_a", "response", "generation", "completion", "ответ", "вывод"),
    "expected_output": (
        *("expected_output", "expected", "reference", "ground_truth", "target", "answer_b"),
        *("эталон", "ожидаемый_ответ", "правильный_ответ"),
    ),
    "metadata": ("metadata", "метаданные"),
    "tool_calls": ("tool_calls", "tools"),
    "experiment_item_metadata": ("experiment_item_metadata", "item_metadata"),
}
_USUAL_SOURCES = {name: source for source, names in _USUAL_NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A variable and its source; `json_path` selects a part of a source that is JSON."""

    variable: str
    source: str
    json_path: str | None = None


def usual_source(variable: str) -> str:
    """The source that a variable of this name is most likely to mean."""
    return _USUAL_SOURCES.get(variable.casefold(), "output")


def check_mapping(
    mapping: Sequence[Mapped], variables: Sequence[str], field: str, sources: Collection[str] = tuple(SOURCES)
) -> None:
    """Each variable exactly once, from a source that there is, by a path that can be read. Raises Rejected."""
    mapped: set[str] = set()
    for position, one in enumerate(mapping):
        place = f"{field}[{position}]"
        if one.source not in sources:
            raise Rejected(
                "invalid_variable_mapping",
                f"{place}.source must be one of {', '.join(sources)} here, not {one.source!r}.",
                f"{place}.source",
                variable=one.variable,
                allowedValues=list(sources),
            )
        if one.variable not in variables:
            known = ", ".join(variables) or "none"
            raise Rejected(
                "invalid_variable_mapping",
                f"{place}.variable: {one.variable!r} does not stand in the evaluator's prompt; its variables: {known}.",
                f"{place}.variable",
                variable=one.variable,
            )
        if one.variable in mapped:
            raise Rejected(
                "duplicate_variable_mapping",
                f"{field}: the variable {one.variable!r} is mapped twice. Map each variable once.",
                field,
                variable=one.variable,
            )
        mapped.add(one.variable)
        _check_path(one, f"{place}.jsonPath")
    if lacking := [variable for variable in variables if variable not in mapped]:
        raise Rejected(
            "missing_variable_mapping",
            f"{field}: these variables of the evaluator's prompt are not mapped: {', '.join(lacking)}.",
            field,
            variables=lacking,
        )


def stored(mapping: Sequence[Mapped] | None, field: str = "variableMapping") -> list[dict[str, Any]] | None:
    """As it is kept in a row. Raises Invalid (`field`) for what no row can hold."""
    kept = None if mapping is None else [asdict(one) for one in mapping]
    if storable(kept) != kept:
        raise Invalid(f"{field} must not hold NUL characters.", field)
    return kept


def read(rows: Sequence[Mapping[str, Any]] | None) -> tuple[Mapped, ...] | None:
    """As it was kept."""
    return None if rows is None else tuple(Mapped(**row) for row in rows)


def _check_path(one: Mapped, field: str) -> None:
    path = one.json_path
    if path is None:
        return
    if fault := fault_of(path) if path else "it must start with $":
        raise Rejected(
            "invalid_json_path",
            f"{field}: {path[:100]!r} is not a JSONPath: {fault}.",
            field,
            variable=one.variable,
            value=path[:MAX_PATH],
        )
