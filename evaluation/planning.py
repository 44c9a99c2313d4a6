"""From a draft to an experiment: everything checked, pinned and written down, down to the single job.

`looked_up` finds what a draft names and checks it; `plan` writes it; `evaluation.estimating` tells beforehand what it
will take.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authors import Author
from accounts.storable import storable
from common.errors import Invalid, NotFound
from datasets import few_shot
from datasets.definitions import dataset_by_id
from datasets.items import items
from datasets.jsontext import to_text, to_value
from datasets.models import MAX_RUN_NAME, Dataset, DatasetItem, DatasetRun
from datasets.runs import run_id
from evaluation import evaluators, mapping
from evaluation.asking import SOURCES, Template, Unfilled, values_of
from evaluation.extraction import Extraction
from evaluation.extraction import checked as checked_extraction
from evaluation.json_paths import fault_of
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorType, EvaluatorVersion
from evaluation.models.experiments import (
    ARM_LABEL,
    EXPERIMENT_NAME,
    Cell,
    ChosenEvaluator,
    Experiment,
    Job,
    ModelArm,
    PromptArm,
)
from evaluation.runnable import require_runnable
from evaluation.texts import line, within
from llm.models import LlmConnection
from prompts import examples, lookup

MAX_JOBS = 500_000
MAX_ARMS = 50
MAX_CELLS = 400
MAX_REPETITIONS = 100
MAX_CONCURRENCY = 500
MAX_EVALUATORS = 50
MAX_MODEL = 200
MAX_DESCRIPTION = 10_000
MAX_PARAMETERS = 100_000
# Items whose variables are tried before the start; of the others, one that lacks something fails by itself.
TRIED_ITEMS = 200
# These are the runner's business.
NO_PARAMETERS = frozenset({"model", "messages", "stream", "stream_options", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChoice:
    """A prompt by name, in a version or the one that bears a label (neither: `production`); `strategy` names the arm,
    such as few-shot."""

    name: str
    version: int | None = None
    label: str | None = None
    strategy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model of a connection (by its id) with parameters of the request (`temperature`, `max_tokens`, `seed`, also
    `response_format`, `tools`); a `seed` is counted up from one repetition to the next. `name` tells apart arms that
    share a model."""

    connection_id: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorChoice:
    """An evaluator, in a version (None: the latest), with a mapping of its variables (None: the version's own)."""

    evaluator_id: str
    version: int | None = None
    mapping: Sequence[Mapped] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items: of a status (None: archived ones too), whose metadata have these values under these keys."""

    status: str | None = "ACTIVE"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An experiment as a person describes it.

    `version_at` is the dataset's version (None: now); `mapping` says where variables come from that are no fields of
    the items' inputs (sources `input`, `expected_output`, `metadata`); `cost_cap` is in US dollars; `run_names` names
    the runs of cells by (place of the prompt, place of the model) where the proposed names do not please.
    """

    dataset_id: str
    name: str
    prompts: Sequence[PromptChoice]
    models: Sequence[ModelChoice]
    description: str = ""
    version_at: datetime | None = None
    items: ItemFilter = field(default_factory=ItemFilter)
    repetitions: int = 1
    mapping: Sequence[Mapped] = ()
    extraction: Extraction = field(default_factory=Extraction)
    evaluators: Sequence[EvaluatorChoice] = ()
    cost_cap: float | None = None
    use_cache: bool = True
    concurrency: int | None = None
    run_names: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a draft names, looked up and checked; rows are not stored yet. `item_keys` are the rows of the items, in the
    dataset's order; `left_out` counts the items that prompts show as examples."""

    draft: Draft
    dataset: Dataset
    version_at: datetime
    item_keys: Sequence[int]
    left_out: int
    prompts: Sequence[PromptArm]
    templates: Sequence[Template]
    models: Sequence[ModelArm]
    evaluators: Sequence[tuple[EvaluatorVersion, Sequence[Mapped] | None]]
    extraction: Extraction

    @property
    def jobs(self) -> int:
        """How many answers it takes."""
        return len(self.item_keys) * len(self.prompts) * len(self.models) * self.draft.repetitions

    @property
    def run_names(self) -> dict[tuple[int, int], str]:
        """The names of the cells' runs, by the places of prompt and model."""
        return {
            (prompt.position, model.position): self.draft.run_names.get((prompt.position, model.position), "").strip()
            or f"{self.draft.name.strip()} · {prompt.label} · {model.label}"
            for prompt, model in product(self.prompts, self.models)
        }

    def sample(self, most: int) -> list[DatasetItem]:
        """Up to so many of the items, spread evenly."""
        step = max(1, math.ceil(len(self.item_keys) / most))
        rows = DatasetItem.objects.in_bulk(list(self.item_keys[::step]))
        return [rows[key] for key in self.item_keys[::step] if key in rows]


