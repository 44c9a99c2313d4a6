"""Opaque cursors of lists that go newest first: `?limit=&cursor=` and `{data, meta: {cursor?}}` (api.md, section 1)."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import whole
from common.errors import Invalid

MAX_LIMIT = 100
Row = TypeVar("Row", bound=Model)
Kind = TypeVar("Kind")


def by_creation(request: Request, rows: QuerySet[Row], shapes: Callable[[list[Row]], list[dict[str, Any]]]) -> Response:
    """A page of rows that have `created_at` and an id of text."""
    if after := _read(request, tuple[int, datetime, str]):
        _version, moment, key = after
        if "\0" in key or moment.tzinfo is None:
            raise _refusal()
        rows = rows.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=key))
    rows = rows.order_by("-created_at", "-pk")
    return _answer(request, rows, shapes, lambda row: (1, row.created_at.isoformat(), row.pk))  # type: ignore[attr-defined]


def by_version(request: Request, rows: QuerySet[Row], shapes: Callable[[list[Row]], list[dict[str, Any]]]) -> Response:
    """A page of rows that have a `version`."""
    if after := _read(request, tuple[int, int]):
        rows = rows.filter(version__lt=min(after[1], 2**31 - 1))
    return _answer(request, rows.order_by("-version"), shapes, lambda row: (1, row.version))  # type: ignore[attr-defined]


def _answer(
    request: Request,
    rows: QuerySet[Row],
    shapes: Callable[[list[Row]], list[dict[str, Any]]],
    position: Callable[[Row], tuple[Any, ...]],
) -> Response:
    limit = whole(request.query_params, "limit", 50, 1, MAX_LIMIT)
    found = list(rows[: limit + 1])
    page = found[:limit]
    meta = {"cursor": _write(position(page[-1]))} if len(found) > limit else {}
    return Response({"data": shapes(page), "meta": meta})


def _write(position: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def _read(request: Request, shape: type[Kind]) -> Kind | None:
    text = request.query_params.get("cursor", "")
    if not text:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=shape)
    except (ValueError, binascii.Error) as error:
        raise _refusal() from error


def _refusal() -> Invalid:
    return Invalid("cursor is not one that an earlier page gave.", "cursor")
