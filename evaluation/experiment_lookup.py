"""What a draft of an experiment names, looked up and checked; nothing is written."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from datasets.definitions import dataset_by_id
from datasets.items import items
from datasets.jsontext import to_text, to_value
from datasets.models import Dataset, DatasetItem
from evaluation.arms import model_arms, prompt_arms
from evaluation.asking import Template, Unfilled, values_of
from evaluation.chosen_evaluators import chosen_evaluators
from evaluation.experiment_draft import MAX_DESCRIPTION, Draft, ItemFilter
from evaluation.extraction import Extraction
from evaluation.extraction import checked as checked_extraction
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.models.experiments import EXPERIMENT_NAME, ModelArm, PromptArm
from evaluation.texts import line, within

MAX_JOBS = 500_000
MAX_CELLS = 400
MAX_REPETITIONS = 100
MAX_CONCURRENCY = 500
# Items whose variables are tried before the start; of the others, one that lacks something fails by itself.
TRIED_ITEMS = 200


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


def looked_up(project_id: str, draft: Draft) -> Found:
    """What the draft names. Raises Invalid and NotFound with the field that is wrong."""
    line(draft.name, "name", EXPERIMENT_NAME)
    within(draft.description, "description", MAX_DESCRIPTION)
    _check_numbers(draft)
    dataset = _dataset(project_id, draft)
    version_at = draft.version_at or timezone.now()
    if version_at > timezone.now():
        raise Invalid(_("The version of the dataset lies in the future."), "version_at")
    prompts, templates, shown = prompt_arms(project_id, draft, version_at)
    models = model_arms(project_id, draft)
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


# --- Inside ------------------------------------------------------------------------------------------------


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
