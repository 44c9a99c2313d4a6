"""Contents to which nobody refers any more go, with their bytes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby, islice
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from tracing.media_files import files
from tracing.models.media import Media, MediaUse
from tracing.store import store
from tracing.store.base import Cursor, TraceQuery

Value = TypeVar("Value")
BATCH = 500
# A client sends its media beside its traces, and either may come first: what is younger is not looked for.
GRACE = timedelta(days=1)


def forget_traces(project_id: str, trace_ids: Collection[str]) -> None:
    """The traces are gone: so are their uses, and contents that were theirs alone."""
    for ids in _batches(trace_ids):
        uses = MediaUse.objects.filter(media__project_id=project_id, trace_id__in=ids)
        keys = set(uses.values_list("media_id", flat=True))
        if keys:
            uses.delete()
            _drop_unused(sorted(keys))


def forget_project(project_id: str) -> None:
    """All contents of a project that is being deleted."""
    while keys := list(Media.objects.filter(project_id=project_id).values_list("pk", flat=True)[:BATCH]):
        files().delete(keys)
        Media.objects.filter(pk__in=keys).delete()


def sweep() -> None:
    """End the uses by traces that are no longer there (retention, say). May be repeated at any time."""
    uses = MediaUse.objects.filter(created_at__lt=timezone.now() - GRACE).exclude(trace_id="").order_by("created_at")
    rows = uses.values_list("media__project_id", "trace_id").iterator(chunk_size=BATCH)
    for batch in _batches(rows):
        for project_id, pairs in groupby(sorted(set(batch)), key=lambda pair: pair[0]):
            asked = {trace_id for _, trace_id in pairs}
            forget_traces(project_id, asked - existing_traces(project_id, asked))


def existing_traces(project_id: str, trace_ids: Collection[str]) -> set[str]:
    """Those of at most `BATCH` traces that are there."""
    query = TraceQuery(project_id=project_id, ids=tuple(trace_ids), window=Cursor(limit=BATCH))
    return {trace.id for trace in store().traces(query).rows}


def _drop_unused(keys: Sequence[str]) -> None:
    """Bytes first: if that fails all stays, and the next sweep tries again."""
    with transaction.atomic():
        locked = set(Media.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))
        locked -= set(MediaUse.objects.filter(media_id__in=locked).values_list("media_id", flat=True))
        if locked:
            files().delete(sorted(locked))
            Media.objects.filter(pk__in=locked).delete()


def _batches(values: Iterable[Value]) -> Iterator[tuple[Value, ...]]:
    left = iter(values)
    while batch := tuple(islice(left, BATCH)):
        yield batch
