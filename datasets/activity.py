"""Experiments by what happened in them: the newest activity first, continued by cursor (api.md, section 6.7).

An experiment is a run, its activity the answers given in it; the time of an answer is when it started.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from django.db.models import Count, Max, Min, Q, QuerySet

from common.errors import Invalid
from datasets.models import DatasetRun, DatasetRunItem
from tracing.filters import Filter

Row = TypeVar("Row")
CURSOR_VERSION = "1"
# Columns of filters, and where they stand.
EXPERIMENT_COLUMNS: Mapping[str, str] = {"id": "run__run_id", "name": "run__name", "datasetId": "run__dataset_id"}
ITEM_COLUMNS: Mapping[str, str] = {
    "experimentId": "run__run_id",
    "experimentName": "run__name",
    "experimentItemId": "item_id",
    "datasetId": "run__dataset_id",
}
_TEXTS: Mapping[str, tuple[str, bool]] = {
    "=": ("exact", True),
    "contains": ("icontains", True),
    "does not contain": ("icontains", False),
    "starts with": ("istartswith", True),
    "ends with": ("iendswith", True),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which answers: started in [since, until), fitting the filters; and where to go on."""

    project_id: str
    since: datetime
    until: datetime | None
    filters: tuple[Filter, ...]
    cursor: str
    limit: int


@dataclass(frozen=True, slots=True)
class Activity:
    """A run with its first and last answer within the range, and how many there were."""

    run: DatasetRun
    first: datetime
    last: datetime
    answers: int


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """Rows, and the cursor of the next page, None at the end."""

    rows: list[Row]
    cursor: str | None


def experiments(asked: Asked) -> Found[Activity]:
    """Runs by their last answer within the range."""
    grouped = (
        _answers(asked, EXPERIMENT_COLUMNS)
        .order_by()
        .values("run_id")
        .annotate(first=Min("created_at"), last=Max("created_at"), answers=Count("pk"))
    )
    if after := _read_cursor(asked.cursor):
        moment, run_key = after
        grouped = grouped.filter(Q(last__lt=moment) | Q(last=moment, run_id__lt=_whole(run_key)))
    found = list(grouped.order_by("-last", "-run_id")[: asked.limit + 1])
    shown = found[: asked.limit]
    runs = DatasetRun.objects.in_bulk([row["run_id"] for row in shown])
    rows = [Activity(runs[row["run_id"]], row["first"], row["last"], row["answers"]) for row in shown]
    more = len(found) > asked.limit
    return Found(rows, _cursor(rows[-1].last, str(rows[-1].run.pk)) if more else None)


def experiment_items(asked: Asked) -> Found[DatasetRunItem]:
    """Answers, newest first, with their runs and the versions of their items."""
    rows = _answers(asked, ITEM_COLUMNS).select_related("run", "version")
    if after := _read_cursor(asked.cursor):
        moment, key = after
        rows = rows.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=key))
    found = list(rows.order_by("-created_at", "-pk")[: asked.limit + 1])
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return Found(shown, _cursor(shown[-1].created_at, shown[-1].pk) if more else None)


def _answers(asked: Asked, columns: Mapping[str, str]) -> QuerySet[DatasetRunItem]:
    rows = DatasetRunItem.objects.filter(project_id=asked.project_id, created_at__gte=asked.since)
    if asked.until:
        rows = rows.filter(created_at__lt=asked.until)
    for position, one in enumerate(asked.filters):
        rows = rows.filter(_condition(one, columns, f"filter[{position}]"))
    return rows


def _condition(one: Filter, columns: Mapping[str, str], place: str) -> Q:
    field = columns.get(one.column)
    if field is None:
        raise Invalid(f"{place}.column must be one of {', '.join(columns)}, not {one.column!r}.", f"{place}.column")
    match one.type, one.operator:
        case "stringOptions", "any of":
            return Q(**{f"{field}__in": one.value})
        case "stringOptions", "none of":
            return ~Q(**{f"{field}__in": one.value})
        case "string", operator if operator in _TEXTS:
            look_up, wanted = _TEXTS[operator]
            told = Q(**{f"{field}__{look_up}": one.value})
            return told if wanted else ~told
        case "null", operator:
            return Q(**{f"{field}__isnull": operator == "is null"})
    raise Invalid(f"{place} must be of type string, stringOptions or null.", f"{place}.type")


def _cursor(moment: datetime, key: str) -> str:
    text = json.dumps([CURSOR_VERSION, moment.isoformat(), key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, str] | None:
    if not text:
        return None
    refusal = Invalid("cursor is not one that an earlier page gave.", "cursor")
    try:
        padded = text + "=" * (-len(text) % 4)
        version, moment, key = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[str, datetime, str])
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    if version != CURSOR_VERSION or "\0" in key or moment.tzinfo is None:
        raise refusal
    return moment, key


def _whole(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Invalid("cursor is not one that an earlier page gave.", "cursor")
    return int(key)