def plan(project_id: str, draft: Draft, author: Author) -> Experiment:
    """Write the experiment down with all its jobs; nothing starts (`evaluation.steering.start`).

    Raises Invalid and NotFound with the field of the draft that is wrong.
    """
    found = looked_up(project_id, draft)
    with transaction.atomic():
        # Two plans at once must not take the same names.
        Dataset.objects.select_for_update(no_key=True).get(pk=found.dataset.pk)
        names = _checked_run_names(project_id, found)
        experiment = _written(project_id, found, author)
        for prompt in found.prompts:
            prompt.experiment = experiment
        for model in found.models:
            model.experiment = experiment
        PromptArm.objects.bulk_create(found.prompts)
        ModelArm.objects.bulk_create(found.models)
        ChosenEvaluator.objects.bulk_create(
            ChosenEvaluator(
                experiment=experiment,
                evaluator_id=version.evaluator_id,
                version=version,
                mapping=mapping.stored(mapped),
                position=position,
            )
            for position, (version, mapped) in enumerate(found.evaluators)
        )
        Cell.objects.bulk_create(
            Cell(
                experiment=experiment,
                prompt=prompt,
                model=model,
                position=position,
                run_name=names[prompt.position, model.position],
                run_id=run_id(project_id, found.dataset.pk, names[prompt.position, model.position]),
                total=len(found.item_keys) * draft.repetitions,
            )
            for position, (prompt, model) in enumerate(product(found.prompts, found.models))
        )
        _write_jobs(experiment, found.item_keys)
        author.record("create", "experiment", experiment.pk, project=project_id, after=as_told(experiment))
    return experiment


def as_told(experiment: Experiment) -> dict[str, Any]:
    """What the audit log keeps."""
    return {
        "name": experiment.name,
        "dataset": experiment.dataset_id,
        "items": experiment.item_count,
        "repetitions": experiment.repetitions,
        "cost_cap": experiment.cost_cap,
        "status": experiment.status,
    }


def looked_up(project_id: str, draft: Draft) -> Found:
    """What the draft names. Raises Invalid and NotFound with the field that is wrong."""
    line(draft.name, "name", EXPERIMENT_NAME)
    within(draft.description, "description", MAX_DESCRIPTION)
    _check_numbers(draft)
    dataset = _dataset(project_id, draft)
    version_at = draft.version_at or timezone.now()
    if version_at > timezone.now():
        raise Invalid(_("The version of the dataset lies in the future."), "version_at")
    prompts, templates, shown = _prompts(project_id, draft, version_at)
    models = _models(project_id, draft)
    item_keys, left_out = _items(dataset, draft.items, version_at, shown)
    found = Found(
        draft=draft,
        dataset=dataset,
        version_at=version_at,
        item_keys=item_keys,
        left_out=left_out,
        prompts=prompts,
        templates=templates,
        models=models,
        evaluators=chosen_evaluators(project_id, draft.evaluators),
        extraction=checked_extraction(draft.extraction),
    )
    if len(prompts) * len(models) > MAX_CELLS:
        raise Invalid(_("At most %(most)s pairs of prompt and model fit into one experiment.") % {"most": MAX_CELLS})
    if found.jobs > MAX_JOBS:
        raise Invalid(
            _("This would be %(jobs)s calls. At most %(most)s fit into one experiment: choose fewer items.")
            % {"jobs": found.jobs, "most": MAX_JOBS},
            "items",
        )
    _check_variables(found)
    return found


# --- Checks ------------------------------------------------------------------------------------------------


