"""The page of a new experiment: what was typed into it, and the plan that it describes.

Rows of prompts, models and variables come as lists of fields of one name. What was typed is kept as text until a draft
is made of it, so that a refusal loses nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid
from evaluation.experiment_draft import Draft, EvaluatorChoice, ItemFilter, ModelChoice, PromptChoice
from evaluation.extraction import Extraction
from evaluation.mapping import Mapped
from evaluation.models import Evaluator
from llm.connections import of_project
from llm.defaults import usual, usual_model
from prompts import lookup, templates
from prompts.models import PromptVersion

# The names of the fields of a row, in the order of its dataclass.
PROMPT = ("name", "version", "strategy")
MODEL = ("connection", "model", "temperature", "max_tokens", "seed", "more", "name")
VARIABLE = ("name", "source", "path")
STRATEGIES = ("zero-shot", "few-shot", "chain-of-thought", "role", "structured output")


@dataclass(slots=True)
class PromptRow:
    """A prompt in a version, with the strategy that it stands for."""

    name: str = ""
    version: str = ""
    strategy: str = ""
    # What may be chosen: (number, labels), newest first.
    versions: Sequence[tuple[int, str]] = ()


@dataclass(slots=True)
class ModelRow:
    """A model of a connection, with parameters as typed."""

    connection: str = ""
    model: str = ""
    temperature: str = ""
    max_tokens: str = ""
    seed: str = ""
    more: str = ""
    name: str = ""


@dataclass(slots=True)
class VariableRow:
    """Where a variable comes from; an empty `source` takes the field of its name in the item's input."""

    variable: str = ""
    source: str = ""
    path: str = ""


@dataclass(slots=True)
class Typed:
    """The whole page as typed."""

    name: str = ""
    description: str = ""
    dataset: str = ""
    version_at: str = ""
    archived: bool = False
    filter_key: str = ""
    filter_value: str = ""
    prompts: list[PromptRow] = field(default_factory=lambda: [PromptRow()])
    models: list[ModelRow] = field(default_factory=lambda: [ModelRow()])
    variables: list[VariableRow] = field(default_factory=list)
    extraction: str = "whole"
    argument: str = ""
    evaluators: list[str] = field(default_factory=list)
    repetitions: str = "1"
    concurrency: str = ""
    cost_cap: str = ""
    use_cache: bool = True


def typed(data: QueryDict) -> Typed:
    """What a form sent."""
    plain = {
        one.name: data.get(one.name, "").replace("\0", "")
        for one in fields(Typed)
        if one.type is str and one.name in data
    }
    return Typed(
        **plain,
        archived="archived" in data,
        use_cache="use_cache" in data,
        evaluators=data.getlist("evaluators"),
        prompts=[PromptRow(name, version, strategy) for name, version, strategy in _rows(data, "prompt", PROMPT)]
        or [PromptRow()],
        models=[ModelRow(*row) for row in _rows(data, "model", MODEL)] or [ModelRow()],
        variables=[VariableRow(*row) for row in _rows(data, "variable", VARIABLE)],
    )


def begun(project_id: str, asked: QueryDict) -> Typed:
    """What an address says of the experiment to be: `dataset`, and `prompt`, `version`, `connection`, `model` each any
    number of times, as the playground and the pages of prompts and datasets link here."""
    names, versions = asked.getlist("prompt"), asked.getlist("version")
    rows = [PromptRow(name, versions[at] if at < len(versions) else "") for at, name in enumerate(names)]
    connections, models = asked.getlist("connection"), asked.getlist("model")
    pairs = dict.fromkeys(zip(connections, models, strict=False))
    first = usual(list(of_project(project_id)))
    model_rows = [ModelRow(connection, model) for connection, model in pairs]
    if not model_rows and first is not None:
        model_rows = [ModelRow(first.pk, usual_model(first))]
    unique = list({(row.name, row.version): row for row in rows}.values())
    return Typed(dataset=asked.get("dataset", ""), prompts=unique or [PromptRow()], models=model_rows or [ModelRow()])


