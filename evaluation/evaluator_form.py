"""The form of an evaluator: as typed, as a definition, and as it opens for a metric, a template, a program."""

import json
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from common.errors import Invalid
from evaluation import library
from evaluation.definitions import Code, Definition, Judge, Metric, Output, definition_of
from evaluation.mapping import Mapped
from evaluation.models import Evaluator, EvaluatorType, EvaluatorVersion
from evaluation.scoring.metrics.base import Metric as MetricKind
from evaluation.scoring.metrics.table import metric_of
from evaluation.scoring.normalising import PRESETS, Profile
from evaluation.variable_rows import VariableRow, mapping_of, rows_of, usual_row
from prompts.templates import variables

OWN = "own"
# Settings that may hold line breaks, typed into one line as \\n.
ESCAPED = frozenset({"separators"})
EXAMPLE = '''def evaluate(input, output, expected_output, metadata):
    """1 where the answer is as short as it was asked to be."""
    words = len(str(output).split())
    return {"value": words <= 5, "comment": f"{words} words"}
'''


@dataclass(slots=True)
class Typed:
    """The form as typed. `settings` are texts by name, and True for a box that is ticked."""

    type: str = EvaluatorType.JUDGE.value
    name: str = ""
    description: str = ""
    kind: str = "exact"
    settings: dict[str, Any] = field(default_factory=dict)
    normalisation: str = "exact"
    profile: dict[str, Any] = field(default_factory=dict)
    messages: list[tuple[str, str]] = field(default_factory=list)
    data_type: str = "NUMERIC"
    min_value: str = ""
    max_value: str = ""
    categories: str = ""
    multiple: bool = False
    reasoning: str = ""
    instructions: str = ""
    provider: str = ""
    model: str = ""
    mapping: list[VariableRow] = field(default_factory=list)
    source_code: str = ""

    @property
    def variables(self) -> list[VariableRow]:
        """A row for each variable of the messages, as it is mapped, or as variables of its name usually are."""
        known = {row.variable: row for row in self.mapping}
        names = variables([{"content": content} for _role, content in self.messages])
        return [known.get(name) or usual_row(name) for name in names]

    @property
    def mapped(self) -> list[Mapped]:
        """The mapping as it stands, half made or not."""
        return mapping_of(self.variables)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The messages, and an empty one for the next."""
        return [*self.messages, ("user" if not self.messages else "assistant", "")]


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting of a metric, for the form. `control` is check, choice, number, lines, json or text."""

    name: str
    label: Any
    help: Any
    control: str
    value: Any
    choices: Sequence[tuple[str, Any]] = ()


def typed(data: QueryDict) -> Typed:
    """What a form sent."""
    plain: dict[str, Any] = {
        one.name: data.get(one.name, "").replace("\0", "")
        for one in fields(Typed)
        if one.type is str and one.name in data
    }
    page = Typed(**plain, multiple="multiple" in data)
    if page.type == EvaluatorType.METRIC:
        kind = metric_of(page.kind)
        for name, default in _defaults(kind).items():
            if isinstance(default, bool):
                page.settings[name] = f"setting_{name}" in data
            elif f"setting_{name}" in data:
                page.settings[name] = data.get(f"setting_{name}", "").replace("\0", "")
        page.profile = {
            one.name: data.get(f"profile_{one.name}", "") if one.name == "form" else f"profile_{one.name}" in data
            for one in fields(Profile)
        }
    roles, contents = data.getlist("role"), data.getlist("content")
    page.messages = [
        (role, content.replace("\0", "")) for role, content in zip(roles, contents, strict=False) if content.strip()
    ]
    rows = zip(data.getlist("variable"), data.getlist("source"), data.getlist("path"), strict=False)
    page.mapping = [VariableRow(*(text.replace("\0", "") for text in row)) for row in rows]
    return page


def of_metric(kind: str) -> Typed:
    """A new metric as it opens. Raises Invalid."""
    metric = metric_of(kind)
    return Typed(
        type=EvaluatorType.METRIC.value,
        name=kind,
        kind=kind,
        settings=_told(metric, _defaults(metric)),
        normalisation=metric.normalisation or "exact",
    )


def of_template(key: str, language: str) -> Typed:
    """A judge of the library as it opens. Raises NotFound."""
    template = library.template(key, language)
    page = _of_definition(template.definition)
    page.name, page.description = template.name, template.about
    return page


def of_version(evaluator: Evaluator, version: EvaluatorVersion) -> Typed:
    """A stored one as it opens for the next version."""
    page = _of_definition(definition_of(version))
    page.name, page.description = evaluator.name, evaluator.description or ""
    return page


def of_code() -> Typed:
    """A new program: an example that works."""
    return Typed(type=EvaluatorType.CODE.value, name="", source_code=EXAMPLE)


def setting_fields(page: Typed) -> list[SettingField]:
    """The settings of the chosen metric."""
    metric = metric_of(page.kind)
    found = []
    for one in fields(metric.settings):
        default, told = _default(one), one.metadata
        choices = tuple((told["choices"] or {}).items())
        control = "choice" if choices else _CONTROLS.get(type(default), "text")
        value = page.settings.get(one.name, default)
        found.append(SettingField(one.name, told["label"], told["help"], control, value, choices))
    # What is asked of every metric comes after what is its own.
    common = ("output_path", "expected_source", "expected_path")
    return sorted(found, key=lambda one: one.name in common)


