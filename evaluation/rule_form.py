"""The form of a rule: as typed, as a draft, and in words."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from datasets.models import Dataset
from evaluation import mapping, rule_filters, rules
from evaluation.mapping import Mapped
from evaluation.models import EvaluationRule, EvaluatorVersion
from evaluation.rule_filters import OBSERVATION
from evaluation.variable_rows import VariableRow, mapping_of, rows_of, usual_row

EMPTY_ROWS = 2
DATASET = "datasetId"
LABELS: Mapping[str, Any] = {
    "type": gettext_lazy("Type"),
    "name": gettext_lazy("Name"),
    "environment": gettext_lazy("Environment"),
    "level": gettext_lazy("Level"),
    "version": gettext_lazy("Version"),
    "traceName": gettext_lazy("Name of the trace"),
    "userId": gettext_lazy("User"),
    "sessionId": gettext_lazy("Session"),
    "tags": gettext_lazy("Tags"),
    "metadata": gettext_lazy("Metadata"),
    "isRootObservation": gettext_lazy("Is the root"),
    "parentObservationId": gettext_lazy("Parent"),
    "calledToolNames": gettext_lazy("Called tools"),
    "toolCalls": gettext_lazy("Number of tool calls"),
    "datasetId": gettext_lazy("Dataset"),
    "experimentId": gettext_lazy("Run"),
}
OPERATORS: Mapping[str, Any] = {
    "any of": gettext_lazy("any of"),
    "none of": gettext_lazy("none of"),
    "all of": gettext_lazy("all of"),
    "=": "=",
    "<>": "≠",
    "contains": gettext_lazy("contains"),
    "does not contain": gettext_lazy("does not contain"),
    "starts with": gettext_lazy("starts with"),
    "ends with": gettext_lazy("ends with"),
    "is set": gettext_lazy("is set"),
    "is not set": gettext_lazy("is not set"),
    "is null": gettext_lazy("is missing"),
    "is not null": gettext_lazy("is there"),
    ">": ">",
    "<": "<",
    ">=": "≥",
    "<=": "≤",
}
YES, NO = ("yes", "true", "1", "да"), ("no", "false", "0", "нет")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition as typed; several values are separated by commas."""

    column: str = ""
    operator: str = "any of"
    key: str = ""
    value: str = ""


@dataclass(slots=True)
class Typed:
    """The form as typed. `variables` has the mapping of each judge that is chosen, by its id."""

    name: str = ""
    enabled: bool = True
    percent: str = "100"
    delay: str = "5"
    target: str = OBSERVATION
    conditions: list[ConditionRow] = field(default_factory=list)
    evaluators: list[str] = field(default_factory=list)
    variables: dict[str, list[VariableRow]] = field(default_factory=dict)

    @property
    def rows(self) -> list[ConditionRow]:
        """The conditions, and empty ones for the next."""
        return [*self.conditions, *([ConditionRow()] * EMPTY_ROWS)]


def typed(data: QueryDict) -> Typed:
    """What a form sent."""
    clean = data.copy()
    for key in clean:
        clean.setlist(key, [text.replace("\0", "") for text in clean.getlist(key)])
    columns = [clean.getlist(f"condition_{one.name}") for one in fields(ConditionRow)]
    page = Typed(
        name=clean.get("name", ""),
        percent=clean.get("percent", ""),
        delay=clean.get("delay", ""),
        target=clean.get("target", ""),
        enabled="enabled" in clean,
        conditions=[row for row in (ConditionRow(*texts) for texts in zip(*columns, strict=False)) if row.column],
        evaluators=clean.getlist("evaluators"),
    )
    columns = [clean.getlist(f"map_{name}") for name in ("evaluator", "variable", "source", "path")]
    for owner, *row in zip(*columns, strict=False):
        page.variables.setdefault(owner, []).append(VariableRow(*row))
    return page


def of_rule(rule: EvaluationRule) -> Typed:
    """A stored one as it opens."""
    target = rule_filters.target_of(rule.filter)
    datasets = named_datasets(rule.project_id, [rule.filter])
    return Typed(
        name=rule.name,
        enabled=rule.enabled,
        percent=f"{rule.sampling * 100:g}",
        delay=str(rule.delay_seconds),
        target=target,
        conditions=[_row(one, datasets) for one in rule_filters.for_target(OBSERVATION, rule.filter)],
        evaluators=[one.evaluator_id for one in rule.assignments.all()],
        variables={
            one.evaluator_id: rows_of(mapped)
            for one in rule.assignments.all()
            if (mapped := mapping.read(one.mapping)) is not None
        },
    )


def complete(page: Typed, versions: Mapping[str, EvaluatorVersion]) -> None:
    """A row for each variable of each judge, as it is mapped here, by the evaluator's default, or as usual."""
    for key, version in versions.items():
        if version.output is None:
            page.variables.pop(key, None)
            continue
        default = rows_of(mapping.read(version.mapping))
        known = {row.variable: row for row in (*default, *page.variables.get(key, ()))}
        page.variables[key] = [known.get(name) or usual_row(name) for name in version.variables]


