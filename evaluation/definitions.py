"""What an evaluator is made of, and the rules for it: a prompt, model and output; a source; a metric's settings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.storable import needs_storable
from common.errors import Invalid
from common.wording import called
from evaluation import mapping
from evaluation.json_paths import fault_of
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorType, EvaluatorVersion
from evaluation.models.evaluators import MODEL_NAME
from evaluation.scoring import normalising
from evaluation.scoring.metrics.table import metric_of, settings_of
from evaluation.texts import body, line, within
from prompts.templates import variables

ROLES = ("system", "user", "assistant")
LANGUAGES = ("PYTHON", "TYPESCRIPT")
OUTPUT_TYPES = ("NUMERIC", "BOOLEAN", "CATEGORICAL")
MAX_MESSAGES = 100
MAX_TEXT = 200_000
MAX_INSTRUCTIONS = 10_000
MAX_CATEGORIES = 500
MAX_LABEL = 500
# Where the wire names the fields of a definition; one of its dialects nests some of them.
FIELDS: Mapping[str, str] = {
    "mapping": "variableMapping",
    "prompt": "prompt",
    "data_type": "outputDefinition.dataType",
    "reasoning": "outputDefinition.scoreReasoningInstructions",
    "instructions": "outputDefinition.scoreValueInstructions",
    "min_value": "outputDefinition.minValue",
    "max_value": "outputDefinition.maxValue",
    "categories": "outputDefinition.categories",
    "multiple": "outputDefinition.shouldAllowMultipleMatches",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a judge answers with: a number in a range, yes or no, or one (`multiple`: some) of the categories.

    `reasoning` and `instructions` tell the judge how to come to its explanation and to its value.
    """

    data_type: str
    reasoning: str = ""
    instructions: str = ""
    min_value: float | None = None
    max_value: float | None = None
    categories: Sequence[str] | None = None
    multiple: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """An LLM as a judge; without `provider` and `model` the project's default judges (`llm.defaults`)."""

    messages: Sequence[tuple[str, str]]  # role and content
    output: Output
    mapping: Sequence[Mapped] | None = None
    provider: str | None = None
    model: str | None = None

    @property
    def variables(self) -> list[str]:
        """The variables of its messages, each once, in order."""
        return variables([{"content": content} for _role, content in self.messages])


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A program that scores."""

    source_code: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A deterministic metric: a kind of `evaluation.scoring.metrics.table`, its settings, and a normalisation, by the
    name of a preset or by the fields of a `normalising.Profile`."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    normalisation: str | Mapping[str, Any] = "exact"


Definition = Judge | Code | Metric


def type_of(definition: Definition) -> str:
    """The evaluator's type."""
    match definition:
        case Judge():
            return EvaluatorType.JUDGE
        case Code():
            return EvaluatorType.CODE
    return EvaluatorType.METRIC


def checked(definition: Definition, fields: Mapping[str, str] = FIELDS) -> Definition:
    """The definition as it would be stored. Raises Invalid with the name that `fields` gives to what is wrong."""
    if isinstance(definition, Code):
        if definition.language not in LANGUAGES:
            raise Invalid(f"sourceCodeLanguage must be one of {', '.join(LANGUAGES)}.", "sourceCodeLanguage")
        body(definition.source_code, "sourceCode", MAX_TEXT)
        return definition
    if isinstance(definition, Metric):
        return _checked_metric(definition)
    _check_messages(definition.messages)
    if definition.mapping is not None:
        mapping.check_mapping(definition.mapping, definition.variables, fields["mapping"])
    provider, model = definition.provider, definition.model
    return replace(
        definition,
        provider=None if provider is None else line(provider, "modelConfig.provider", MODEL_NAME),
        model=None if model is None else line(model, "modelConfig.model", MODEL_NAME),
        output=_checked_output(definition.output, fields),
    )


def columns(definition: Definition) -> dict[str, Any]:
    """The fields of an `EvaluatorVersion`."""
    if isinstance(definition, Code):
        return {"source_code": definition.source_code, "source_code_language": definition.language}
    if isinstance(definition, Metric):
        return {"metric": asdict(definition)}
    return {
        "messages": [{"role": role, "content": content} for role, content in definition.messages],
        "variables": definition.variables,
        "mapping": mapping.stored(definition.mapping),
        "provider": definition.provider,
        "model": definition.model,
        "output": asdict(definition.output),
    }