def complete(project_id: str, page: Typed) -> Typed:
    """The page with what follows from what was chosen: the versions to choose from, a row for each variable."""
    names = {row.name for row in page.prompts if row.name and "\0" not in row.name}
    versions: dict[str, list[tuple[int, str]]] = {}
    found = PromptVersion.objects.filter(prompt__project_id=project_id, prompt__name__in=names)
    found = found.select_related("prompt").only("version", "prompt__name")  # not the texts
    for version in found.prefetch_related("labels").order_by("-version"):
        labels = ", ".join(sorted(label.label for label in version.labels.all()))
        versions.setdefault(version.prompt.name, []).append((version.version, labels))
    for row in page.prompts:
        row.versions = versions.get(row.name, ())
        if row.versions and row.version not in {str(number) for number, _labels in row.versions}:
            row.version = str(row.versions[0][0])
    known = {row.variable: row for row in page.variables}
    page.variables = [known.get(name, VariableRow(name)) for name in _variables(project_id, page)]
    return page


def draft_of(page: Typed) -> Draft:
    """The plan that the page describes. Raises Invalid with the field's name (`models[0].temperature`)."""
    if not page.name.strip():
        raise Invalid(_("Give the experiment a name."), "name")
    metadata = {page.filter_key.strip(): page.filter_value} if page.filter_key.strip() else {}
    return Draft(
        dataset_id=page.dataset,
        name=page.name.strip(),
        description=page.description,
        version_at=_moment(page.version_at),
        items=ItemFilter(status=None if page.archived else "ACTIVE", metadata=metadata),
        prompts=[
            PromptChoice(name=row.name, version=_whole(row.version, f"prompts[{at}]"), strategy=row.strategy.strip())
            for at, row in enumerate(page.prompts)
            if row.name
        ],
        models=[_model(row, at) for at, row in enumerate(page.models) if row.model.strip() or row.connection],
        mapping=[Mapped(row.variable, row.source, row.path.strip() or None) for row in page.variables if row.source],
        extraction=Extraction(page.extraction, page.argument),
        evaluators=[EvaluatorChoice(evaluator_id=one) for one in page.evaluators],
        repetitions=_whole(page.repetitions, "repetitions") or 1,
        concurrency=_whole(page.concurrency, "concurrency"),
        cost_cap=number(page.cost_cap, "cost_cap"),
        use_cache=page.use_cache,
    )


def evaluators_of(project_id: str) -> list[Evaluator]:
    """The evaluators to choose from, by name."""
    return list(Evaluator.objects.filter(project_id=project_id).order_by("name", "created_at"))


# --- Inside ------------------------------------------------------------------------------------------------


def _rows(data: QueryDict, kind: str, names: Sequence[str]) -> list[tuple[str, ...]]:
    lists = [[text.replace("\0", "") for text in data.getlist(f"{kind}_{name}")] for name in names]
    return list(zip_longest(*lists, fillvalue=""))


def _variables(project_id: str, page: Typed) -> list[str]:
    found: list[str] = []
    for row in page.prompts:
        if not row.name or not row.version.isdigit():
            continue
        try:
            content = lookup.template(project_id, row.name, int(row.version[:9]))
        except DomainError:  # said where it is chosen
            continue
        found += [*templates.variables(content), *templates.placeholders(content)]
    return list(dict.fromkeys(found))


def _model(row: ModelRow, at: int) -> ModelChoice:
    place = f"models[{at}]"
    parameters: dict[str, Any] = {
        "temperature": number(row.temperature, f"{place}.temperature"),
        "max_tokens": _whole(row.max_tokens, f"{place}.max_tokens"),
        "seed": _whole(row.seed, f"{place}.seed"),
    }
    parameters = {name: value for name, value in parameters.items() if value is not None}
    return ModelChoice(
        connection_id=row.connection,
        model=row.model.strip(),
        parameters=parameters | _object(row.more, f"{place}.more"),
        name=row.name.strip(),
    )


def _object(text: str, place: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("This is not JSON: %(error)s.") % {"error": error}, place) from error
    if not isinstance(value, dict):
        raise Invalid(_("Give a JSON object of parameters."), place)
    return value


def _whole(text: str, place: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid(_("“%(text)s” is no whole number.") % {"text": text[:100]}, place)
    return int(text)


def number(text: str, place: str) -> float | None:
    """A number as people type it; None for nothing. Raises Invalid (`place`)."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise Invalid(_("“%(text)s” is no number.") % {"text": text[:100]}, place)
    return value


def _moment(text: str) -> Any:
    if not text.strip():
        return None
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid(_("Give a date and a time."), "version_at")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