def _check_numbers(draft: Draft) -> None:
    if not 1 <= draft.repetitions <= MAX_REPETITIONS:
        raise Invalid(_("Give 1 to %(most)s repetitions.") % {"most": MAX_REPETITIONS}, "repetitions")
    if draft.concurrency is not None and not 1 <= draft.concurrency <= MAX_CONCURRENCY:
        raise Invalid(_("Give 1 to %(most)s calls at once.") % {"most": MAX_CONCURRENCY}, "concurrency")
    if draft.cost_cap is not None and not 0 < draft.cost_cap < 1e9:
        raise Invalid(_("The cost cap must be more than 0 US dollars; leave it empty for none."), "cost_cap")


def _dataset(project_id: str, draft: Draft) -> Dataset:
    if "\0" in draft.dataset_id:
        raise NotFound(_("There is no such dataset."), "dataset_id")
    try:
        return dataset_by_id(project_id, draft.dataset_id)
    except NotFound as error:
        raise NotFound(error.message, "dataset_id") from None


def _prompts(project_id: str, draft: Draft, version_at: datetime) -> tuple[list[PromptArm], list[Template], set[str]]:
    """The arms, their templates, and the ids of the items that they show as examples."""
    if not 1 <= len(draft.prompts) <= MAX_ARMS:
        raise Invalid(_("Choose 1 to %(most)s prompts.") % {"most": MAX_ARMS}, "prompts")
    _check_mapping(draft.mapping)
    arms: list[PromptArm] = []
    templates: list[Template] = []
    shown: set[str] = set()
    for position, choice in enumerate(draft.prompts):
        place = f"prompts[{position}]"
        try:
            fetched = lookup.fetch(project_id, choice.name, choice.version, choice.label)
            content = lookup.template(project_id, choice.name, fetched.version)
            shown |= few_shot.used_items(project_id, content)
            content = _pinned(project_id, content, version_at)
        except (Invalid, NotFound) as error:
            raise type(error)(error.message, place) from None
        text = to_text(content)
        arm = PromptArm(
            position=position,
            name=fetched.name,
            version=fetched.version,
            strategy=line(choice.strategy, f"{place}.strategy", ARM_LABEL) if choice.strategy.strip() else "",
            content=text,
            digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        )
        if any((arm.name, arm.version) == (other.name, other.version) for other in arms):
            raise Invalid(
                _("Version %(version)s of %(name)s is chosen twice.") % {"version": arm.version, "name": arm.name},
                place,
            )
        arms.append(arm)
        templates.append(Template(project_id, content, draft.mapping))
    _check_mapped(draft.mapping, templates)
    return arms, templates, shown


def _pinned(project_id: str, content: Any, version_at: datetime) -> Any:
    """The content with its examples written out; those that depend on the item stay tags, bound to the moment."""
    if any(block.pick == "similar" for block in examples.blocks(content)):
        return examples.bound(content, version_at)
    return examples.fill(project_id, content)


def _check_mapping(mapped: Sequence[Mapped]) -> None:
    for position, one in enumerate(mapped):
        place = f"mapping[{position}]"
        if one.source not in SOURCES:
            raise Invalid(
                _("A variable can come from %(sources)s.") % {"sources": ", ".join(SOURCES)}, f"{place}.source"
            )
        if one.json_path and (fault := fault_of(one.json_path)):
            raise Invalid(_("This is not a JSONPath: %(fault)s.") % {"fault": fault}, f"{place}.json_path")
    mapping.stored(mapped, "mapping")


def _check_mapped(mapped: Sequence[Mapped], templates: Sequence[Template]) -> None:
    known = {name for template in templates for name in template.names}
    for position, one in enumerate(mapped):
        if one.variable not in known:
            raise Invalid(
                _("None of the prompts has a variable “%(name)s”.") % {"name": one.variable[:100]},
                f"mapping[{position}].variable",
            )


