"""From a draft to an experiment: everything pinned and written down."""

import re
from dataclasses import asdict
from itertools import product
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.authors import Author
from accounts.storable import storable
from common.errors import Invalid
from datasets.models import MAX_RUN_NAME, Dataset, DatasetRun
from datasets.runs import run_id
from evaluation import mapping, writing_jobs
from evaluation.definitions import definition_of
from evaluation.experiment_draft import Draft
from evaluation.experiment_lookup import Found, looked_up
from evaluation.models.experiments import Cell, ChosenEvaluator, Experiment, ModelArm, PromptArm
from evaluation.texts import line


def plan(project_id: str, draft: Draft, author: Author) -> Experiment:
    """Write the experiment down; nothing starts (`evaluation.steering.start`). Many jobs are left to the worker.

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
                name=version.evaluator.name,
                type=version.evaluator.type,
                number=version.version,
                definition=asdict(definition_of(version)),
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
        writing_jobs.begin(experiment, found.item_keys)
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


# --- Inside ------------------------------------------------------------------------------------------------


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
