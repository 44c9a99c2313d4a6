"""Writing, deleting and reading the items of a dataset, now and as they were (api.md, sections 6.2 and 6.3)."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.errors import Conflict, Invalid, NotFound
from common.ids import new_id
from datasets.authors import SERVER, Author
from datasets.jsontext import to_text
from datasets.media import note_media
from datasets.models import MAX_ID, MAX_ITEM_ID, Dataset, DatasetItem
from datasets.schemas import Schemas, require, schemas_of
from datasets.texts import checked
from prompts import epoch

ACTIVE, ARCHIVED = DatasetItem.Status.ACTIVE, DatasetItem.Status.ARCHIVED
# Clients speak of moments in milliseconds; finer ones would hide an item from the very moment it names as its own.
TICK = timedelta(milliseconds=1)
# Two writers may both find a new id free; the loser looks again.
ATTEMPTS = 3


class _Keep(Enum):
    KEEP = 0


KEEP: Final = _Keep.KEEP
"""Leave what is there (for a new item: nothing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """What shall be true of one item; an empty `id` makes a new one. JSON values are Python values."""

    id: str = ""
    input: Any = KEEP
    expected_output: Any = KEEP
    metadata: Any = KEEP
    status: str | _Keep = KEEP
    source_trace_id: str | _Keep | None = KEEP
    source_observation_id: str | _Keep | None = KEEP


def put_item(dataset: Dataset, change: ItemChange, *, by: Author = SERVER) -> DatasetItem:
    """Make or change one item; see `put_items`."""
    return put_items(dataset, [change], by=by)[0]


def put_items(dataset: Dataset, changes: Sequence[ItemChange], *, by: Author = SERVER) -> list[DatasetItem]:
    """Make or change items, all or none, and return their current rows in the same order.

    Raises Conflict for an id that lives in another dataset of the project, SchemaViolation, Invalid. What changes
    nothing makes no new version. The first of several new items is the newest, so that lists keep the given order.
    """
    named = [_check(change) for change in changes]
    twice = [item_id for item_id, count in Counter(change.id for change in named).items() if count > 1]
    if twice:
        raise Invalid(f"The id {twice[0]!r} stands there more than once.", "id")
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                _tell_prompts(dataset.project_id)
                return _put(dataset, named, by)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def delete_item(project_id: str, item_id: str, *, by: Author = SERVER) -> None:
    """Delete an item: a tombstone ends its history; old runs keep showing it. Raises NotFound."""
    with transaction.atomic():
        row = current_item(project_id, item_id)
        _tell_prompts(project_id)
        Dataset.objects.select_for_update(no_key=True).get(pk=row.dataset_id)
        row = current_item(project_id, item_id)
        moment = max(_now(), row.valid_from + TICK)
        DatasetItem.objects.filter(pk=row.pk).update(valid_to=moment)
        row.pk = None
        row.valid_from, row.valid_to, row.is_deleted = moment, None, True
        row.author, row.api_key = by.user, by.api_key
        row.save(force_insert=True)


def current_item(project_id: str, item_id: str) -> DatasetItem:
    """The row that holds now, archived ones too; raises NotFound."""
    rows = DatasetItem.objects.filter(project_id=project_id, item_id=item_id, valid_to=None, is_deleted=False)
    row = rows.select_related("dataset").first() if "\0" not in item_id else None
    if row is None:
        raise NotFound(f"Dataset item not found: {item_id!r}.")
    return row


def item_at(project_id: str, item_id: str, moment: datetime | None) -> DatasetItem:
    """The item as it was at a moment (None: now), ACTIVE ones only; raises NotFound."""
    row = current_item(project_id, item_id) if moment is None else _held_at(project_id, item_id, moment)
    if row is None or row.status != ACTIVE:
        then = "" if moment is None else f" at {moment.isoformat()}"
        raise NotFound(f"Dataset item not found or not active{then}: {item_id!r}.")
    return row


def items(dataset: Dataset, *, at: datetime | None = None, status: str | None = ACTIVE) -> QuerySet[DatasetItem]:
    """The items of a dataset now, or as they were at a moment, newest first; `status` None: archived ones too."""
    rows = DatasetItem.objects.filter(dataset=dataset, is_deleted=False).order_by("-rank", "item_id")
    rows = rows.filter(valid_to=None) if at is None else rows.filter(_holding(at))
    return rows if status is None else rows.filter(status=status)


def items_of_project(project_id: str) -> QuerySet[DatasetItem]:
    """The active items of all datasets, newest first."""
    rows = DatasetItem.objects.filter(project_id=project_id, valid_to=None, is_deleted=False, status=ACTIVE)
    return rows.order_by("-rank", "item_id")


def history(dataset: Dataset, item_id: str) -> list[DatasetItem]:
    """All versions of an item, newest first, tombstones included; raises NotFound when there never was one."""
    rows = DatasetItem.objects.filter(project_id=dataset.project_id, dataset=dataset, item_id=item_id)
    found = list(rows.select_related("author").order_by("-valid_from")) if "\0" not in item_id else []
    if not found:
        raise NotFound(f"Dataset item not found: {item_id!r}.")
    return found


def _check(change: ItemChange) -> ItemChange:
    if change.status not in (KEEP, *DatasetItem.Status.values):
        raise Invalid(f"status must be ACTIVE or ARCHIVED, not {change.status!r}.", "status")
    for field in ("source_trace_id", "source_observation_id"):
        value = getattr(change, field)
        if isinstance(value, str):
            checked(value, "sourceTraceId" if field == "source_trace_id" else "sourceObservationId", MAX_ID)
    if not change.id:
        return ItemChange(**{name: getattr(change, name) for name in ItemChange.__slots__} | {"id": new_id()})
    checked(change.id, "id", MAX_ITEM_ID)
    return change


def _put(dataset: Dataset, changes: Sequence[ItemChange], by: Author) -> list[DatasetItem]:
    # One writer per dataset at a time: versions follow each other, and a schema cannot change in between.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    known = {
        row.item_id: row
        for row in DatasetItem.objects.filter(
            project_id=dataset.project_id, item_id__in=[change.id for change in changes], valid_to=None
        ).select_related("dataset")
    }
    schemas = schemas_of(dataset)
    now = max([_now(), *(row.valid_from + TICK for row in known.values())])
    first_rank = time.time_ns() // 1000 + len(changes)
    rows: list[DatasetItem] = []
    for position, change in enumerate(changes):
        old = known.get(change.id)
        if old is not None and not old.is_deleted and old.dataset_id != dataset.pk:
            raise Conflict(
                f"The id {change.id!r} belongs to an item of the dataset {old.dataset.name!r}. "
                "Ids of items are unique within a project: use another id."
            )
        alive = old if old is not None and not old.is_deleted else None
        rows.append(_next(dataset, change, alive, now, first_rank - position, by))
    _validate(schemas, rows)
    fresh = [row for row in rows if row.pk is None]
    DatasetItem.objects.filter(pk__in=[known[row.item_id].pk for row in fresh if row.item_id in known]).update(
        valid_to=now
    )
    DatasetItem.objects.bulk_create(fresh, batch_size=500)
    note_media(dataset.project_id, fresh)
    for row in rows:
        row.dataset = dataset
    return rows


