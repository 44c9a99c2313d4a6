"""Runs out of spans: experiments of SDK 5 exist only as `langfuse.experiment.*` attributes (api.md, section 6.6).

SDK 3 and 4 send the same attributes besides their calls of `POST /dataset-run-items`; both name the same answer, which
is stored once. Every span of an item carries them; the item's root observation alone carries all of them, so that one
makes the link.

Experiments over data that only the client has are kept as runs without a dataset: the SDK prints their address and
sends them scores, and whoever opens that address wants to see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from datasets.jsontext import to_text
from datasets.models import MAX_ITEM_ID, MAX_RUN_ID, MAX_RUN_NAME, Dataset, DatasetItem
from datasets.runs import Answer, RunDraft, link, run_id
from tracing.records import Changes, ObservationChange


@dataclass(frozen=True, slots=True)
class _Told:
    """What one root observation tells."""

    draft: RunDraft
    item_id: str
    trace_id: str
    observation_id: str
    started: datetime
    version_at: datetime | None
    expected_output: str | None
    metadata: str | None


def link_experiments(project_id: str, changes: Changes) -> None:
    """Store the runs and answers that the spans of a batch tell about; told again, nothing changes."""
    roots = [change for change in changes.observations if change.experiment and _is_root(change)]
    if not roots:
        return
    named = {(change.experiment or {}).get("dataset.id", "") for change in roots}
    asked = {dataset_id for dataset_id in named if dataset_id and "\0" not in dataset_id}
    known = set(Dataset.objects.filter(project_id=project_id, pk__in=asked).values_list("pk", flat=True))
    told = [found for change in roots if (found := _read(project_id, change, known)) is not None]
    versions = _versions(project_id, {one.item_id for one in told if one.draft.dataset_id})
    answers = [_answer(one, versions.get(one.item_id, [])) for one in told]
    drafts = {one.draft.run_id: one.draft for one in reversed(told)}
    if answers:
        link(project_id, drafts.values(), answers)


def _is_root(change: ObservationChange) -> bool:
    experiment = change.experiment or {}
    root = experiment.get("item.root_observation_id")
    return bool(change.trace_id) and (root == change.id if root else change.parent_observation_id is None)


def _read(project_id: str, change: ObservationChange, known: set[str]) -> _Told | None:
    """None for attributes that name no run or no item, or in ways that cannot be stored; the span is kept anyway."""
    experiment = change.experiment or {}
    told_id, item_id = experiment.get("id", ""), experiment.get("item.id", "")
    dataset_id = experiment.get("dataset.id") or None
    name = experiment.get("name") or told_id
    if not _fits(told_id, MAX_RUN_ID) or not _fits(item_id, MAX_ITEM_ID) or not _fits(name, MAX_RUN_NAME):
        return None
    if dataset_id is None and change.parent_observation_id is None:
        # SDK 3 makes up a new id for every item that stands in no dataset; only the name tells what belongs together.
        told_id = run_id(project_id, "", name)
    draft = RunDraft(
        run_id=told_id,
        name=name,
        dataset_id=dataset_id if dataset_id in known else None,
        description=experiment.get("description") or None,
        metadata=_metadata(experiment, "metadata"),
    )
    return _Told(
        draft=draft,
        item_id=item_id,
        trace_id=change.trace_id or "",
        observation_id=change.id,
        started=change.start_time or change.seen_at,
        version_at=_moment(experiment.get("item.version")),
        expected_output=_json(experiment.get("item.expected_output")),
        metadata=_metadata(experiment, "item.metadata"),
    )


def _answer(told: _Told, versions: list[DatasetItem]) -> Answer:
    version = _version_at(versions, told.version_at or told.started)
    return Answer(
        run_id=told.draft.run_id,
        item_id=told.item_id,
        trace_id=told.trace_id,
        observation_id=told.observation_id,
        version=version,
        created_at=told.started,
        expected_output=None if version else told.expected_output,
        metadata=None if version else told.metadata,
    )


def _versions(project_id: str, item_ids: set[str]) -> dict[str, list[DatasetItem]]:
    """The versions of items without tombstones, oldest first."""
    if not item_ids:
        return {}
    rows = DatasetItem.objects.filter(project_id=project_id, item_id__in=item_ids, is_deleted=False)
    found: dict[str, list[DatasetItem]] = {}
    for row in rows.only("pk", "item_id", "valid_from", "valid_to").order_by("valid_from"):
        found.setdefault(row.item_id, []).append(row)
    return found


def _version_at(versions: list[DatasetItem], moment: datetime) -> DatasetItem | None:
    """The version that held at a moment by the client's clock, else the nearest one: clocks differ."""
    for row in versions:
        if row.valid_from <= moment and (row.valid_to is None or moment < row.valid_to):
            return row
    return min(versions, key=lambda row: abs(row.valid_from - moment), default=None)


def _fits(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and "\0" not in text


def _json(text: str | None) -> str | None:
    """An attribute that holds JSON, or plain text where an SDK sends strings as they are."""
    if text is None:
        return None
    try:
        return to_text(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return to_text(text)


def _metadata(experiment: Mapping[str, str], key: str) -> str | None:
    """Metadata as one JSON attribute (SDK 3, 5), or flattened into `key.name` (SDK 4)."""
    if key in experiment:
        return _json(experiment[key])
    flat = {name[len(key) + 1 :]: value for name, value in experiment.items() if name.startswith(f"{key}.")}
    return to_text({name: _value(value) for name, value in flat.items()}) if flat else None


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return text


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
