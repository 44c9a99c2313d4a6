"""Copying measured rows to the bucket that a project's export names (`tracing.blob_storage`), window by window.

A beat task looks for exports that are due. One of them goes from the end of its last window to 20 minutes ago, so that
rows still on their way are in; each window becomes files of their own and is noted when it is there wholly, so that a
crash or a bucket out of reach costs one window's repetition. A row belongs to the window of its own time: one that
comes with an older time than the last exported window is not exported any more.
"""

import csv
import gzip
import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import orjson
from django.db.models import Q
from django.utils import timezone

from common.api.rendering import dumps, moment
from common.crypto import Unreadable
from common.errors import DomainError
from tracing.blob_storage import FREQUENCIES, bucket_of
from tracing.filters import Filter
from tracing.models.exports import BlobStorageIntegration
from tracing.store import store
from tracing.store.base import Cursor, ObservationQuery, Page, ScoreQuery, TraceQuery

log = logging.getLogger("promptlab.export")
LAG = timedelta(minutes=20)
LONGEST_WINDOW = timedelta(days=1)
# An export that has not moved for so long was killed; another worker may take it up.
DEAD = timedelta(hours=1)
# A file is written when it holds so many rows, or texts of so many characters.
AT_ONCE, ROWS_OF_A_FILE, TEXT_OF_A_FILE = 200, 10_000, 32_000_000
MAX_ERROR = 2000
JSON_TEXTS = ("input", "output", "metadata", "model_parameters")
LEFT_OUT = frozenset({"input_preview", "output_preview", "observation_ids", "score_ids"})
# Which columns of an observation belong to which field group (contract's BlobStorageExportFieldGroup).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "core": ("id", "trace_id", "project_id", "start_time", "end_time", "parent_observation_id", "type"),
    "basic": ("name", "level", "status_message", "version", "environment"),
    "time": ("completion_start_time", "created_at", "updated_at"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("model", "model_id", "model_parameters"),
    "usage": ("usage_details", "cost_details", "provided_usage_details", "provided_cost_details", "total_cost"),
    "prompt": ("prompt_id", "prompt_name", "prompt_version"),
    "metrics": ("latency", "time_to_first_token"),
    "tools": (),
    "trace_context": ("trace_name", "user_id", "session_id", "tags", "release"),
}
Row = dict[str, Any]
Read = Callable[[Cursor], Page[Any]]
Order = tuple[str, Literal["asc", "desc"]]


def run_due() -> None:
    """Export what is due; one export is done by one worker at a time."""
    now = timezone.now()
    due = BlobStorageIntegration.objects.filter(
        Q(running_since=None) | Q(running_since__lt=now - DEAD),
        enabled=True,
        next_sync_at__lte=now,
        project__deleted_at=None,
    )
    for key in list(due.values_list("pk", flat=True)):
        if due.filter(pk=key).update(running_since=timezone.now()):
            export(BlobStorageIntegration.objects.get(pk=key))


def export(integration: BlobStorageIntegration) -> None:
    """Copy all windows that are complete; what went wrong is noted in the settings."""
    rows = BlobStorageIntegration.objects.filter(pk=integration.pk)
    pause = FREQUENCIES[integration.export_frequency]
    ended: dict[str, Any] = {"running_since": None, "next_sync_at": timezone.now() + pause}
    try:
        for since, until in _windows(integration, min(pause, LONGEST_WINDOW)):
            _copy(integration, since, until)
            # Noted at once; and whoever changes the export or switches it off stops it here, and says when it is due.
            going_on = rows.filter(enabled=True, updated_at=integration.updated_at)
            if not going_on.update(last_sync_at=until, running_since=timezone.now()):
                rows.update(running_since=None)
                return
        ended |= {"last_error": None, "last_error_at": None}
    except (Unreadable, DomainError) as error:
        log.warning("The export %s failed: %s", integration.pk, error)
        ended |= {"last_error": str(error)[:MAX_ERROR], "last_error_at": timezone.now()}
    rows.update(**ended)