def draft_of(project_id: str, page: Typed, versions: Mapping[str, EvaluatorVersion]) -> rules.Draft:
    """The rule that the form describes. Raises Invalid with the field's name."""
    target = page.target if page.target in rule_filters.TARGETS else OBSERVATION
    conditions = [_condition(row, at) for at, row in enumerate(page.conditions)]
    _find_datasets(project_id, conditions)
    checked = rule_filters.checked(project_id, conditions)
    return rules.Draft(
        name=page.name,
        enabled=page.enabled,
        sampling=_number(page.percent, "percent") / 100,
        delay_seconds=int(_number(page.delay, "delay_seconds")),
        filter=rule_filters.for_target(target, checked),
        evaluators=[
            rules.Assigned(evaluator_id=key, mapping=_mapping(page, versions.get(key)), field=f"mapping {key}")
            for key in dict.fromkeys(page.evaluators)
        ],
    )


def in_words(condition: Mapping[str, Any], names: Mapping[str, str]) -> SafeString:
    """A condition as one reads it; `names` are those of the datasets that `named_datasets` knows, which are links."""
    value = condition["value"]
    column = ".".join(filter(None, (str(LABELS.get(condition["column"], condition["column"])), condition.get("key"))))
    shown: Any = value
    if isinstance(value, bool):
        shown = _("yes") if value else _("no")
    elif condition["column"] == DATASET:
        shown = format_html_join(", ", "{}", ((_dataset(one, names),) for one in value))
    elif isinstance(value, list):
        shown = ", ".join(value)
    return format_html("{} {} {}", column, OPERATORS.get(condition["operator"], condition["operator"]), shown)


def named_datasets(project_id: str, filters: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """The names of the datasets that these rules' filters ask for, by id; no query where they ask for none."""
    ids = {one for conditions in filters for row in conditions if row["column"] == DATASET for one in row["value"]}
    if not ids:
        return {}
    return dict(Dataset.objects.filter(project_id=project_id, pk__in=ids).values_list("pk", "name"))


def _dataset(dataset_id: str, names: Mapping[str, str]) -> SafeString | str:
    if dataset_id not in names:
        return dataset_id
    return format_html('<a href="{}">{}</a>', reverse("dataset", args=[dataset_id]), names[dataset_id])


def _row(condition: Mapping[str, Any], datasets: Mapping[str, str]) -> ConditionRow:
    value = condition["value"]
    if isinstance(value, list):
        named = datasets if condition["column"] == DATASET else {}
        # A name with a comma would be read as two.
        shown = ", ".join(one if "," in named.get(one, ",") else named[one] for one in value)
    elif isinstance(value, bool):
        shown = "yes" if value else "no"
    else:
        shown = value if isinstance(value, str) else json.dumps(value)
    return ConditionRow(condition["column"], condition["operator"], condition.get("key", ""), shown)


def _condition(row: ConditionRow, at: int) -> dict[str, Any]:
    place = f"filter[{at}]"
    column = rule_filters.COLUMNS.get(row.column)
    if column is None:
        raise Invalid(_("There is no such column."), place)
    operators = rule_filters.OPERATORS[column.type]
    operator = row.operator
    if operator not in operators:
        told = ", ".join(str(OPERATORS[one]) for one in operators)
        raise Invalid(
            _("%(column)s: choose one of %(operators)s.") % {"column": LABELS[row.column], "operators": told}, place
        )
    condition = {"type": column.type, "column": row.column, "operator": operator, "value": _value(row, column, place)}
    return condition | ({"key": row.key.strip()} if column.type == "stringObject" else {})


def _find_datasets(project_id: str, conditions: Sequence[dict[str, Any]]) -> None:
    """Put ids where a form names datasets; what is neither stays, and is refused as an id."""
    asked = [condition for condition in conditions if condition["column"] == DATASET]
    if not asked:
        return
    given = {one for condition in asked for one in condition["value"]}
    known = Dataset.objects.filter(Q(pk__in=given) | Q(name__in=given), project_id=project_id)
    ids = dict(known.values_list("name", "pk"))
    for condition in asked:
        condition["value"] = [one if one in ids.values() else ids.get(one, one) for one in condition["value"]]


def _value(row: ConditionRow, column: rule_filters.Column, place: str) -> Any:
    text = row.value.strip()
    match column.type:
        case "stringOptions" | "arrayOptions":
            values = [one.strip() for one in text.split(",") if one.strip()]
            return [one.upper() for one in values] if column.values else values
        case "number":
            return _number(text, place)
        case "boolean":
            if text.casefold() not in (*YES, *NO):
                raise Invalid(_("%(column)s: write yes or no.") % {"column": LABELS[row.column]}, place)
            return text.casefold() in YES
        case "null":
            return ""
    return row.value


def _number(text: str, place: str) -> float:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(_("Give a number."), place)
    return number


def _mapping(page: Typed, version: EvaluatorVersion | None) -> Sequence[Mapped] | None:
    """None where it says no more than the evaluator's own, so that later versions count."""
    if version is None or version.output is None:
        return None
    mapped = mapping_of(page.variables.get(version.evaluator_id, ()))
    default = list(mapping.read(version.mapping) or ())
    same = sorted(mapped, key=lambda one: one.variable) == sorted(default, key=lambda one: one.variable)
    return None if same else mapped
