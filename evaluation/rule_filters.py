"""Which observations a rule takes: its columns, and the filter grammar for them (spec unstableEvaluationRuleFilter).

A rule for experiments is one whose filter asks for the root spans of experiments' items; the older dialect of the API
calls that its `target`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.storable import storable
from common.errors import Invalid
from datasets.models import Dataset
from evaluation.refusals import Rejected
from tracing.filters import check_filter

Condition = Mapping[str, Any]

OBSERVATION, EXPERIMENT = "observation", "experiment"
TARGETS = (OBSERVATION, EXPERIMENT)
TYPES = (
    "SPAN",
    "EVENT",
    "GENERATION",
    "AGENT",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EVALUATOR",
    "EMBEDDING",
    "GUARDRAIL",
)
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")
MAX_CONDITIONS = 100
PRESENCE = ("is set", "is not set")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "string": ("=", "contains", "does not contain", "starts with", "ends with"),
    "number": ("=", ">", "<", ">=", "<="),
    "stringOptions": ("any of", "none of"),
    "arrayOptions": ("any of", "none of", "all of"),
    "stringObject": ("=", "contains", "does not contain", "starts with", "ends with", *PRESENCE),
    "boolean": ("=", "<>"),
    "null": ("is null", "is not null"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column takes one type of condition; `values` are all there are, when that is known."""

    type: str
    values: tuple[str, ...] = ()


_ANY_TARGET: Mapping[str, Column] = {
    "type": Column("stringOptions", TYPES),
    "name": Column("stringOptions"),
    "environment": Column("stringOptions"),
    "level": Column("stringOptions", LEVELS),
    "version": Column("string"),
    "traceName": Column("stringOptions"),
    "userId": Column("string"),
    "sessionId": Column("string"),
    "tags": Column("arrayOptions"),
    "metadata": Column("stringObject"),
    "isRootObservation": Column("boolean"),
    "parentObservationId": Column("null"),
    "calledToolNames": Column("arrayOptions"),
    "toolCalls": Column("number"),
}
_DATASET: Mapping[str, Column] = {"datasetId": Column("stringOptions")}
ROOT = "isExperimentItemRootSpan"
COLUMNS: Mapping[str, Column] = {
    **_ANY_TARGET,
    **_DATASET,
    "experimentId": Column("stringOptions"),
    ROOT: Column("boolean"),
}
COLUMNS_BY_TARGET: Mapping[str, Mapping[str, Column]] = {
    OBSERVATION: _ANY_TARGET,
    EXPERIMENT: {**_ANY_TARGET, **_DATASET},
}


def checked(
    project_id: str, conditions: Sequence[Any], columns: Mapping[str, Column] = COLUMNS
) -> list[dict[str, Any]]:
    """The conditions as they are stored. Raises Invalid, or Rejected (`invalid_filter_value`) with what is allowed."""
    if len(conditions) > MAX_CONDITIONS:
        raise Invalid(f"filter must have at most {MAX_CONDITIONS} conditions; it has {len(conditions)}.", "filter")
    found = [_condition(raw, f"filter[{position}]", columns) for position, raw in enumerate(conditions)]
    _check_datasets(project_id, found)
    return found


def target_of(conditions: Sequence[Condition]) -> str:
    """What the older dialect calls the target."""
    return EXPERIMENT if any(map(_asks_for_roots, conditions)) else OBSERVATION


def for_target(target: str, conditions: Sequence[Condition]) -> list[Condition]:
    """The conditions with, or without, the one that makes them a target's."""
    others = [condition for condition in conditions if not _asks_for_roots(condition)]
    root = {"type": "boolean", "column": ROOT, "operator": "=", "value": True}
    return [root, *others] if target == EXPERIMENT else others


def _asks_for_roots(condition: Condition) -> bool:
    return condition["column"] == ROOT and (condition["operator"] == "=") is condition["value"]


def _condition(raw: Any, place: str, columns: Mapping[str, Column]) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("column"), str):
        raise Invalid(f"{place} must be an object with type, column, operator and value.", place)
    if storable(raw) != raw:
        raise Invalid(f"{place} must not hold NUL characters.", place)
    name = raw["column"]
    column = columns.get(name)
    if column is None:
        raise Rejected(
            "invalid_filter_value",
            f"{place}.column: {name[:100]!r} is not a column here; there are {', '.join(columns)}.",
            f"{place}.column",
            column=name,
            allowedValues=list(columns),
        )
    if raw.get("type") != column.type:
        raise Invalid(f"{place}.type must be {column.type} for the column {name}.", f"{place}.type")
    operators = OPERATORS[column.type]
    if raw.get("operator") not in operators:
        raise Invalid(
            f"{place}.operator must be one of {', '.join(operators)} for type {column.type}.", f"{place}.operator"
        )
    _check_value(raw, place)
    _check_options(raw, column, f"{place}.value")
    value = "" if column.type == "null" else raw.get("value", "")
    condition = {"type": column.type, "column": name, "operator": raw["operator"], "value": value}
    return condition | ({"key": raw["key"]} if column.type == "stringObject" else {})


def _check_value(raw: dict[str, Any], place: str) -> None:
    if raw["operator"] not in PRESENCE:
        check_filter(raw, place)
    elif not isinstance(raw.get("key"), str) or not raw["key"]:
        raise Invalid(f"{place}.key must be given for type {raw['type']}.", f"{place}.key")
    elif not isinstance(raw.get("value", ""), str):
        raise Invalid(f"{place}.value must be a string.", f"{place}.value")


def _check_options(raw: dict[str, Any], column: Column, place: str) -> None:
    unknown = [value for value in raw["value"] if value not in column.values] if column.values else []
    if unknown:
        raise Rejected(
            "invalid_filter_value",
            f"{place}: {', '.join(unknown)[:200]} is none of {', '.join(column.values)}.",
            place,
            column=raw["column"],
            invalidValues=unknown,
            allowedValues=list(column.values),
        )


def _check_datasets(project_id: str, conditions: Sequence[Condition]) -> None:
    asked = {position: one["value"] for position, one in enumerate(conditions) if one["column"] == "datasetId"}
    wanted = {dataset_id for ids in asked.values() for dataset_id in ids}
    known = set(Dataset.objects.filter(project_id=project_id, pk__in=wanted).values_list("pk", flat=True))
    for position, ids in asked.items():
        if unknown := [dataset_id for dataset_id in ids if dataset_id not in known]:
            place = f"filter[{position}].value"
            raise Rejected(
                "invalid_filter_value",
                f"{place}: there is no dataset with the id {', '.join(unknown)[:200]} in this project.",
                place,
                column="datasetId",
                invalidValues=unknown,
            )