def _windows(integration: BlobStorageIntegration, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    end = timezone.now() - LAG
    since = integration.last_sync_at or _beginning(integration, end)
    while since < end:
        until = min(since + length, end)
        yield since, until
        since = until


def _beginning(integration: BlobStorageIntegration, end: datetime) -> datetime:
    if integration.export_mode == "FROM_CUSTOM_DATE" and integration.export_start_date:
        return integration.export_start_date
    if integration.export_mode == "FROM_TODAY":
        return integration.created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    first = Cursor(limit=1)
    project_id = integration.project_id
    found = [
        *(row.timestamp for row in _traces(project_id, (), first).rows),
        *(row.start_time for row in _observations(project_id, (), first).rows),
        *(row.timestamp for row in _scores(project_id, (), first).rows),
    ]
    return min(found, default=end)


def _copy(integration: BlobStorageIntegration, since: datetime, until: datetime) -> None:
    bucket = bucket_of(integration)
    project_id = integration.project_id
    groups = integration.export_field_groups or list(COLUMNS)
    for table, read, column, spell in (
        ("traces", _traces, "timestamp", _row),
        ("observations", _observations, "startTime", partial(_observation, groups)),
        ("scores", _scores, "timestamp", _row),
    ):
        if table == "traces" and integration.export_source == "OBSERVATIONS_V2":
            continue
        filters = (Filter("datetime", column, ">=", since), Filter("datetime", column, "<", until))
        for part, rows in enumerate(_files(partial(read, project_id, filters))):
            ending, content_type, data = _written(integration, [spell(row) for row in rows])
            span = f"{since:%Y-%m-%dT%H-%M-%SZ}_{until:%Y-%m-%dT%H-%M-%SZ}"
            bucket.put(f"{project_id}/{table}/{span}-{part:04d}.{ending}", content_type, data)


def _files(read: Read) -> Iterator[list[Any]]:
    """The rows of a window in portions of one file each."""
    rows: list[Any] = []
    size = 0
    after: str | None = ""
    while after is not None:
        page = read(Cursor(after=after, limit=AT_ONCE))
        rows += page.rows
        size += sum(len(getattr(row, name, None) or "") for row in page.rows for name in JSON_TEXTS)
        after = page.next_cursor
        if rows and (after is None or len(rows) >= ROWS_OF_A_FILE or size >= TEXT_OF_A_FILE):
            yield rows
            rows, size = [], 0


def _traces(project_id: str, filters: tuple[Filter, ...], window: Cursor) -> Page[Any]:
    order: Order = ("timestamp", "asc")
    query = TraceQuery(project_id=project_id, filters=filters, order=order, window=window, with_bodies=True)
    return store().traces(query)


def _observations(project_id: str, filters: tuple[Filter, ...], window: Cursor) -> Page[Any]:
    query = ObservationQuery(
        project_id=project_id,
        filters=filters,
        order=("startTime", "asc"),
        window=window,
        with_bodies=True,
        with_trace=True,
    )
    return store().observations(query)


def _scores(project_id: str, filters: tuple[Filter, ...], window: Cursor) -> Page[Any]:
    order: Order = ("timestamp", "asc")
    return store().scores(ScoreQuery(project_id=project_id, filters=filters, order=order, window=window))


def _row(record: Any) -> Row:
    return {name: value for name, value in asdict(record).items() if name not in LEFT_OUT}


def _observation(groups: Sequence[str], record: Any) -> Row:
    return {name: getattr(record, name) for group in COLUMNS if group in groups for name in COLUMNS[group]}


def _written(integration: BlobStorageIntegration, rows: Sequence[Row]) -> tuple[str, str, bytes]:
    """The ending of the file's name, its content type, its bytes."""
    match integration.file_type:
        case "CSV":
            ending, content_type, data = "csv", "text/csv", _csv(rows)
        case "JSON":
            ending, content_type, data = "json", "application/json", b"[" + b",\n".join(map(_json, rows)) + b"]\n"
        case _:
            ending, content_type = "jsonl", "application/x-ndjson"
            data = b"".join(_json(row) + b"\n" for row in rows)
    if integration.compressed:
        return f"{ending}.gz", "application/gzip", gzip.compress(data, 6)
    return ending, content_type, data


def _json(row: Row) -> bytes:
    return dumps(
        {
            name: orjson.Fragment(value) if name in JSON_TEXTS and isinstance(value, str) else value
            for name, value in row.items()
        }
    )


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return dumps(value).decode() if isinstance(value, (dict, list, tuple)) else value
