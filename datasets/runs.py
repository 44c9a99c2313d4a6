"""Runs: their deterministic id, linking answers to items, listing and deleting (api.md, sections 6.4 and 6.5)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from common.errors import Invalid, NotFound
from datasets.authors import SERVER, Author
from datasets.figures import forget_runs
from datasets.items import item_at
from datasets.jsontext import to_text
from datasets.models import MAX_ID, MAX_ITEM_ID, MAX_RUN_NAME, Dataset, DatasetItem, DatasetRun, DatasetRunItem
from datasets.texts import checked, checked_or_empty
from tracing.deleting import delete
from tracing.store import store
from tracing.store.base import Deletion, Numbered, ObservationQuery, ScoreQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDraft:
    """A run as the first of its items tells about it. `metadata` is JSON text."""

    run_id: str
    name: str
    dataset_id: str | None
    description: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """That a trace (or one observation in it) answers an item in a run. JSON texts only where `version` is None."""

    run_id: str
    item_id: str
    trace_id: str
    created_at: datetime
    observation_id: str = ""
    version: DatasetItem | None = None
    expected_output: str | None = None
    metadata: str | None = None


def run_id(project_id: str, dataset_id: str, run_name: str) -> str:
    """The id of a run, the same that SDK 5 computes by itself, byte for byte: 16 hex digits (api.md, section 6.4)."""
    parts = json.dumps(
        ["langfuse-experiment-v1", project_id, dataset_id, run_name], separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def add_run_item(
    project_id: str,
    *,
    run_name: str,
    item_id: str,
    trace_id: str | None = None,
    observation_id: str | None = None,
    description: str | None = None,
    metadata: Any = None,
    version_at: datetime | None = None,
    created_at: datetime | None = None,
) -> DatasetRunItem:
    """Link a trace, which need not have arrived, to an item in a run, which is made when it is new.

    Raises NotFound for an item that is not active (at that version), or an observation alone that is not there.
    """
    checked(run_name, "runName", MAX_RUN_NAME)
    checked(item_id, "datasetItemId", MAX_ITEM_ID)
    if observation_id:
        checked(observation_id, "observationId", MAX_ID)
    version = item_at(project_id, item_id, version_at)
    trace_id = checked(trace_id, "traceId", MAX_ID) if trace_id else _trace_of(project_id, observation_id)
    draft = RunDraft(
        run_id=run_id(project_id, version.dataset_id, run_name),
        name=run_name,
        dataset_id=version.dataset_id,
        description=None if description is None else checked_or_empty(description, "runDescription"),
        metadata=None if metadata is None else to_text(metadata),
    )
    answer = Answer(
        run_id=draft.run_id,
        item_id=item_id,
        trace_id=trace_id,
        observation_id=observation_id or "",
        version=version,
        created_at=created_at or timezone.now(),
    )
    with transaction.atomic():
        link(project_id, [draft], [answer])
        rows = DatasetRunItem.objects.select_related("run")
        return rows.get(pk=run_item_id(project_id, answer))


def link(project_id: str, drafts: Iterable[RunDraft], answers: Sequence[Answer]) -> None:
    """Store runs and answers, each once however often it is told; several writers at a time do not clash.

    What a run was first told stays; what it was not told yet is filled in. Every answer's run must be among the drafts.
    """
    # In one order everywhere, so that two batches with the same runs wait for each other instead of locking up.
    ordered = sorted(drafts, key=lambda draft: draft.run_id)
    wanted = {draft.run_id for draft in ordered}
    runs: dict[str, DatasetRun] = {}
    while runs.keys() != wanted:  # somebody may delete one this moment
        DatasetRun.objects.bulk_create(
            [
                DatasetRun(
                    project_id=project_id,
                    dataset_id=draft.dataset_id,
                    run_id=draft.run_id,
                    name=draft.name,
                    description=draft.description,
                    metadata=draft.metadata,
                )
                for draft in ordered
            ],
            ignore_conflicts=True,
        )
        runs = {run.run_id: run for run in held_runs(project_id, wanted)}
    for draft in ordered:
        _fill_in(runs[draft.run_id], draft)
    DatasetRunItem.objects.bulk_create(
        [
            DatasetRunItem(
                id=run_item_id(project_id, answer),
                project_id=project_id,
                run=runs[answer.run_id],
                item_id=answer.item_id,
                version=answer.version,
                trace_id=answer.trace_id,
                observation_id=answer.observation_id,
                expected_output=answer.expected_output,
                metadata=answer.metadata,
                created_at=answer.created_at,
            )
            for answer in sorted(answers, key=lambda answer: run_item_id(project_id, answer))
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    transaction.on_commit(partial(forget_runs, [run.pk for run in runs.values()]), robust=True)


def held_runs(project_id: str, run_ids: Iterable[str]) -> list[DatasetRun]:
    """Those of the runs that are there; nobody deletes them before the present transaction ends."""
    sql = f"""
        SELECT * FROM {DatasetRun._meta.db_table} WHERE project_id = %s AND run_id = ANY(%s) ORDER BY run_id
        FOR KEY SHARE
    """  # noqa: S608  (the name of a table)
    return list(DatasetRun.objects.raw(sql, (project_id, sorted(run_ids))))


def run_item_id(project_id: str, answer: Answer) -> str:
    """The id of an answer: the same for the same answer told again."""
    parts = [project_id, answer.run_id, answer.item_id, answer.trace_id, answer.observation_id]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def runs(dataset: Dataset) -> QuerySet[DatasetRun]:
    """The runs of a dataset, newest first."""
    return DatasetRun.objects.filter(project_id=dataset.project_id, dataset=dataset).order_by("-created_at", "-pk")


def runs_of_project(project_id: str) -> QuerySet[DatasetRun]:
    """The runs over all datasets, and those over data that only the client has, newest first."""
    return DatasetRun.objects.filter(project_id=project_id).select_related("dataset").order_by("-created_at", "-pk")


def run_named(dataset: Dataset, name: str) -> DatasetRun:
    """The run of this name: the one with the usual id, else (a client chose the id) the newest; raises NotFound."""
    found = list(runs(dataset).filter(name=name)) if "\0" not in name else []
    if not found:
        raise NotFound(f"Dataset run not found: {name!r} in dataset {dataset.name!r}.")
    usual = run_id(dataset.project_id, dataset.pk, name)
    return next((run for run in found if run.run_id == usual), found[0])


def run_by_id(project_id: str, wanted: str) -> DatasetRun:
    """The run of this id (as addresses and scores name it); raises NotFound."""
    rows = DatasetRun.objects.select_related("dataset").filter(project_id=project_id, run_id=wanted)
    run = rows.first() if "\0" not in wanted else None
    if run is None:
        raise NotFound("There is no such run.")
    return run


def run_items(run: DatasetRun) -> QuerySet[DatasetRunItem]:
    """All answers of a run, repetitions included, newest first."""
    return DatasetRunItem.objects.filter(run=run).order_by("-created_at", "id")


def delete_run(run: DatasetRun, *, by: Author = SERVER) -> None:
    """Delete a run with its links and the scores of the run as a whole; traces and their scores stay."""
    project_id = run.project_id
    with transaction.atomic():
        # Who writes into it is let finish first: answers that come in between would refuse to let it go.
        DatasetRun.objects.select_for_update().filter(pk=run.pk).first()
        audit.record(
            action="delete",
            subject_type="dataset_run",
            subject_id=run.run_id,
            project=project_id,
            user=by.user,
            api_key=by.api_key,
            before={"name": run.name, "dataset": run.dataset_id},
        )
        scores = store().scores(ScoreQuery(project_id=project_id, dataset_run_ids=(run.run_id,), window=None)).rows
        if scores:
            # A run of the same name gets the same id: these scores would judge it too.
            delete(Deletion(project_id=project_id, kind="scores", ids=tuple(score.id for score in scores)))
        run.delete()


def _fill_in(run: DatasetRun, draft: RunDraft) -> None:
    missing = {
        name: getattr(draft, name)
        for name in ("description", "metadata")
        if getattr(run, name) is None and getattr(draft, name) is not None
    }
    for name, value in missing.items():
        DatasetRun.objects.filter(pk=run.pk, **{name: None}).update(**{name: value}, updated_at=timezone.now())


def _trace_of(project_id: str, observation_id: str | None) -> str:
    if not observation_id:
        raise Invalid("Give a traceId, or the observationId of an observation that has arrived.", "traceId")
    query = ObservationQuery(project_id=project_id, ids=(observation_id,), window=Numbered(limit=1))
    found = store().observations(query).rows
    if not found:
        raise NotFound(
            f"Observation not found: {observation_id!r}. Send its traceId too, then it need not have arrived."
        )
    return found[0].trace_id