def definition_of(version: EvaluatorVersion) -> Definition:
    """A stored version as it was given."""
    if version.metric is not None:
        return Metric(**version.metric)
    if version.output is None:
        return Code(source_code=version.source_code or "", language=version.source_code_language or "")
    return Judge(
        messages=[(message["role"], message["content"]) for message in version.messages],
        output=Output(**version.output),
        mapping=mapping.read(version.mapping),
        provider=version.provider,
        model=version.model,
    )


def _checked_metric(definition: Metric) -> Metric:
    """Its settings become whole, so that a later default does not change what an old version means."""
    needs_storable(definition.settings, "settings")
    settings = settings_of(metric_of(definition.kind), definition.settings)
    for name in ("output_path", "expected_path"):
        if fault := fault_of(getattr(settings, name, "")):
            raise Invalid(f"settings.{name} is not a JSONPath: {fault}.", f"settings.{name}")
    normalising.profile(definition.normalisation)
    return replace(definition, settings=asdict(settings))


def _check_messages(messages: Sequence[tuple[str, str]]) -> None:
    if not 1 <= len(messages) <= MAX_MESSAGES:
        raise Invalid(f"prompt must have 1 to {MAX_MESSAGES} messages; it has {len(messages)}.", "prompt")
    for position, (role, content) in enumerate(messages):
        if role not in ROLES:
            raise Invalid(f"prompt[{position}].role must be one of {', '.join(ROLES)}.", f"prompt[{position}].role")
        within(content, f"prompt[{position}].content", MAX_TEXT)
    if not any(content.strip() for _role, content in messages):
        raise Invalid(_("%(field)s must not be empty.") % {"field": called("prompt")}, "prompt")


def _checked_output(output: Output, fields: Mapping[str, str]) -> Output:
    if output.data_type not in OUTPUT_TYPES:
        raise Invalid(f"{fields['data_type']} must be one of {', '.join(OUTPUT_TYPES)}.", fields["data_type"])
    for name in ("reasoning", "instructions"):
        within(getattr(output, name), fields[name], MAX_INSTRUCTIONS)
    for name, owner in (
        ("min_value", "NUMERIC"),
        ("max_value", "NUMERIC"),
        ("categories", "CATEGORICAL"),
        ("multiple", "CATEGORICAL"),
    ):
        if getattr(output, name) is not None and output.data_type != owner:
            raise Invalid(f"{fields[name]} is for outputs of type {owner} only.", fields[name])
    _check_range(output, fields)
    return _checked_categories(output, fields) if output.data_type == "CATEGORICAL" else output


def _check_range(output: Output, fields: Mapping[str, str]) -> None:
    low, high = output.min_value, output.max_value
    for name, value in (("min_value", low), ("max_value", high)):
        if value is not None and not math.isfinite(value):
            raise Invalid(f"{fields[name]} must be a finite number.", fields[name])
    if low is not None and high is not None and low > high:
        told = {"field": called(fields["max_value"]), "minimum": f"{low:g}"}
        raise Invalid(_("%(field)s must not be less than the minimum (%(minimum)s).") % told, fields["max_value"])


def _checked_categories(output: Output, fields: Mapping[str, str]) -> Output:
    field = fields["categories"]
    given = output.categories or ()
    if not 2 <= len(given) <= MAX_CATEGORIES:
        told = {"field": called(field), "most": MAX_CATEGORIES, "n": len(given)}
        raise Invalid(_("%(field)s must be 2 to %(most)s labels; there are %(n)s.") % told, field)
    labels = tuple(line(label, f"{field}[{position}]", MAX_LABEL) for position, label in enumerate(given))
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        told = {"field": called(field), "label": repr(twice)}
        raise Invalid(_("%(field)s: %(label)s stands there twice; each label must be unique.") % told, field)
    if output.multiple is None:
        raise Invalid(f"{fields['multiple']} must be true or false.", fields["multiple"])
    return replace(output, categories=labels)
