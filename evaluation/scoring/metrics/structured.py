"""Metrics of answers that are JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _
from jsonschema.validators import Draft202012Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from common.errors import Invalid
from datasets.bounded_schemas import Endless, errors_of, kind_of
from datasets.schemas import check_schema
from evaluation.json_paths import fault_of
from evaluation.scoring.base import ScoringFailed
from evaluation.scoring.fences import json_blocks
from evaluation.scoring.metrics.base import Case, Compared, Mark, Metric, Settings, described, option
from evaluation.scoring.parts import part

MAX_FIELDS = 100
MAX_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Json(Settings):
    fenced: bool = option(True, _("Look into a code block"), _("What stands in ```json … ``` counts as the answer."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Json):
    shape: str = option(
        "any", _("It must be"), choices={"any": _("any JSON"), "object": _("an object"), "array": _("a list")}
    )


def valid(case: Case, settings: Shape) -> Mark:
    """1 where the answer is JSON (RFC 8259) of that shape."""
    value, fault = _json(case.output, settings.fenced)
    if fault:
        return Mark(0.0, fault)
    wanted = {"any": object, "object": dict, "array": list}[settings.shape]
    holds = isinstance(value, wanted)
    return Mark(float(holds), "" if holds else f"It is JSON, but no {settings.shape}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema(Json):
    schema: dict[str, Any] = field(
        default_factory=dict,
        metadata=described(_("JSON Schema"), _("Draft 2020-12, unless $schema names another one.")),
    )

    def __post_init__(self) -> None:
        try:
            check_schema(self.schema, "schema")
        except Invalid as refusal:
            raise ValueError(refusal.message) from None


def fits(case: Case, settings: Schema) -> Mark:
    """1 where the answer is JSON that the schema allows (jsonschema). References to other hosts are not followed."""
    value, fault = _json(case.output, settings.fenced)
    if fault:
        return Mark(0.0, fault)
    kind = kind_of(settings.schema, Draft202012Validator)
    try:
        errors = errors_of(kind(settings.schema, registry=Registry()), value, MAX_TOLD)  # type: ignore[call-arg]
    except Unresolvable as error:
        raise ScoringFailed(f"The schema refers to what cannot be found: {error}.") from None
    except (RecursionError, Endless):
        raise ScoringFailed("The schema refers to itself without end.") from None
    return Mark(float(not errors), " ".join(f"{error.json_path}: {error.message[:200]}." for error in errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields(Compared):
    fields: list[str] = field(
        default_factory=list,
        metadata=described(_("Fields"), _("JSONPaths, one a line, such as $.city; none: the whole value is compared.")),
    )
    fenced: bool = option(True, _("Look into a code block"), _("What stands in ```json … ``` counts as the answer."))

    def __post_init__(self) -> None:
        if len(self.fields) > MAX_FIELDS:
            raise ValueError(f"fields must be at most {MAX_FIELDS}.")
        for path in self.fields:
            if fault := fault_of(path) if path else "it is empty":
                raise ValueError(f"fields: {path[:100]!r} is not a JSONPath: {fault}.")


def fields_match(case: Case, settings: Fields) -> Mark:
    """The share of the fields that are equal in the answer and in what was expected: objects whatever the order of
    their keys, numbers by value, texts after normalisation. A field that neither has counts as equal."""
    value, fault = _json(case.output, settings.fenced)
    if fault:
        return Mark(0.0, fault)
    expected, fault = _json(case.expected, fenced=False)
    if fault:
        raise ScoringFailed("What was expected is not JSON.")
    paths = settings.fields or ["$"]
    wrong = [path for path in paths if not _same(part(value, path), part(expected, path), case)]
    return Mark(1 - len(wrong) / len(paths), f"Different: {', '.join(wrong)[:500]}." if wrong else "")


def _json(value: Any, fenced: bool) -> tuple[Any, str]:
    """The JSON of a value, or why there is none. What is no text has been JSON all along."""
    if not isinstance(value, str):
        return value, ""
    found = next(json_blocks(value), None) if fenced else None
    try:
        return orjson.loads(value if found is None else found), ""
    except (ValueError, RecursionError) as error:
        return None, f"It is no JSON: {error}."


def _same(one: Any, other: Any, case: Case) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return case.profile.apply(one) == case.profile.apply(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key], case) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b, case) for a, b in zip(one, other, strict=True))
    return bool(one == other)


METRICS = (
    Metric(
        kind="json_valid",
        label=_("JSON is valid"),
        about=_("The answer can be read as JSON."),
        score=valid,
        settings=Shape,
        data_type="BOOLEAN",
    ),
    Metric(
        kind="json_schema",
        label=_("JSON Schema"),
        about=_("The answer is JSON of a shape that you describe."),
        score=fits,
        settings=Schema,
        data_type="BOOLEAN",
    ),
    Metric(
        kind="json_fields",
        label=_("JSON field match"),
        about=_("The share of fields that are as expected."),
        score=fields_match,
        settings=Fields,
        normalisation="exact",
    ),
)