def definition(page: Typed) -> Definition:
    """The definition that the form describes. Raises Invalid with the field's name."""
    if page.type == EvaluatorType.METRIC:
        return Metric(kind=page.kind, settings=_settings(page), normalisation=_normalisation(page))
    if page.type == EvaluatorType.CODE:
        return Code(source_code=page.source_code, language="PYTHON")
    if page.type != EvaluatorType.JUDGE:
        raise Invalid(_("There is no such type of evaluator."), "type")
    return Judge(
        messages=page.messages,
        output=_output(page),
        mapping=page.mapped or None,
        provider=page.provider or None,
        model=page.model.strip() or None,
    )


_CONTROLS: dict[type, str] = {bool: "check", int: "number", float: "number", list: "lines", dict: "json"}


def _of_definition(given: Definition) -> Typed:
    if isinstance(given, Code):
        return Typed(type=EvaluatorType.CODE.value, source_code=given.source_code)
    if isinstance(given, Metric):
        own = given.normalisation if not isinstance(given.normalisation, str) else None
        return Typed(
            type=EvaluatorType.METRIC.value,
            kind=given.kind,
            settings=_told(metric_of(given.kind), given.settings),
            normalisation=OWN if own is not None else str(given.normalisation),
            profile=dict(own or {}),
        )
    output = given.output
    return Typed(
        type=EvaluatorType.JUDGE.value,
        messages=list(given.messages),
        data_type=output.data_type,
        min_value="" if output.min_value is None else f"{output.min_value:g}",
        max_value="" if output.max_value is None else f"{output.max_value:g}",
        categories="\n".join(output.categories or ()),
        multiple=bool(output.multiple),
        reasoning=output.reasoning,
        instructions=output.instructions,
        provider=given.provider or "",
        model=given.model or "",
        mapping=rows_of(given.mapping),
    )


def _defaults(metric: MetricKind) -> dict[str, Any]:
    return {one.name: _default(one) for one in fields(metric.settings)}


def _default(one: Any) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _told(metric: MetricKind, settings: Any) -> dict[str, Any]:
    """Settings as the form shows them."""
    told: dict[str, Any] = {}
    for name, default in _defaults(metric).items():
        value = settings.get(name, default)
        if isinstance(default, bool):
            told[name] = value
        elif isinstance(default, list):
            told[name] = "\n".join(value)
        elif isinstance(default, dict):
            told[name] = json.dumps(value, ensure_ascii=False, indent=2) if value else ""
        elif isinstance(value, float):
            told[name] = f"{value:g}"
        else:
            told[name] = _escaped(value) if name in ESCAPED else value
    return told


def _settings(page: Typed) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, default in _defaults(metric_of(page.kind)).items():
        given, place = page.settings.get(name), f"settings.{name}"
        if given is None:
            found[name] = default
        elif isinstance(default, bool):
            found[name] = bool(given)
        elif isinstance(default, list):
            found[name] = [line.strip() for line in str(given).splitlines() if line.strip()]
        elif isinstance(default, dict):
            found[name] = _json(str(given), place)
        elif isinstance(default, (int, float)):
            found[name] = _number(str(given), place, whole=isinstance(default, int))
        else:
            found[name] = _unescaped(str(given)) if name in ESCAPED else str(given)
    return found


def _normalisation(page: Typed) -> Any:
    if page.normalisation == OWN:
        return {**asdict(Profile()), **page.profile}
    if not metric_of(page.kind).normalisation and page.normalisation not in PRESETS:
        return "exact"
    return page.normalisation


def _output(page: Typed) -> Output:
    kind = page.data_type
    labels = [line.strip() for line in page.categories.splitlines() if line.strip()]
    return Output(
        data_type=kind,
        reasoning=page.reasoning,
        instructions=page.instructions,
        min_value=_limit(page.min_value, "min_value") if kind == "NUMERIC" else None,
        max_value=_limit(page.max_value, "max_value") if kind == "NUMERIC" else None,
        categories=labels if kind == "CATEGORICAL" else None,
        multiple=page.multiple if kind == "CATEGORICAL" else None,
    )


def _limit(text: str, place: str) -> float | None:
    return _number(text, place) if text.strip() else None


def _number(text: str, place: str, *, whole: bool = False) -> Any:
    try:
        return int(text[:20]) if whole else float(text.strip().replace(",", "."))
    except ValueError:
        raise Invalid(_("Give a number."), place) from None


def _json(text: str, place: str) -> Any:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise Invalid(_("This is not valid JSON: %(error)s.") % {"error": error}, place) from None
    if not isinstance(value, dict):
        raise Invalid(_("It must be a JSON object."), place)
    return value


def _escaped(text: str) -> str:
    """A line break as one can type it into a field of one line."""
    return text.replace("\n", "\\n").replace("\t", "\\t")


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")