def _models(project_id: str, draft: Draft) -> list[ModelArm]:
    if not 1 <= len(draft.models) <= MAX_ARMS:
        raise Invalid(_("Choose 1 to %(most)s models.") % {"most": MAX_ARMS}, "models")
    connections = LlmConnection.objects.filter(project_id=project_id).in_bulk()
    arms: list[ModelArm] = []
    for position, choice in enumerate(draft.models):
        place = f"models[{position}]"
        connection = connections.get(choice.connection_id)
        if connection is None:
            raise NotFound(_("There is no such LLM connection. Add it under Settings."), f"{place}.connection_id")
        model = line(choice.model, f"{place}.model", MAX_MODEL)
        if not connection.with_default_models and model not in connection.custom_models:
            raise Invalid(
                _("The LLM connection %(connection)s does not offer the model %(model)s.")
                % {"connection": connection.provider, "model": model},
                f"{place}.model",
            )
        arm = ModelArm(
            position=position,
            connection=connection,
            provider=connection.provider,
            model=model,
            parameters=_parameters(choice.parameters, f"{place}.parameters"),
            name=line(choice.name, f"{place}.name", ARM_LABEL) if choice.name.strip() else "",
        )
        if any(
            (arm.connection_id, arm.model, arm.parameters) == (one.connection_id, one.model, one.parameters)
            for one in arms
        ):
            raise Invalid(_("The model %(model)s is chosen twice with the same parameters.") % {"model": model}, place)
        arms.append(arm)
    return arms


def _parameters(given: Mapping[str, Any], place: str) -> dict[str, Any]:
    parameters = {name: value for name, value in given.items() if value is not None}
    if forbidden := NO_PARAMETERS.intersection(parameters):
        raise Invalid(_("%(name)s cannot be a parameter here.") % {"name": min(forbidden)}, place)
    try:
        text = to_text(parameters)
    except (TypeError, ValueError, RecursionError):
        raise Invalid(_("The parameters must be JSON."), place) from None
    if len(text) > MAX_PARAMETERS or storable(parameters) != parameters or _has_nonsense(parameters):
        raise Invalid(_("The parameters are too long, or hold what cannot be stored (NUL, NaN)."), place)
    return parameters


def _has_nonsense(value: Any) -> bool:
    """Whether there is a number that JSON does not know."""
    if isinstance(value, Mapping):
        return any(map(_has_nonsense, value.values()))
    if isinstance(value, list):
        return any(map(_has_nonsense, value))
    return isinstance(value, float) and not math.isfinite(value)


def _items(dataset: Dataset, chosen: ItemFilter, version_at: datetime, shown: set[str]) -> tuple[list[int], int]:
    if chosen.status not in (None, *DatasetItem.Status.values):
        raise Invalid(_("The items' status must be ACTIVE or ARCHIVED."), "items")
    rows = items(dataset, at=version_at, status=chosen.status)
    found = list(_with_metadata(rows, chosen.metadata))
    keys = [key for key, item_id in found if item_id not in shown]
    if not keys:
        said = _("The dataset has no such items.") if not found else _("All items are examples in the prompts.")
        raise Invalid(said, "items")
    return keys, len(found) - len(keys)


