"""What an experiment was, as one JSON document: enough to run it again, and to tell whether a second run was the same.

Everything is pinned: prompts by their texts and hashes, items by their versions, evaluators by theirs, what is drawn
by its seed. Keys of providers are not in it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from datasets.jsontext import to_text, to_value
from datasets.models import DatasetItem
from evaluation.models.experiments import ChosenEvaluator, Experiment, Job, ModelArm, PromptArm, Unplanned
from prompts.templates import plain

FORMAT = "promptlab-experiment/1"


def manifest(experiment: Experiment) -> dict[str, Any]:
    """The document, in JSON values."""
    dataset = experiment.dataset
    return {
        "format": FORMAT,
        "promptlab_version": experiment.code_version,
        "experiment": {
            "id": experiment.pk,
            "name": experiment.name,
            "description": experiment.description,
            "project": experiment.project_id,
            "author": str(experiment.author) if experiment.author else None,
            "status": experiment.status,
            **{
                name: moment.isoformat() if (moment := getattr(experiment, name)) else None
                for name in ("created_at", "started_at", "ended_at")
            },
        },
        "dataset": {
            "id": dataset.pk,
            "name": dataset.name,
            "version_at": experiment.version_at.isoformat(),
            "filter": experiment.item_filter,
            "items": experiment.item_count,
            "items_sha256": items_digest(experiment),
        },
        "prompts": [_prompt(arm) for arm in experiment.prompts.all()],
        "models": [_model(arm) for arm in experiment.models.select_related("connection")],
        "mapping": experiment.mapping,
        "extraction": experiment.extraction,
        "evaluators": [_evaluator(one) for one in experiment.evaluators.all()],
        "repetitions": experiment.repetitions,
        "use_cache": experiment.use_cache,
        "concurrency": experiment.concurrency,
        "cost_cap": experiment.cost_cap,
        "runs": [
            {
                "id": cell.run_id,
                "name": cell.run_name,
                "prompt": cell.prompt.position,
                "model": cell.model.position,
            }
            for cell in experiment.cells.select_related("prompt", "model")
        ],
    }


def items_digest(experiment: Experiment) -> str:
    """The SHA-256 of all items as they were taken, in the order of their ids: equal digests, equal questions."""
    unplanned = Unplanned.objects.filter(pk=experiment.pk).first()
    jobs = Job.objects.filter(experiment=experiment, cell__position=0, repetition=0)
    taken: Any = unplanned.items if unplanned else jobs.values("item_id")
    rows = DatasetItem.objects.filter(pk__in=taken).order_by("item_id")
    digest = hashlib.sha256()
    for row in rows.values_list("item_id", "input", "expected_output", "metadata").iterator(chunk_size=1000):
        digest.update(to_text(row).encode() + b"\n")
    return digest.hexdigest()


def _prompt(arm: PromptArm) -> dict[str, Any]:
    return {
        "name": arm.name,
        "version": arm.version,
        "strategy": arm.strategy,
        "sha256": arm.digest,
        "content": plain(to_value(arm.content)),
    }


def _model(arm: ModelArm) -> dict[str, Any]:
    return {
        "provider": arm.provider,
        "adapter": arm.connection.adapter if arm.connection else None,
        "base_url": arm.connection.base_url if arm.connection else None,
        "model": arm.model,
        "name": arm.name,
        "parameters": arm.parameters,
    }


def _evaluator(chosen: ChosenEvaluator) -> Mapping[str, Any]:
    return {
        "id": chosen.evaluator_id,
        "name": chosen.name,
        "type": chosen.type,
        "version": chosen.number,
        "mapping": chosen.mapping if chosen.mapping is not None else chosen.definition.get("mapping"),
        "definition": chosen.definition,
    }
