"""Putting many things into a queue at once: chosen rows of a list, all that a filter matches, the answers of runs.

A rule calls `put` as well. What stands in the queue already is not put there again, so that repeating it is harmless.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Invalid
from datasets.models import DatasetRunItem
from datasets.runs import run_by_id
from evaluation import queues
from evaluation.models import ObjectType, QueueItem
from evaluation.models.annotation import OBJECT_ID
from evaluation.overlap import wanted_at
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, Page, SessionQuery, TraceQuery

Kind = Literal["traces", "observations", "sessions"]
KINDS: dict[str, str] = {
    "traces": ObjectType.TRACE,
    "observations": ObjectType.OBSERVATION,
    "sessions": ObjectType.SESSION,
}
# As many as people will ever judge by hand, and as many as are read while one waits.
MOST = 5000
CHUNK = 500


class Named(NamedTuple):
    """A thing to judge."""

    object_type: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Put:
    """What came of it: how many were put into the queue, and how many stood there already."""

    added: int
    there: int


def put(project_id: str, queue_id: str, things: Sequence[Named], author: Author) -> Put:
    """Put things into a queue, in their order. Raises NotFound for a strange queue, Invalid for a faulty id."""
    queue = queues.own(project_id, queue_id)
    wanted = list(dict.fromkeys(things))
    if len(wanted) > MOST:
        raise Invalid(_("Put at most %(most)s things into a queue at once, or take a sample.") % {"most": MOST}, "id")
    for thing in wanted:
        if thing.object_type not in ObjectType.values or not 1 <= len(thing.object_id) <= OBJECT_ID:
            raise Invalid(f"objectId must have 1 to {OBJECT_ID} characters.", "objectId")
    wanted = [thing for thing in wanted if not {"\0", "\r"} & set(thing.object_id)]
    with transaction.atomic():
        place = queues.next_place(queue)
        there = _there(queue.pk, wanted)
        fresh = [thing for thing in wanted if thing not in there]
        now = timezone.now()
        QueueItem.objects.bulk_create(
            [
                QueueItem(
                    queue=queue,
                    object_type=thing.object_type,
                    object_id=thing.object_id,
                    place=place + offset,
                    wanted=wanted_at(queue, place + offset),
                    created_at=now + timedelta(microseconds=offset),
                )
                for offset, thing in enumerate(fresh)
            ],
            batch_size=CHUNK,
        )
        if fresh:
            author.record("fill", "annotation_queue", queue.pk, project=project_id, after={"items": len(fresh)})
    return Put(len(fresh), len(wanted) - len(fresh))


def matching(
    project_id: str, kind: Kind, filters: Sequence[Filter], search: str = "", *, texts: bool = False
) -> list[Named]:
    """All rows of a list, oldest first. Raises Invalid for more than MOST."""
    found = [Named(KINDS[kind], row_id) for row_id in _ids(project_id, kind, tuple(filters), search, texts)]
    if len(found) > MOST:
        raise Invalid(_("More than %(most)s match. Narrow the filter.") % {"most": MOST}, "filter")
    return found


def answers_of(project_id: str, run_ids: Sequence[str]) -> list[Named]:
    """The answers of runs: what each run item names. Raises NotFound for a strange run, Invalid for too many."""
    runs = [run_by_id(project_id, run_id) for run_id in dict.fromkeys(run_ids)]
    links = DatasetRunItem.objects.filter(project_id=project_id, run__in=runs).order_by("created_at", "pk")
    rows = list(links.values_list("trace_id", "observation_id")[: MOST + 1])
    if len(rows) > MOST:
        raise Invalid(_("These runs have more than %(most)s answers. Take fewer runs.") % {"most": MOST}, "run")
    return [
        Named(ObjectType.OBSERVATION, observation_id) if observation_id else Named(ObjectType.TRACE, trace_id)
        for trace_id, observation_id in rows
    ]


def sample(things: Sequence[Named], n: int | None, seed: int) -> list[Named]:
    """`n` of the things by chance (None: all of them), in an order by chance; the same for the same seed.

    So nobody judges one run, or one day, after the other.
    """
    unique = list(dict.fromkeys(things))
    chance = random.Random(seed)  # noqa: S311 (a sample, no secret)
    return chance.sample(unique, len(unique) if n is None else min(n, len(unique)))


def _there(queue_id: str, things: Sequence[Named]) -> set[Named]:
    ids = {thing.object_id for thing in things}
    rows = QueueItem.objects.filter(queue_id=queue_id, object_id__in=ids).values_list("object_type", "object_id")
    return {Named(*row) for row in rows}


def _ids(project_id: str, kind: Kind, filters: tuple[Filter, ...], search: str, texts: bool) -> Iterator[str]:
    after: str | None = ""
    read = 0
    page: Page[Any]
    while after is not None and read <= MOST:
        window = Cursor(after, CHUNK)
        if kind == "traces":
            page = store().traces(
                TraceQuery(
                    project_id=project_id,
                    filters=filters,
                    search=search,
                    search_bodies=texts,
                    order=("timestamp", "asc"),
                    window=window,
                )
            )
        elif kind == "observations":
            page = store().observations(
                ObservationQuery(
                    project_id=project_id,
                    filters=filters,
                    search=search,
                    search_bodies=texts,
                    order=("startTime", "asc"),
                    window=window,
                    with_texts=False,
                )
            )
        else:
            page = store().sessions(
                SessionQuery(
                    project_id=project_id, filters=filters, search=search, order=("createdAt", "asc"), window=window
                )
            )
        yield from (row.id for row in page.rows)
        read += len(page.rows)
        after = page.next_cursor