def _with_metadata(rows: QuerySet[DatasetItem], wanted: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Keys and ids of the items whose metadata fit. Metadata is text, so that its order survives: read here."""
    if not wanted:
        yield from rows.values_list("pk", "item_id")
        return
    for key, item_id, text in rows.values_list("pk", "item_id", "metadata").iterator(chunk_size=2000):
        values = to_value(text)
        if isinstance(values, dict) and all(_fits(values.get(name), value) for name, value in wanted.items()):
            yield key, item_id


def _fits(value: Any, wanted: str) -> bool:
    return value == wanted or (value is not None and not isinstance(value, str) and to_text(value) == wanted)


def chosen_evaluators(
    project_id: str, choices: Sequence[EvaluatorChoice]
) -> list[tuple[EvaluatorVersion, Sequence[Mapped] | None]]:
    """The versions with their mappings, each able to run. Raises Invalid, NotFound and CannotRun."""
    if len(choices) > MAX_EVALUATORS:
        raise Invalid(_("Choose up to %(most)s evaluators.") % {"most": MAX_EVALUATORS}, "evaluators")
    chosen: list[tuple[EvaluatorVersion, Sequence[Mapped] | None]] = []
    for position, choice in enumerate(choices):
        place = f"evaluators[{position}]"
        try:
            evaluator = evaluators.own(project_id, choice.evaluator_id)
        except NotFound as error:
            raise NotFound(error.message, place) from None
        versions = EvaluatorVersion.objects.filter(evaluator=evaluator).select_related("evaluator")
        version = (versions.filter(version=choice.version) if choice.version is not None else versions).first()
        if version is None:
            raise NotFound(_("The evaluator %(name)s has no such version.") % {"name": evaluator.name}, place)
        if any(version.evaluator_id == other.evaluator_id for other, _mapped in chosen):
            raise Invalid(_("The evaluator %(name)s is chosen twice.") % {"name": evaluator.name}, place)
        require_runnable(project_id, evaluator.name, version)
        if evaluator.type == EvaluatorType.JUDGE:
            mapped = choice.mapping if choice.mapping is not None else mapping.read(version.mapping)
            mapping.check_mapping(mapped or (), version.variables, f"{place}.mapping")
        chosen.append((version, choice.mapping))
    return chosen


def _check_variables(found: Found) -> None:
    for item in found.sample(TRIED_ITEMS):
        values = values_of(item)
        for template, arm in zip(found.templates, found.prompts, strict=True):
            try:
                template.messages(values)
            except Unfilled as error:
                raise Invalid(
                    _("%(prompt)s and the item %(item)s: %(fault)s")
                    % {"prompt": arm.label, "item": item.item_id[:100], "fault": error.message},
                    "mapping",
                ) from None


def _checked_run_names(project_id: str, found: Found) -> dict[tuple[int, int], str]:
    """Names that are free. One that a person gave must be; a proposed one is numbered until it is."""
    taken: set[str] = set()
    names: dict[tuple[int, int], str] = {}
    for place, proposed in found.run_names.items():
        given = place in found.draft.run_names and bool(found.draft.run_names[place].strip())
        name, number = line(proposed[: None if given else MAX_RUN_NAME - 10], "run_names", MAX_RUN_NAME), 1
        while name in taken or _is_taken(project_id, found.dataset, name):
            if given:
                raise Invalid(_("There is a run named “%(name)s” already.") % {"name": name}, "run_names")
            number += 1
            name = f"{re.sub(r' [(][0-9]+[)]$', '', name)} ({number})"
        taken.add(name)
        names[place] = name
    return names


def _is_taken(project_id: str, dataset: Dataset, name: str) -> bool:
    made = run_id(project_id, dataset.pk, name)
    if Cell.objects.filter(run_id=made, experiment__project_id=project_id).exists():
        return True
    return DatasetRun.objects.filter(project_id=project_id, run_id=made).exists()


# --- Writing -----------------------------------------------------------------------------------------------


def _written(project_id: str, found: Found, author: Author) -> Experiment:
    draft = found.draft
    return Experiment.objects.create(
        project_id=project_id,
        dataset=found.dataset,
        name=draft.name.strip(),
        description=draft.description,
        version_at=found.version_at,
        item_filter=storable(asdict(draft.items)),
        item_count=len(found.item_keys),
        repetitions=draft.repetitions,
        mapping=mapping.stored(draft.mapping),
        extraction=found.extraction.stored(),
        cost_cap=draft.cost_cap,
        use_cache=draft.use_cache,
        concurrency=draft.concurrency,
        code_version=settings.VERSION,
        author=author.user,
    )


def _write_jobs(experiment: Experiment, item_keys: Sequence[int]) -> None:
    """All jobs in one statement. All items once in all cells before any for the second time: whatever stops an
    experiment leaves cells that can be compared."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Job._meta.db_table}
                (experiment_id, cell_id, item_id, repetition, state, round, attempts,
                 error_kind, error, note, cached, scoring, flawed)
            SELECT %s, cell.id, item.id, repetition, 'PENDING', 0, 0, '', '', '', false, '{{}}', false
            FROM generate_series(0, %s - 1) AS repetition,
                 unnest(%s::bigint[]) WITH ORDINALITY AS item (id, place),
                 {Cell._meta.db_table} AS cell
            WHERE cell.experiment_id = %s
            ORDER BY repetition, item.place, cell.position
            """,  # noqa: S608  (names of tables)
            (experiment.pk, experiment.repetitions, list(item_keys), experiment.pk),
        )