def _next(
    dataset: Dataset, change: ItemChange, old: DatasetItem | None, now: datetime, rank: int, by: Author
) -> DatasetItem:
    """The row that follows `old`: itself when nothing changes."""
    row = DatasetItem(
        project_id=dataset.project_id,
        dataset=dataset,
        item_id=change.id,
        valid_from=now,
        status=_or(change.status, old.status if old else ACTIVE),
        input=_json_or(change.input, old.input if old else None),
        expected_output=_json_or(change.expected_output, old.expected_output if old else None),
        metadata=_json_or(change.metadata, old.metadata if old else None),
        source_trace_id=_or(change.source_trace_id, old.source_trace_id if old else None),
        source_observation_id=_or(change.source_observation_id, old.source_observation_id if old else None),
        rank=old.rank if old else rank,
        created_at=old.created_at if old else now,
        author=by.user,
        api_key=by.api_key,
    )
    return old if old is not None and _same(old, row) else row


def _tell_prompts(project_id: str) -> None:
    """Prompts may show items as examples: what is cached of them is old after the commit."""
    transaction.on_commit(partial(epoch.rotate, project_id), robust=True)


COMPARED = ("status", "input", "expected_output", "metadata", "source_trace_id", "source_observation_id")


def _same(old: DatasetItem, new: DatasetItem) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in COMPARED)


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is KEEP else value


def _json_or(value: Any, otherwise: str | None) -> str | None:
    if value is KEEP:
        return otherwise
    return None if value is None else to_text(value)


def _validate(schemas: Schemas, rows: Sequence[DatasetItem]) -> None:
    if schemas.any:
        alone = len(rows) == 1
        require(
            found
            for row in rows
            for found in schemas.violations(row.input, row.expected_output, "" if alone else row.item_id)
        )


def _held_at(project_id: str, item_id: str, moment: datetime) -> DatasetItem | None:
    if "\0" in item_id:
        return None
    rows = DatasetItem.objects.filter(_holding(moment), project_id=project_id, item_id=item_id, is_deleted=False)
    return rows.select_related("dataset").first()


def _holding(moment: datetime) -> Q:
    return Q(valid_from__lte=moment) & (Q(valid_to=None) | Q(valid_to__gt=moment))


def _now() -> datetime:
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
